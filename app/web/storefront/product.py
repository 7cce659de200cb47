"""A product's own page; also where a wish that cannot be met is told why."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, g

from app.domain.catalog import shelves
from app.web.rich_text import rich_text
from app.web.storefront import page_data as data
from app.web.storefront.cards import card, promise_of, region, stock_of, was
from app.web.storefront.page_cache import Shown, same_for_everyone
from app.web.storefront.pages import in_language
from app.web.storefront.steps import steps

RELATED = 4


@same_for_everyone
def product(slug: str) -> Shown:
    return "storefront/product.html", {"page": product_page(slug)}


def product_page(
    slug: str, *, chosen: int | None = None, quantity: int = 1, told: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None, problem: str = "",
) -> data.ProductPage:  # fmt: skip
    """Everything the page shows; what a visitor has chosen and typed comes back where it was."""
    rows = shelves.product(g.tenant.id, slug)
    if not rows:
        abort(404)
    first = rows[0]
    skus = tuple(_choice(row) for row in rows)
    wanted = [sku for sku in skus if sku.id == chosen] or [sku for sku in skus if sku.stock != data.Stock.OUT]
    return data.ProductPage(
        slug=slug,
        name=in_language(first.name, first.name_en),
        brand=in_language(first.brand, first.brand_en),
        skus=skus,
        chosen=(wanted or skus)[0],
        picture=first.picture,
        summary=in_language(first.summary, first.summary_en),
        description=rich_text(in_language(first.description, first.description_en)),
        category=data.Category(
            first.category_slug, in_language(first.category_name, first.category_name_en), 0
        ),
        steps=steps(in_language(first.redemption, first.redemption_en)),
        region=region(first.region),
        validity=in_language(first.validity, first.validity_en),
        fields=fields_of(rows, told or {}, errors or {}),
        quantity=quantity,
        problem=problem,
        related=_related(first),
    )


def _choice(row: Any) -> data.SkuChoice:
    stock = stock_of(row.available)
    return data.SkuChoice(
        id=row.listing_id,
        name=in_language(row.sku_name, row.sku_name_en),
        price_minor=row.price_minor,
        stock=stock,
        promise=promise_of(row.delivery_kind),
        most=min(row.max_per_order, row.available) if stock == data.Stock.LOW else row.max_per_order,
        left=row.available if stock == data.Stock.LOW else None,
        was_minor=was(row.face_value_minor if row.face_currency == row.currency else None, row.price_minor),
    )


def fields_of(
    rows: Sequence[Any], told: Mapping[str, str], errors: Mapping[str, str]
) -> tuple[data.BuyerField, ...]:
    """What the choices ask for, each field once, with the choices that ask for it."""
    asked: dict[str, list[int]] = {}
    shapes: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        for field in row.buyer_fields:
            shapes.setdefault(str(field["name"]), field)
            asked.setdefault(str(field["name"]), []).append(row.listing_id)
    everywhere = [row.listing_id for row in rows]
    return tuple(
        _field(name, shape, () if asked[name] == everywhere else tuple(asked[name]), told, errors)
        for name, shape in shapes.items()
    )


def _field(
    name: str,
    shape: Mapping[str, Any],
    skus: tuple[int, ...],
    told: Mapping[str, str],
    errors: Mapping[str, str],
) -> data.BuyerField:
    def words(key: str) -> str:
        return in_language(str(shape.get(key) or ""), str(shape.get(f"{key}_en") or ""))

    return data.BuyerField(
        name=name,
        label=words("label") or name,
        input=_input(name, str(shape.get("input") or "")),
        pattern=str(shape.get("pattern") or ""),
        hint=words("hint"),
        example=str(shape.get("example") or ""),
        options=tuple((str(value), str(label)) for value, label in shape.get("options") or ()),
        required=bool(shape.get("required", True)),
        skus=skus,
        value=told.get(name, ""),
        error=errors.get(name, ""),
    )


def _input(name: str, wanted: str) -> str:
    if wanted in {"text", "tel", "email", "number"}:
        return wanted
    return {"mobile": "tel", "phone": "tel", "email": "email"}.get(name, "text")


def _related(first: Any) -> tuple[data.GoodCard, ...]:
    return tuple(card(row) for row in shelves.related(g.tenant.id, first.product_id, RELATED))

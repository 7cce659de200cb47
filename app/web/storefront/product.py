"""A product's own page; also where a wish that cannot be met is told why."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, g

from app.domain.catalog import shelves
from app.web.rich_text import rich_text
from app.web.storefront import choices
from app.web.storefront import page_data as data
from app.web.storefront.cards import card, region
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
    related = shelves.related(g.tenant.id, first.product_id, RELATED)
    window = choices.look(rows, related)
    skus = tuple(choices.choice(row, window) for row in rows)
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
        related=tuple(card(row, window) for row in related),
        together=choices.together(rows, window),
        share=any(row.kind == "referral" for row in window.on.values()),
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

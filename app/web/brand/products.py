"""Products and Skus: made, described, priced, pictured."""

import re
from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.catalog import goods as catalog
from app.domain.catalog.models import DELIVERY_KINDS, ISSUE_ORDERS, Product, Sku
from app.domain.catalog.pictures import redrawn
from app.domain.distributors.rules import proposed_slug
from app.flows import goods as keeping
from app.flows.floors import overtaken_by_base
from app.foundation import ids, media, money
from app.foundation.errors import NotFound, ProductError
from app.web.brand import brand
from app.web.brand.buyer_fields import rows_of, rows_shown, typed_buyer_fields
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import ISSUE_ORDERS as ISSUE_WORDS
from app.web.console.names import KINDS, PRODUCT_STATES, named, options
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from app.web.rich_text import rich_text

CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY")
LONG = ("description", "description_en", "redemption", "redemption_en")
SHORT = {"name_en": 80, "summary": 120, "summary_en": 160, "region": 20, "validity": 60, "validity_en": 80}


@brand.get("/products")
def products() -> Any:
    listing = Listing(
        name="products",
        usual="-created",
        searches=_("Name, tag or Sku"),
        columns=(
            Col("name", _("Product"), sort=True),
            Col("name_en", _("English name"), shown=False),
            Col("category", _("Category")),
            Col("skus", _("Skus"), sort=True, figures=True),
            Col("price", _("Suggested from"), sort=True, money=True),
            Col("state", _("State")),
            Col("created", _("Made"), sort=True),
        ),
        filters=(
            ("status", _("State"), options(PRODUCT_STATES)),
            ("category", _("Category"), [(one.slug, named(one)) for one in catalog.categories()]),
        ),
        empty=_("No product yet. Make the first one and give it something to sell."),
    )
    return answer(listing, catalog.products_page, _row, "brand/products.html")


def _row(found: Any) -> dict[str, Any]:
    product, category, skus, cheapest, currency = found
    state, tone = PRODUCT_STATES[product.status]
    return {
        "id": product.id,
        "name": named(product),
        "name_en": product.name_en,
        "category": named(category),
        "skus": skus,
        "price": cheapest,
        "currency": currency or "CNY",
        "state": str(state),
        "tone": tone,
        "created": product.created_at,
        "picture": product.picture,
    }


@brand.route("/products/new", methods=["GET", "POST"])
@needs("sell")
def new_product() -> Any:
    return _product_form(None, {"region": "CN"})


@brand.route("/products/<int:product_id>", methods=["GET", "POST"])
def product(product_id: int) -> Any:
    found = _product(product_id)
    kept = {name: getattr(found, name) for name in (*SHORT, *LONG, "name", "category_id")}
    return _product_form(found, {**kept, "tags": "，".join(map(str, found.tags))})


def _product_form(found: Product | None, start: dict[str, Any]) -> Any:
    form = Typed(start)
    categories = catalog.categories()
    if request.method == "POST" and g.seat.may("sell"):
        values = _typed_product(form, {str(category.id) for category in categories})
        if found is None:
            values["slug"] = (
                proposed_slug(values["name_en"] or values["name"]) or f"p-{ids.random_signs(8).lower()}"
            )
        if form.ok:
            try:
                product_id = keeping.save_product(found.id if found else None, values, actor=actor())
                flash(_("Saved."), "success")
                return back("brand.product", product_id=product_id)
            except ProductError as error:
                form.blame(error, otherwise="name")
    skus = catalog.skus_of(found.id) if found else []
    page = render_template(
        "brand/product.html",
        product=found,
        form=form,
        categories=categories,
        skus=skus,
        kinds=KINDS,
        named=named,
        states=PRODUCT_STATES,
        shown=rich_text(str(form["description"])),
        steps=rich_text(str(form["redemption"])),
    )
    return page, 422 if form.errors else 200


def _typed_product(form: Typed, categories: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {"name": form.text("name", most=60)}
    values |= {name: form.text(name, most=most, required=False) for name, most in SHORT.items()}
    values |= {name: form.text(name, most=8000, required=False) for name in LONG}
    chosen = form.choice("category_id", categories)
    values["category_id"] = int(chosen) if chosen in categories else 0
    tags = [tag.strip() for tag in re.split(r"[,，、;；\n]", form.text("tags", most=200, required=False))]
    values["tags"] = list(dict.fromkeys(tag for tag in tags if tag))[:12]
    return values


@brand.post("/products/<int:product_id>/picture")
@needs("sell")
def picture(product_id: int) -> Any:
    """A picture, drawn anew by us before anybody sees it."""
    _product(product_id)
    file = request.files.get("picture")
    try:
        address = (
            None
            if request.form.get("do") == "remove" or not file
            else media.keep(redrawn(file.read()), "webp")
        )
        keeping.set_picture(product_id, address, actor=actor())
        flash(_("Saved."), "success")
    except ProductError as error:
        tell(error)
    return back("brand.product", product_id=product_id)


@brand.post("/products/<int:product_id>/status")
@needs("sell")
def set_status(product_id: int) -> Any:
    _product(product_id)
    status = request.form.get("status", "")
    if status in PRODUCT_STATES:
        try:
            keeping.set_status(product_id, status, actor=actor())
            flash(_("Saved."), "success")
        except ProductError as error:
            tell(error)
    return back("brand.product", product_id=product_id)


@brand.route("/products/<int:product_id>/skus/new", methods=["GET", "POST"])
@needs("sell")
def new_sku(product_id: int) -> Any:
    start = {
        "delivery_kind": "code",
        "currency": "CNY",
        "issue_order": "oldest",
        "low_stock_at": 10,
        "max_per_order": 10,
        "status": "active",
    }
    return _sku_form(_product(product_id), None, start)


@brand.route("/products/<int:product_id>/skus/<int:sku_id>", methods=["GET", "POST"])
def sku(product_id: int, sku_id: int) -> Any:
    found = catalog.sku(sku_id)
    if found is None or found.product_id != product_id:
        raise NotFound(what="sku")
    names = (
        "name",
        "name_en",
        "delivery_kind",
        "currency",
        "issue_order",
        "low_stock_at",
        "max_per_order",
        "status",
        "supplier_product",
        "face_currency",
    )
    start = {name: getattr(found, name) for name in names}
    for name, minor in (
        ("suggested", found.suggested_minor),
        ("floor", found.floor_minor),
        ("supply", found.supply_price_minor),
    ):
        start[name] = money.Money(minor, found.currency).decimal()
    if found.face_value_minor is not None:
        start["face_value"] = money.Money(
            found.face_value_minor, found.face_currency or found.currency
        ).decimal()
    start["unlimited"] = "1" if found.unlimited else ""
    return _sku_form(_product(product_id), found, start | rows_of(found.buyer_fields))


def _sku_form(product: Product, found: Sku | None, start: dict[str, Any]) -> Any:
    form = Typed(start)
    lifts = None
    if request.method == "POST" and g.seat.may("sell"):
        values = _typed_sku(form, found)
        if (
            form.ok
            and found is not None
            and values["floor_minor"] > found.floor_minor
            and not form.flag("lift")
        ):
            lifts = overtaken_by_base(found, values["floor_minor"]) or None
        if form.ok and lifts is None:
            try:
                _sku_id, lifted = keeping.save_sku(
                    product.id, found.id if found else None, values, actor=actor()
                )
                flash(_("Saved."), "success")
                if lifted:
                    flash(
                        ngettext(
                            "%(num)d shop price was lifted to the new floor.",
                            "%(num)d shop prices were lifted to the new floor.",
                            lifted,
                        ),
                        "info",
                    )
                return back("brand.product", product_id=product.id)
            except ProductError as error:
                form.blame(error, otherwise="name")
    page = render_template(
        "brand/sku.html",
        product=product,
        sku=found,
        form=form,
        kinds=options(KINDS),
        issue_orders=options(ISSUE_WORDS),
        currencies=[(one, one) for one in CURRENCIES],
        rows=rows_shown(form),
        lifts=lifts,
        named=named,
    )
    return page, 422 if form.errors else 200


def _typed_sku(form: Typed, found: Sku | None) -> dict[str, Any]:
    currency = found.currency if found else form.choice("currency", CURRENCIES)
    currency = currency if currency in CURRENCIES else "CNY"
    kind = found.delivery_kind if found else form.choice("delivery_kind", DELIVERY_KINDS)
    values: dict[str, Any] = {
        "name": form.text("name", most=40),
        "name_en": form.text("name_en", most=60, required=False),
        "currency": currency,
        "delivery_kind": kind,
        "suggested_minor": form.money("suggested", currency),
        "floor_minor": form.money("floor", currency),
        "supply_price_minor": form.money("supply", currency),
        "issue_order": form.choice("issue_order", ISSUE_ORDERS),
        "status": "paused" if form.flag("paused") else "active",
        "low_stock_at": form.whole("low_stock_at", least=0, most=1_000_000),
        "max_per_order": form.whole("max_per_order", least=1, most=1000),
        "unlimited": form.flag("unlimited") and kind in {"reusable", "topup", "manual"},
        "supplier_product": form.text("supplier_product", required=False, most=80) or None,
        "buyer_fields": typed_buyer_fields(form),
    }
    face_currency = form.text("face_currency", required=False, most=3).upper() or currency
    values["face_value_minor"] = form.money("face_value", face_currency, required=False)
    values["face_currency"] = face_currency if values["face_value_minor"] is not None else None
    return values


def _product(product_id: int) -> Product:
    found = catalog.product(product_id)
    if found is None:
        raise NotFound(what="product")
    return found

"""A brand's own promotions for chosen shops, and the platform's: filled in, seen listing by listing, published."""

from typing import Any

from flask import Blueprint, flash, g, render_template, request, url_for
from flask_babel import gettext as _

from app.domain.pricing.touched import MOST, Touched, touched
from app.domain.promotions import lists
from app.domain.promotions import switch_queries as queries
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.flows import own_flash
from app.flows import promotions as making
from app.flows.promotions import Design
from app.foundation.errors import NotFound, ProductError
from app.web.console import own_referrals, own_sales
from app.web.console.desk import back
from app.web.console.names import named
from app.web.console.persons import actor, needs
from app.web.console.promotion_form import (
    Choices,
    PromotionForm,
    fields_of,
    known_emails,
    start_of,
    typed_design,
)
from app.web.console.promotion_words import DESIGNED, ICONS, KIND_HINTS, KINDS, gives
from app.web.console.refusal import tell

KIND = (
    "<any(timed_price, quantity_tiers, bundle_price, threshold_coupon, fixed_coupon, percentage_coupon):kind>"
)
ENDS = {"flash_price": own_flash.end}
"""Kinds that end in each of their shops, beside the promotion itself."""
DOES = {"pause": making.pause, "go_on": making.go_on, "end": making.end}


def hang_under(blueprint: Blueprint) -> None:
    """Add the pages to a console of a brand or the platform."""
    guard, both = needs("manage"), ["GET", "POST"]
    add = blueprint.add_url_rule
    add("/promotions/new", "new_own_promotion", guard(new_own_promotion))
    add(f"/promotions/new/{KIND}", "design_own_promotion", guard(design_own_promotion), methods=both)
    add("/promotions/<int:promotion_id>/edit", "edit_own_promotion", guard(edit_own_promotion), methods=both)
    add(
        "/promotions/<int:promotion_id>/state",
        "own_promotion_state",
        guard(own_promotion_state),
        methods=["POST"],
    )
    own_sales.hang_under(blueprint)
    own_referrals.hang_under(blueprint)


def _owner() -> Owner:
    return Owner("brand", g.seat.brand_id) if g.seat.kind == "brand" else Owner("platform")


def _own(promotion_id: int) -> StoredPromotion:
    row = lists.own(_owner(), promotion_id)
    if row is None:
        raise NotFound(what="promotion")
    return row


def new_own_promotion() -> Any:
    """Which kind, in which currency."""
    currencies = sorted({row[3] for row in queries.shops()} or {"CNY"}, key=lambda one: (one != "CNY", one))
    chosen = request.args.get("currency", "")
    chosen = chosen if chosen in currencies else currencies[0]
    cards = [
        (
            KINDS[kind],
            KIND_HINTS[kind],
            ICONS[kind],
            url_for(".design_own_promotion", kind=kind, currency=chosen),
        )
        for kind in DESIGNED
    ]
    cards += [*own_sales.cards(chosen), own_referrals.card(chosen)]
    return render_template(
        "console/own_promotion_new.html", cards=cards, currencies=currencies, chosen=chosen
    )


def design_own_promotion(kind: str) -> Any:
    currency = request.values.get("currency", "CNY")
    goods = _choices(currency)
    if not goods.shops:
        flash(_("No shop sells in %(currency)s yet.", currency=currency[:3]), "warning")
        return back(f"{g.seat.kind}.new_own_promotion")
    return _answer(PromotionForm(start_of(kind, currency)), kind, goods)


def edit_own_promotion(promotion_id: int) -> Any:
    """A draft as a whole; of one that was published its words, its end and its limits."""
    row = _own(promotion_id)
    if row.status == "ended" or row.kind not in DESIGNED:
        raise NotFound(what="promotion")
    emails = known_emails(lists.buyers(row.id)) if row.audience == "chosen" else ""
    form = PromotionForm(start_of(row.kind, row.currency, row, emails=emails))
    return _answer(form, row.kind, _choices(row.currency), row)


def own_promotion_state(promotion_id: int) -> Any:
    """Pause it, go on with it, or end it for good."""
    do = request.form.get("do", "")
    row = _own(promotion_id)
    if do not in DOES:
        raise NotFound(what="action")
    story = ENDS.get(row.kind, making.end) if do == "end" else DOES[do]
    try:
        story(_owner(), promotion_id, actor=actor())
        told = {
            "pause": _("Paused. Nobody gets it until it goes on."), "go_on": _("It is on again."),
            "end": _("It has ended."),
        }  # fmt: skip
        flash(told[do], "success")
    except ProductError as error:
        tell(error)
    return back(f"{g.seat.kind}.promotion", promotion_id=promotion_id)


def _answer(form: PromotionForm, kind: str, goods: Choices, row: StoredPromotion | None = None) -> Any:
    do = request.form.get("do", "")
    if not form.sent or do == "edit":
        return _form_page(form, kind, goods, row)
    design = typed_design(form, kind, goods, row=row)
    if design is None:
        return _form_page(form, kind, goods, row)
    try:
        if row is not None and row.status != "draft":
            making.change(_owner(), row.id, design, actor=actor())
            return _done(row.id, _("Saved."))
        if do == "draft":
            return _keep(design, row)
        if do == "publish":
            launched = making.launch(_owner(), design, promotion_id=row.id if row else None, actor=actor())
            return _done(launched.id, _("Published."))
        return _preview(kind, design, row)
    except ProductError as error:
        form.blame(error, otherwise="value")
        return _form_page(form, kind, goods, row)


def _keep(design: Design, row: StoredPromotion | None) -> Any:
    if row is None:
        return _done(making.draft(_owner(), design, actor=actor()), _("Kept as a draft. Nobody sees it yet."))
    making.change(_owner(), row.id, design, actor=actor())
    return _done(row.id, _("Saved."))


def _done(promotion_id: int, words: str) -> Any:
    flash(words, "success")
    return back(f"{g.seat.kind}.promotion", promotion_id=promotion_id)


def _form_page(form: PromotionForm, kind: str, goods: Choices, row: StoredPromotion | None) -> Any:
    fixed = ""
    if row is not None and row.status != "draft":
        fixed = "counted" if row.counted else "uncounted"
    page = render_template(
        "console/own_promotion_form.html", form=form, kind=kind, kind_words=str(KINDS[kind]), choices=goods, row=row,
        kinds=[(key, str(words)) for key, words in KINDS.items()], fixed=fixed, rows=range(6),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _preview(kind: str, design: Design, row: StoredPromotion | None) -> Any:
    """What it would bring each listing to, before anybody sees it."""
    meant = making.unsaved(_owner(), design, key=row.key if row else "")
    rows = touched(meant, at=meant.starts_at)
    return render_template(
        "console/own_promotion_preview.html", meant=meant, kind_words=str(KINDS[kind]),
        rows=[shown(one) for one in rows],
        gives=gives(kind, meant.value, meant.currency), fields=fields_of(), row=row, most=MOST, design=design,
        bites=sum(one.bites for one in rows), shops=len({one.shop.id for one in rows}), here=request.full_path,
    )  # fmt: skip


def shown(one: Touched) -> dict[str, Any]:
    """A touched listing for a table."""
    return {
        "sku_id": one.sku.id, "product": named(one.product), "sku": named(one.sku), "shop": one.shop.name,
        "list": one.listing.price_minor, "wanted": one.wanted_minor, "floor": one.floor_minor,
        "becomes": one.becomes_minor, "bites": one.bites, "exempt": one.exempt, "currency": one.shop.currency,
    }  # fmt: skip


def _choices(currency: str) -> Choices:
    """Goods of that currency and the shops that sell in it."""
    rows = [one for one in queries.goods_to_choose() if one[0].currency == currency]
    categories = {category.id: named(category) for _sku, _product, category in rows}
    products = {product.id: named(product) for _sku, product, _category in rows}
    skus = {sku.id: f"{named(product)} · {named(sku)}" for sku, product, _category in rows}
    shops = [(row[0], f"{row[1]} · {row[2]}") for row in queries.shops() if row[3] == currency]
    return Choices(currency, list(categories.items()), list(products.items()), list(skus.items()), shops)

"""Setting up a promotion: filled in, seen with its consequences on the shop's own prices, and published in one step."""

from collections.abc import Callable
from typing import Any

from flask import flash, g, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.domain.catalog import shelf
from app.domain.commissions.promotion_trial import Tried
from app.domain.promotions import lists
from app.domain.promotions.models import StoredPromotion
from app.domain.referrals import queries as referrals
from app.flows import promotion_trial
from app.flows import promotions as making
from app.flows.promotion_trial import Surroundings
from app.flows.promotions import Design
from app.foundation.errors import NotFound, ProductError
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
from app.web.console.promotion_templates import filled
from app.web.console.promotion_words import DESIGNED, KINDS, WHY, gives, titled
from app.web.console.refusal import tell
from app.web.console.switched_off import off_for
from app.web.distributor import distributor
from app.web.distributor.promotions import own, owner

ROWS = 25
MOST_PROMOTERS = 200
"""Offered while somebody types; any other is found by e-mail or code all the same."""


def _page_of(kind: str) -> Callable[[str], Any]:
    @needs("sell")
    def page(slug: str) -> Any:  # noqa: ARG001 - open_shop_scope has read it
        return _new(kind)

    return page


for _kind in DESIGNED:  # each kind has an address of its own: nothing in it is anybody's id
    distributor.add_url_rule(
        f"/shops/<slug>/promotions/new/{_kind}", f"new_{_kind}", _page_of(_kind), methods=["GET", "POST"]
    )


def _new(kind: str) -> Any:
    """A new promotion, empty, from a template, or as a copy of another one of the shop's."""
    start = start_of(kind, g.shop.currency, **filled(request.args.get("template", ""), kind, g.shop.currency))
    copied = request.args.get("copy", "")
    if copied.isdecimal() and len(copied) < 19:
        start = _copy_of(own(int(copied)), kind)
    return _answer(PromotionForm(start), kind)


@distributor.route("/shops/<slug>/promotions/<int:promotion_id>/edit", methods=["GET", "POST"])
@needs("sell")
def edit_promotion(slug: str, promotion_id: int) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    """A draft as a whole; of one that was published its words, its end and its limits."""
    row = own(promotion_id)
    if row.status == "ended" or row.kind not in DESIGNED:
        raise NotFound(what="promotion")
    emails = known_emails(lists.buyers(row.id)) if row.audience == "chosen" else ""
    return _answer(PromotionForm(start_of(row.kind, row.currency, row, emails=emails)), row.kind, row)


def _copy_of(row: StoredPromotion, kind: str) -> dict[str, Any]:
    """Another like it, from now on and as long; its code stays its own."""
    if row.kind != kind:
        raise NotFound(what="promotion")
    emails = known_emails(lists.buyers(row.id)) if row.audience == "chosen" else ""
    return start_of(
        kind, row.currency, row, emails=emails, begins="now", starts_at="", ends_at="", code="",
    )  # fmt: skip


def _answer(form: PromotionForm, kind: str, row: StoredPromotion | None = None) -> Any:
    goods = _choices()
    if not form.sent or request.form.get("do") == "edit":
        return _form_page(form, kind, goods, row)
    design = typed_design(form, kind, goods, row=row)
    if design is None:
        return _form_page(form, kind, goods, row)
    do = request.form.get("do", "")
    try:
        if row is not None and row.status != "draft":
            making.change(owner(), row.id, design, actor=actor())
            return _done(row.id, _("Saved."))
        if do == "draft":
            return _keep(design, row)
        if do == "publish":
            return _publish(design, row)
        return _preview(form, kind, design, row)
    except ProductError as error:
        if error.code == "promotion_earns_nothing":
            tell(error, "warning")
            return _preview(form, kind, design, row)
        form.blame(error, otherwise="value")
        return _form_page(form, kind, goods, row)


def _keep(design: Design, row: StoredPromotion | None) -> Any:
    if row is None:
        return _done(making.draft(owner(), design, actor=actor()), _("Kept as a draft. Nobody sees it yet."))
    making.change(owner(), row.id, design, actor=actor())
    return _done(row.id, _("Saved."))


def _publish(design: Design, row: StoredPromotion | None) -> Any:
    launched = making.launch(
        owner(), design, promotion_id=row.id if row else None, actor=actor(),
        accepts_loss=request.form.get("accepts_loss") == "1",
    )  # fmt: skip
    held = launched.trial.limited if launched.trial else 0
    if held:
        told = ngettext(
            "A floor holds it up for %(num)d listing. To go lower there, ask the brand for an exemption for %(key)s.",
            "A floor holds it up for %(num)d listings. To go lower there, ask the brand for an exemption for %(key)s.",
            held, key=launched.key,
        )  # fmt: skip
        flash(told, "warning")
    return _done(launched.id, _("Published."))


def _done(promotion_id: int, words: str) -> Any:
    flash(words, "success")
    return back("distributor.promotion", slug=g.shop.slug, promotion_id=promotion_id)


def _form_page(form: PromotionForm, kind: str, goods: Choices, row: StoredPromotion | None) -> Any:
    fixed = ""
    if row is not None and row.status != "draft":
        fixed = "counted" if row.counted else "uncounted"
    page = render_template(
        "distributor/promotion_form.html", form=form, kind=kind, kind_words=str(KINDS[kind]), choices=goods, row=row,
        kinds=[(key, str(words)) for key, words in KINDS.items()], fixed=fixed, rows=range(6),
        off=off_for(kind, row),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _choices() -> Choices:
    """What the shop lists, by category, product and Sku."""
    rows = shelf.listed_goods()
    categories = {category.id: named(category) for _sku, _product, category in rows}
    products = {product.id: named(product) for _sku, product, _category in rows}
    skus = {sku.id: f"{named(product)} · {named(sku)}" for sku, product, _category in rows}
    return Choices(
        g.shop.currency, list(categories.items()), list(products.items()), list(skus.items()),
        promoters=referrals.newest_promoters(most=MOST_PROMOTERS),
    )  # fmt: skip


def _preview(form: PromotionForm, kind: str, design: Design, row: StoredPromotion | None) -> Any:
    """What it would do, listing by listing; the worst first."""
    meant = making.unsaved(owner(), design, key=row.key if row else "")
    trial, around = promotion_trial.explained(meant)
    ordered = sorted(
        trial.rows, key=lambda one: (not one.losing, not one.limited, one.per_unit("worst_keeps"))
    )
    pages = max(1, -(-len(ordered) // ROWS))
    typed = request.form.get("page", "1")
    at = min(max(int(typed), 1), pages) if typed.isdecimal() and len(typed) < 9 else 1
    shown = [_shown(one, around) for one in ordered[(at - 1) * ROWS : at * ROWS]]
    wanted = request.form.get("do") == "publish"
    page = render_template(
        "distributor/promotion_preview.html", form=form, kind=kind, kind_words=str(KINDS[kind]), meant=meant,
        trial=trial,
        rows=shown, at=at, pages=pages, fields=fields_of(), row=row, gives=gives(kind, meant.value, meant.currency),
        worst=_shown(trial.worst, around) if trial.worst else None, currency=g.shop.currency, design=design,
        title=titled(meant), off=off_for(kind, row),
        most=promotion_trial.MOST_LISTINGS,
        here=url_for(".edit_promotion", slug=g.shop.slug, promotion_id=row.id) if row else request.path,
    )  # fmt: skip
    return page, 422 if wanted else 200


def _shown(row: Tried, around: Surroundings) -> dict[str, Any]:
    """One row with its amounts per unit and its words."""
    item = around.goods[row.listing_id]
    english = str(get_locale()) == "en"
    titles = {name: titles[english] for name, titles in around.titles.items()}
    return {
        "product": named(item, "product_name"), "sku": named(item, "sku_name"), "quantity": row.quantity,
        "list": row.list_minor, "net": row.per_unit("net"), "keeps": row.per_unit("keeps"),
        "before": row.per_unit("kept_before"), "worst_net": row.per_unit("worst_net"),
        "worst_keeps": row.per_unit("worst_keeps"), "worst_quantity": row.worst_quantity, "floor": row.floor_minor,
        "worst_with": [titles.get(name, name) for name in row.worst_with], "wanted": row.wanted_minor,
        "saved": row.saved_minor, "because": row.because, "why": str(WHY.get(row.because, "")), "losing": row.losing,
        "limited": row.limited, "beaten_by": titles.get(row.beaten_by, row.beaten_by), "beyond": row.beyond,
        "sold": row.because != "below_floor",
    }  # fmt: skip

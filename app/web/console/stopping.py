"""Promotions seen from above: a brand for its goods, the platform all; stopping them and letting them go on."""

from typing import Any

from flask import Blueprint, current_app, flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.pricing.touched import MOST, touched
from app.domain.promotions import switch_queries as queries
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.switches import is_off, marks
from app.flows import chosen_shops, switches
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.foundation.runtime import settings
from app.web.console import own_promotions
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import named, options
from app.web.console.own_promotions import shown
from app.web.console.own_sales import left_out
from app.web.console.persons import actor, needs
from app.web.console.promotion_words import DESIGNED, KINDS, STATES, gives, how_got, state_of, titled
from app.web.console.refusal import tell
from app.web.console.stopping_words import what_is_off, whose
from app.web.console.typed_terms import as_field

PAGES = (
    "promotion", "switch_off", "switch_on", "new_own_promotion", "design_own_promotion", "edit_own_promotion",
    "own_promotion_state", "new_own_sale", "new_own_referral", "exempt_promotion",
)  # fmt: skip
"""The endpoints below the list, for a console's menu."""


def hang_under(blueprint: Blueprint) -> None:
    """Add the pages to a console; its scope decides what they show."""
    add = blueprint.add_url_rule
    add("/promotions", "promotions", promotions)
    add("/promotions/<int:promotion_id>", "promotion", promotion)
    add("/promotions/switch", "switch_off", needs("manage")(switch_off), methods=["POST"])
    add("/promotions/switches/<int:switch_id>/on", "switch_on", needs("manage")(switch_on), methods=["POST"])
    own_promotions.hang_under(blueprint)


def owner() -> Owner:
    """Whoever works here, as a maker of promotions."""
    return Owner("brand", g.seat.brand_id) if g.seat.kind == "brand" else Owner("platform")


def promotions() -> Any:
    """Every promotion that there is to see, what is switched off, and switching a kind off."""
    off = queries.own(g.seat.brand_id)
    listing = Listing(
        name="promotions", usual="-made", searches=_("Name, shop or key"),
        columns=(
            Col("title", _("Promotion"), sort=True), Col("shop", _("Whose"), sort=True), Col("gives", _("Gives")),
            Col("state", _("State")), Col("starts", _("From"), sort=True), Col("ends", _("Until"), sort=True),
            Col("key", _("Key"), shown=False),
        ),
        filters=(
            ("state", _("State"), options(STATES)), ("kind", _("Kind"), options(KINDS)),
            ("by", _("Whose"), (("own", _("your own")), ("shop", _("shops")), ("brand", _("brands")),
                             ("platform", _("the platform")))),
        ),
        empty=_("No promotion is on or coming."),
    )  # fmt: skip
    return answer(
        listing, lambda asked: queries.page(asked, owner=owner()), lambda found: _row(found, off),
        "console/promotions.html", off=[_shown_off(one) for one in off], kinds=options(KINDS),
        shops=[(row[0], f"{row[1]} · {row[2]}") for row in queries.shops()],
    )  # fmt: skip


def _row(found: Any, off: Any) -> dict[str, Any]:
    row, shop, brand, _english = found
    state, tone = STATES[state_of(row, clock.now())]
    return {
        "id": row.id, "title": titled(row), "kind": str(KINDS[row.kind]), "shop": whose(row, shop, brand),
        "gives": gives(row.kind, row.value, row.currency), "state": str(state), "tone": tone, "key": row.key,
        "starts": row.starts_at if row.status != "draft" else None, "ends": row.ends_at,
        "off": _switch_of(row, off) is not None,
    }  # fmt: skip


def _switch_of(row: StoredPromotion, off: Any) -> Any:
    """The switch that stops a promotion here, the narrowest first; None where none does."""
    for one in sorted(off, key=lambda one: (one.switch.promotion_id is None, one.switch.kind is None)):
        made = one.switch
        here = made.shop_id in {None, row.shop_id}
        if here and is_off(row.id, row.kind, marks([made], made.brand_id)):
            return one
    return None


def _shown_off(one: Any) -> dict[str, Any]:
    made = one.switch
    return {"id": made.id, "what": what_is_off(one), "reason": made.reason, "at": made.created_at}


def promotion(promotion_id: int) -> Any:
    """One promotion: what it wants of each Sku, where the floor bites, and stopping it."""
    return one_page(promotion_id)


def one_page(promotion_id: int, **more: Any) -> Any:
    found = queries.one(promotion_id)
    if found is None:
        raise NotFound(what="promotion")
    row, shop, brand = found
    now = clock.now()
    rows = touched(row, at=max(row.starts_at, now))
    state = state_of(row, now)
    stopped = _switch_of(row, queries.own(g.seat.brand_id))
    own = row.owner == owner().kind and row.brand_id == owner().id
    page = render_template(
        "console/promotion_over.html", row=row, titled=titled(row), kind_words=str(KINDS[row.kind]),
        gives=gives(row.kind, row.value, row.currency), how=how_got(row, whole=own), state=state,
        state_words=STATES[state],
        by=whose(row, named(shop) if shop else None, named(brand) if brand else None),
        rows=[shown(one) for one in rows], ends=as_field(row.ends_at),
        bites=sum(one.bites for one in rows), most=MOST, off=_shown_off(stopped) if stopped else None,
        own=own, shops=_in_shops(row) if own and row.status != "draft" else [], left_out=left_out(row),
        designed=row.kind in DESIGNED,
        exempts=f"{g.seat.kind}.exempt_promotion" in current_app.view_functions and state != "over"
        and row.status != "draft", **more,
    )  # fmt: skip
    return page, 422 if more.get("errors") else 200


def _in_shops(row: StoredPromotion) -> list[dict[str, Any]]:
    """The owner's own promotion in its shops, with their pages of it."""
    return [
        {"name": one.name, "sums": one.sums, "numbers": one.numbers, "path": one.path, "over": one.over,
         "address": settings().shop_url(one.slug, one.path) if one.path else ""}
        for one in chosen_shops.stands(owner(), row.id)
    ]  # fmt: skip


def switch_off() -> Any:
    """One promotion, a kind in all shops or one, or everything in one shop."""
    kind = request.form.get("kind") or None
    promotion_id, shop_id = _id("promotion"), _id("shop")
    try:
        switches.switch_off(
            kind=None if promotion_id else kind, promotion_id=promotion_id, shop_id=None if promotion_id else shop_id,
            reason=request.form.get("reason", ""), actor=actor(),
        )  # fmt: skip
        flash(
            _("Switched off, also for prices that are open now. Whoever it meets is told by mail."), "warning"
        )
    except ProductError as error:
        if error.param == "reason":
            flash(_("Please give a reason: the distributor reads it."), "error")
        else:
            tell(error)
    return _back(promotion_id)


def switch_on(switch_id: int) -> Any:
    try:
        switches.switch_on(switch_id, actor=actor())
        flash(_("On again. Whoever it meets is told by mail."), "success")
    except ProductError as error:
        tell(error)
    return _back(_id("promotion"))


def _back(promotion_id: int | None) -> Any:
    if promotion_id is not None:
        return back(f"{g.seat.kind}.promotion", promotion_id=promotion_id)
    return back(f"{g.seat.kind}.promotions")


def _id(name: str) -> int | None:
    typed = request.form.get(name, "")
    return int(typed) if typed.isdecimal() and len(typed) < 19 else None

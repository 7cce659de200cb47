"""Who sells the brand's goods, who asks to, at which level, and what is decided about them."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from flask import Response, flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.brands import queries as brands
from app.domain.brands.models import Brand
from app.domain.catalog import goods
from app.domain.commissions import partner_money
from app.domain.commissions.calendar import month_of
from app.domain.commissions.climbing import sold_within
from app.domain.distributors import ladder, levels, papers, partners
from app.flows import levels as moving
from app.flows import partner as partnering
from app.foundation import clock, money
from app.foundation.errors import NotFound, ProductError
from app.foundation.paging import Asked, Page
from app.web.brand import brand
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import MOVED_BY, PARTNER_STATES, named, options
from app.web.console.papers import hand_out
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from tenants.context import platform_scope


@brand.get("/distributors")
def distributors() -> Any:
    own = _brand()
    steps = levels.ladder(own.id)
    sold: dict[int, int] = {}
    listing = Listing(
        name="distributors", usual="waiting", searches=_("Distributor"),
        columns=(
            Col("name", _("Distributor"), sort=True), Col("state", _("State"), sort=False),
            Col("level", _("Level"), sort=True),
            Col("sold", _("Sales in %(days)d days", days=own.level_window_days), money=True),
            Col("papers", _("Papers"), figures=True), Col("applied", _("Since"), sort=True),
        ),
        filters=(
            ("status", _("State"), options(PARTNER_STATES)),
            ("level", _("Level"), [(str(step.id), named(step)) for step in steps]),
        ),
        empty=_("No distributor has applied yet. Send an invite link to those you know."),
    )  # fmt: skip

    def find(asked: Asked) -> Page[Any]:
        found = partners.page(asked)
        sold.update(_sold(own, [row.Distributor.id for row in found.rows]))
        return found

    def row(found: Any) -> dict[str, Any]:
        partnership, distributor, level, many = found
        state, tone = PARTNER_STATES[partnership.status]
        return {
            "id": partnership.id, "name": distributor.name, "state": str(state), "tone": tone,
            "level": named(level) if level else "–", "pinned": partnership.level_pinned,
            "falling": partnership.grace_until, "sold": sold.get(distributor.id, 0), "currency": own.level_currency,
            "papers": many, "applied": partnership.applied_at, "reason": partnership.reason,
        }  # fmt: skip

    return answer(listing, find, row, "brand/distributors.html", own=own)


@brand.post("/distributors/joining")
@needs("manage")
def set_joining() -> Any:
    try:
        partnering.set_joining(g.seat.brand_id, request.form.get("joining", ""), actor=actor())
        flash(_("Saved."), "success")
    except ProductError as error:
        tell(error)
    return back("brand.distributors")


@brand.get("/distributors/<int:partnership_id>")
def distributor(partnership_id: int) -> Any:
    """One distributor: what it asked with, where it stands, what it sold, and what may be decided."""
    partnership, firm, level = _one(partnership_id)
    own = _brand()
    steps = levels.rungs(own.id)
    sold = _sold(own, [firm.id])[firm.id]
    rank = level.rank if level else 0
    return render_template(
        "brand/distributor.html", partnership=partnership, firm=firm, level=level, own=own, steps=steps, sold=sold,
        following=ladder.following(steps, rank), papers=papers.of(partnership_id), states=PARTNER_STATES,
        moves=levels.moves_of(partnership_id), level_names={step.id: named(step) for step in steps}, moved_by=MOVED_BY,
        listed=goods.listings_of(firm.id), own_purchases=partner_money.own_purchases(firm.id),
        months=_months(own, firm.id), named=named,
    )  # fmt: skip


def _months(own: Brand, distributor_id: int) -> dict[str, Any]:
    """A bar for each month's counted sales; nothing where there were none."""
    since = month_of(clock.now() - timedelta(days=330))
    rows = partner_money.months(own.id, distributor_id, currency=own.level_currency, since=since)
    if not rows:
        return {}
    places = 10 ** money.decimals(own.level_currency)
    return {
        "xAxis": {"type": "category", "data": [f"{month:%Y-%m}" for month, _volume in rows]},
        "yAxis": {"type": "value"},
        "tooltip": {"trigger": "axis"},
        "series": [
            {
                "type": "bar", "name": own.level_currency, "barMaxWidth": 48,
                "data": [volume / places for _month, volume in rows],
            }
        ],
    }  # fmt: skip


@brand.post("/distributors/<int:partnership_id>")
@needs("manage")
def decide_distributor(partnership_id: int) -> Any:
    """Approve at a level, decline, suspend or resume."""
    _one(partnership_id)
    reason, do = request.form.get("reason", ""), request.form.get("do", "")
    told = {
        "approve": _("Approved."),
        "decline": _("Declined."),
        "suspend": _("Suspended."),
        "resume": _("Resumed."),
    }
    try:
        if do == "approve":
            level = request.form.get("level", "")
            level_id = int(level) if level.isdecimal() else 0
            partnering.approve(g.seat.brand_id, partnership_id, level_id=level_id, actor=actor())
        elif do == "decline":
            partnering.decline(g.seat.brand_id, partnership_id, reason=reason, actor=actor())
        elif do == "suspend":
            partnering.suspend(g.seat.brand_id, partnership_id, reason=reason, actor=actor())
        elif do == "resume":
            partnering.resume(g.seat.brand_id, partnership_id, actor=actor())
        if do in told:
            flash(told[do], "warning" if do == "suspend" else "success")
    except ProductError as error:
        _say(error)
    return back("brand.distributor", partnership_id=partnership_id)


@brand.post("/distributors/<int:partnership_id>/level")
@needs("manage")
def set_level(partnership_id: int) -> Any:
    """A level by hand, with a reason, or back to the rule."""
    _one(partnership_id)
    reason, level = request.form.get("reason", ""), request.form.get("level", "")
    try:
        if request.form.get("do") == "let_go":
            moving.let_go(g.seat.brand_id, partnership_id, reason=reason, actor=actor())
        else:
            level_id = int(level) if level.isdecimal() else 0
            moving.pin(g.seat.brand_id, partnership_id, level_id, reason=reason, actor=actor())
        flash(_("Saved."), "success")
    except ProductError as error:
        _say(error)
    return back("brand.distributor", partnership_id=partnership_id)


@brand.get("/distributors/<int:partnership_id>/papers/<int:paper_id>")
def paper(partnership_id: int, paper_id: int) -> Response:
    _one(partnership_id)
    return hand_out(papers.whole(partnership_id, paper_id))


def _say(error: ProductError) -> None:
    if error.param == "reason":
        flash(_("Please give a reason: the distributor reads it."), "error")
    else:
        tell(error)


def _one(partnership_id: int) -> Any:
    found = partners.one(partnership_id)
    if found is None:
        raise NotFound(what="partnership")
    return found


def _brand() -> Brand:
    own = brands.brand(g.seat.brand_id)
    if own is None:
        raise NotFound(what="brand")
    return own


def _sold(own: Brand, distributor_ids: Collection[int]) -> dict[int, int]:
    with platform_scope():
        return sold_within(
            own.id, distributor_ids, currency=own.level_currency, days=own.level_window_days, now=clock.now()
        )

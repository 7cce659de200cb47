"""Which brands a distributor sells, can join or apply to, and where it stands with each."""

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.domain.brands import queries as known
from app.domain.brands.models import Brand
from app.domain.catalog import shelf
from app.domain.commissions import partner_money
from app.domain.commissions.climbing import sold_within
from app.domain.commissions.partner_money import NextRate
from app.domain.distributors import levels, papers
from app.domain.distributors import partners as partnered
from app.domain.distributors.ladder import Rung
from app.domain.distributors.models import Level, Partnership
from app.flows import partner as partnering
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.web.console.desk import back
from app.web.console.names import MOVED_BY, named
from app.web.console.papers import hand_out, typed_papers
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from app.web.distributor import distributor
from tenants.context import distributor_scope, platform_scope

STATES = {
    "applied": (lazy_gettext("Applied, waiting"), "warning"),
    "approved": (lazy_gettext("Approved"), "success"),
    "declined": (lazy_gettext("Declined"), ""),
    "suspended": (lazy_gettext("Suspended"), "error"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A brand and where the distributor stands with it."""

    brand: Brand
    partnership: Partnership | None
    level: Level | None
    goods: int
    steps: list[Rung]
    names: dict[int | None, str]
    sold: int
    next_rate: NextRate | None


@distributor.get("/brands")
def partners() -> Any:
    with distributor_scope(g.seat.distributor_id):
        mine = partnered.mine(g.seat.distributor_id)
        goods = shelf.goods_of_brands()
        rows = [_standing(brand, mine, goods) for brand in known.approved()]
    rows.sort(key=lambda one: (ORDER[one.partnership.status if one.partnership else ""], one.brand.name))
    return render_template("distributor/brands.html", rows=rows, states=STATES, named=named)


ORDER = {"approved": 0, "applied": 1, "suspended": 2, "declined": 3, "": 4}


@distributor.route("/brands/<int:brand_id>", methods=["GET"])
def partner(brand_id: int) -> Any:
    return _page(brand_id, Typed())


@distributor.post("/brands/<int:brand_id>")
@needs("manage")
def apply_to(brand_id: int) -> Any:
    """Join a brand that is open, or ask one that is not."""
    _brand(brand_id)
    form = Typed()
    try:
        if request.form.get("do") == "join":
            partnering.join(g.seat.distributor_id, brand_id, actor=actor())
            flash(_("You may sell its goods now."), "success")
            return back("distributor.partner", brand_id=brand_id)
        message, files = form.text("message", most=1000), typed_papers(form)
        if form.ok:
            partnering.apply(g.seat.distributor_id, brand_id, message=message, files=files, actor=actor())
            flash(_("The brand has your application."), "success")
            return back("distributor.partner", brand_id=brand_id)
    except ProductError as error:
        if error.param is None:
            tell(error)
            return back("distributor.partner", brand_id=brand_id)
        form.blame(error, otherwise="message")
    return _page(brand_id, form)


@distributor.get("/brands/<int:brand_id>/papers/<int:paper_id>")
def own_paper(brand_id: int, paper_id: int) -> Response:
    with distributor_scope(g.seat.distributor_id):
        found = partnered.mine(g.seat.distributor_id).get(brand_id)
        return hand_out(papers.whole(found[0].id, paper_id) if found else None)


def _page(brand_id: int, form: Typed) -> Any:
    brand = _brand(brand_id)
    with distributor_scope(g.seat.distributor_id):
        mine = partnered.mine(g.seat.distributor_id)
        one = _standing(brand, mine, shelf.goods_of_brands())
        page = render_template(
            "distributor/brand.html", one=one, form=form, states=STATES, named=named, moved_by=MOVED_BY,
            ladder=levels.ladder(brand_id),
            moves=levels.moves_of(one.partnership.id) if one.partnership else (),
            papers=papers.of(one.partnership.id) if one.partnership else (),
        )  # fmt: skip
    return page, 422 if form.errors else 200


def _standing(
    brand: Brand, mine: dict[int, tuple[Partnership, Level | None]], goods: dict[int, int]
) -> Standing:
    partnership, level = mine.get(brand.id, (None, None))
    steps = levels.rungs(brand.id)
    approved = partnership is not None and partnership.status == "approved"
    sold, rate = 0, None
    if approved:
        now, who = clock.now(), g.seat.distributor_id
        rate = partner_money.next_rate(
            brand.id, who, level_id=level.id if level else None, currency=brand.level_currency, now=now
        )
        with platform_scope():
            sold = sold_within(
                brand.id, [who], currency=brand.level_currency, days=brand.level_window_days, now=now
            )[who]
    names = {step.id: named(step) for step in steps}
    return Standing(brand, partnership, level, goods.get(brand.id, 0), steps, names, sold, rate)


def _brand(brand_id: int) -> Brand:
    with platform_scope():
        brand = known.brand(brand_id)
    if brand is None or brand.status != "approved":
        raise NotFound(what="brand")
    return brand

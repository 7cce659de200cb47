"""Floors of every Sku: what holds, what is coming, and setting another with its consequences before it is saved."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.catalog import goods as catalog
from app.domain.catalog.models import Sku
from app.domain.pricing import floor_queries as queries
from app.domain.pricing.models import Floor
from app.flows import floors as setting
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.web.brand import brand
from app.web.brand.floor_form import promotions, targets, typed
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import named
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed

AROUND = timedelta(days=30)


@brand.get("/floors")
def floors() -> Any:
    listing = Listing(
        name="floors", usual="name", searches=_("Product or Sku"),
        columns=(
            Col("name", _("Product"), sort=True), Col("floor", _("Floor"), sort=True, money=True),
            Col("suggested", _("Suggested"), sort=True, money=True),
            Col("special", _("Special floors"), figures=True), Col("coming", _("Coming"), figures=True),
        ),
        filters=(("has", _("With"), (("coming", _("a coming floor")), ("special", _("a special floor")))),),
        empty=_("No Sku yet. Make a product first."),
    )  # fmt: skip
    return answer(listing, queries.floors_page, _listed, "brand/floors.html")


def _listed(found: Any) -> dict[str, Any]:
    sku, product, special, coming = found
    return {
        "id": sku.id, "name": f"{named(product)} · {named(sku)}", "product": named(product), "sku": named(sku),
        "floor": sku.floor_minor, "suggested": sku.suggested_minor, "special": special, "coming": coming,
        "currency": sku.currency,
    }  # fmt: skip


@brand.get("/floors/<int:sku_id>")
def sku_floors(sku_id: int) -> Any:
    return _page(_sku(sku_id), Typed({"when": "now", "overtaken": "raise", "target": "all"}))


@brand.post("/floors/<int:sku_id>")
@needs("sell")
def set_floor(sku_id: int) -> Any:
    """First what it would do, then with `confirm` it is done."""
    sku, form, seen = _sku(sku_id), Typed(), None
    wanted = typed(form, sku, targets(queries.levels(), queries.partners()), promotions(sku))
    if wanted is not None:
        try:
            if form.flag("confirm"):
                setting.set_floor(wanted, actor=actor())
                flash(
                    _("The floor is set.") if wanted.starts_at is None else _("The floor is scheduled."),
                    "success",
                )
                return back("brand.sku_floors", sku_id=sku_id)
            seen = setting.preview(wanted)
        except ProductError as error:
            form.blame(error, otherwise="floor")
    return _page(sku, form, seen=seen, wanted=wanted)


@brand.post("/floors/<int:sku_id>/end")
@needs("sell")
def end_floor(sku_id: int) -> Any:
    """End a floor now, or take back one that has not begun."""
    _sku(sku_id)
    floor_id = request.form.get("floor", "")
    if not floor_id.isdecimal() or len(floor_id) > 18:
        raise NotFound(what="floor")
    try:
        setting.end_floor(sku_id, int(floor_id), actor=actor())
        flash(_("The floor has ended."), "success")
    except ProductError as error:
        tell(error)
    return back("brand.sku_floors", sku_id=sku_id)


def _page(sku: Sku, form: Typed, **more: Any) -> Any:
    now = clock.now()
    levels, partners, kept = queries.levels(), queries.partners(), queries.floors_of(sku.id)
    names, on = dict(targets(levels, partners)), promotions(sku)
    titles: dict[str | None, str] = dict(on)
    rows = [
        _row(floor, names, now) | {"title": titles.get(floor.promotion, floor.promotion)} for floor in kept
    ]
    page = render_template(
        "brand/sku_floors.html",
        sku=sku,
        product=catalog.product(sku.product_id),
        form=form,
        options=list(names.items()),
        promotions=on,
        rows=rows[::-1],
        line=_timeline(rows, now),
        named=named,
        may_set=g.seat.may("sell"),
        **more,
    )
    return page, 422 if form.errors else 200


def _row(floor: Floor, names: dict[str, str], now: datetime) -> dict[str, Any]:
    key = f"level:{floor.level_id}" if floor.level_id else "all"
    key = f"distributor:{floor.distributor_id}" if floor.distributor_id else key
    state = "coming" if floor.starts_at > now else "running"
    state = "over" if floor.ends_at is not None and floor.ends_at <= now else state
    lasting = key == "all" and floor.promotion is None and floor.ends_at is None
    return {
        "id": floor.id, "who": names.get(key, _("A former distributor")), "promotion": floor.promotion,
        "floor": floor.floor_minor, "starts": floor.starts_at, "ends": floor.ends_at, "state": state,
        "overtaken": floor.overtaken, "reason": floor.reason,
        "may_end": state == "coming" or (state == "running" and not lasting),
    }  # fmt: skip


def _timeline(rows: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Bars from 0 to 1000 by whom they are for; a month around everything that is near."""
    near = [
        at
        for row in rows
        for at in (row["starts"], row["ends"])
        if at is not None and abs(at - now) < AROUND * 6
    ]
    first, last = min([now - AROUND, *near]), max([now + AROUND, *near]) + timedelta(days=3)
    span = (last - first).total_seconds()

    def place(at: datetime | None) -> int:
        return 1000 if at is None else round(min(1.0, max(0.0, (at - first).total_seconds() / span)) * 1000)

    lanes: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        start, end = place(row["starts"]), place(row["ends"])
        if end > 0 and start < 1000:
            who = f"{row['who']} · {row['title']}" if row["promotion"] else row["who"]
            lanes.setdefault(who, []).append({**row, "x": start, "width": max(end - start, 3)})
    return {"lanes": lanes, "now": place(now), "first": first, "last": last}


def _sku(sku_id: int) -> Sku:
    sku = catalog.sku(sku_id)
    if sku is None:
        raise NotFound(what="sku")
    return sku

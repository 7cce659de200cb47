"""The brand's ladder: names, thresholds and holding periods, and what a change would do before it is saved."""

from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.brands import queries as brands
from app.domain.distributors import levels as kept
from app.domain.distributors.ladder import Pace
from app.flows import levels as moving
from app.flows.levels import Plan, Step
from app.foundation.errors import NotFound, ProductError
from app.web.brand import brand
from app.web.console.desk import back
from app.web.console.persons import actor, needs
from app.web.console.typed import Typed
from app.web.look.money import plain_amount

MOST_RUNGS = 10
CURRENCIES = ("CNY", "EUR", "GBP", "HKD", "JPY", "KRW", "KWD", "SGD", "TWD", "USD")


@brand.get("/levels")
def levels() -> Any:
    own, steps = _own()
    start: dict[str, Any] = {
        "window": own.level_window_days, "grace": own.level_grace_days, "currency": own.level_currency,
    }  # fmt: skip
    for step in steps:
        start |= {
            f"name-{step.rank}": step.name, f"name_en-{step.rank}": step.name_en, f"hold-{step.rank}": step.hold_days,
            f"threshold-{step.rank}": plain_amount(step.threshold_minor, own.level_currency),
        }  # fmt: skip
    return _page(Typed(start), steps)


@brand.post("/levels")
@needs("manage")
def change_levels() -> Any:
    """First what the change would do, then the change itself."""
    _own_brand, steps = _own()
    form = Typed()
    plan = _plan(form, len(steps))
    if not form.ok or request.form.get("do") == "edit":
        return _page(form, steps)
    try:
        if request.form.get("do") == "save":
            moving.change_ladder(g.seat.brand_id, plan, actor=actor())
            flash(_("Saved. Levels move within the hour."), "success")
            return back("brand.levels")
        foreseen = moving.foresee(g.seat.brand_id, plan)
    except ProductError as error:
        form.blame(error, otherwise="window")
        return _page(form, steps)
    names = kept.names([one.distributor_id for one in foreseen])
    return render_template(
        "brand/levels_preview.html", plan=plan, foreseen=foreseen, names=names, typed=request.form,
        steps={step.rank: step for step in plan.steps},
    )  # fmt: skip


def _plan(form: Typed, many: int) -> Plan:
    currency = form.choice("currency", CURRENCIES)
    currency = currency if currency in CURRENCIES else "CNY"
    window, grace = form.whole("window", least=1, most=366), form.whole("grace", least=0, most=90)
    ranks = [
        rank for rank in range(many + 1) if rank < many or form[f"name-{rank}"] or form[f"threshold-{rank}"]
    ]
    steps = tuple(_step(form, rank, currency) for rank in ranks if rank < MOST_RUNGS)
    return Plan(steps, Pace(window or 90, grace or 0), currency)


def _step(form: Typed, rank: int, currency: str) -> Step:
    threshold = form.money(f"threshold-{rank}", currency, required=False) if rank else 0
    if rank and not threshold and f"threshold-{rank}" not in form.errors:
        form.errors[f"threshold-{rank}"] = _("A level above the first asks for some sales.")
    return Step(
        rank, form.text(f"name-{rank}", most=30), form.text(f"name_en-{rank}", most=40, required=False), threshold or 0,
        form.whole(f"hold-{rank}", least=0, most=180) or 0,
    )  # fmt: skip


def _page(form: Typed, steps: Any) -> Any:
    page = render_template(
        "brand/levels.html", form=form, steps=steps, counts=kept.counts(g.seat.brand_id), most=MOST_RUNGS,
        currencies=[(code, code) for code in CURRENCIES],
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _own() -> Any:
    own = brands.brand(g.seat.brand_id)
    if own is None:
        raise NotFound(what="brand")
    return own, kept.ladder(own.id)

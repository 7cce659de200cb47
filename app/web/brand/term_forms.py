"""The form of a rule: what was typed as a draft, and a rule as what would have been typed."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from app.domain.commissions.drafts import Bracket, Draft, bracket_table
from app.domain.commissions.models import RateRule
from app.foundation.errors import InvalidInput, ProductError
from app.foundation.money import Money
from app.web.console.rule_words import POTS, RULE_KINDS, bracket_rows
from app.web.console.typed import Typed
from app.web.console.typed_terms import as_field, typed_moment, typed_rate

ROWS = 8
START = {"for": "all", "goods": "brand", "rates": "flat", "begins": "now", "pot": "brand", "currency": "CNY"}


def typed_draft(form: Typed, kind: str, currency_of: Any, *, like: RateRule | None = None) -> Draft:
    """The draft of a form; `like` fixes the target of a next version. Errors stand in the form."""
    target = _target_of(like) if like is not None else _typed_target(form)
    starts_at = None
    if form.choice("begins", ("now", "at")) == "at":
        starts_at = typed_moment(form, "starts_at")
    ends_at = typed_moment(form, "ends_at", required=kind == "boost")
    currency = currency_of(target.get("sku_id"), target.get("product_id"))
    value = _typed_value(form, kind, currency)
    return Draft(kind, value, starts_at, ends_at, series=like.series if like else "", **target)


def _target_of(rule: RateRule) -> dict[str, int | None]:
    return {name: getattr(rule, name) for name in ("product_id", "sku_id", "level_id", "distributor_id")}


def _typed_target(form: Typed) -> dict[str, int | None]:
    target: dict[str, int | None] = {}
    for chosen, fields in (
        (form.choice("goods", ("brand", "product", "sku")), ("product", "sku")),
        (form.choice("for", ("all", "level", "distributor")), ("level", "distributor")),
    ):
        if chosen in fields:
            words = form.text(chosen, most=18)
            if words and not words.isdecimal():
                form.errors[chosen] = _("Please choose one.")
            target[f"{chosen}_id"] = int(words) if words.isdecimal() else None
    return target


def _typed_value(form: Typed, kind: str, currency: str) -> dict[str, Any]:
    if kind == "margin":
        return {"supply_minor": form.money("supply", currency), "currency": currency}
    if kind == "boost":
        return {"add_bps": typed_rate(form, "add")}
    if kind == "override":
        steps = {f"step{step}_bps": typed_rate(form, f"step{step}", required=step == 1) for step in (1, 2)}
        return {**steps, "pot": form.choice("pot", POTS)}
    if form.choice("rates", ("flat", "brackets")) == "brackets":
        return _typed_brackets(form, currency)
    return {"rate_bps": typed_rate(form, "rate")}


def _typed_brackets(form: Typed, currency: str) -> dict[str, Any]:
    rows = []
    for at in range(ROWS):
        names = [f"{part}{at}" for part in ("from", "to", "bps")]
        words = [form.text(name, required=False, most=20) for name in names]
        if any(words):
            low = form.money(names[0], currency)
            high = form.money(names[1], currency, required=False)
            rows.append(Bracket(low or 0, high, typed_rate(form, names[2])))
    wrong = next(
        (at for at in range(ROWS) for part in ("from", "to", "bps") if f"{part}{at}" in form.errors), None
    )
    if wrong is not None:
        told = next(
            form.errors[name] for part in ("from", "to", "bps") if (name := f"{part}{wrong}") in form.errors
        )
        form.errors["brackets"] = _("Row %(row)s: ", row=wrong + 1) + told
        return {}
    try:
        return {"brackets": bracket_table(rows), "currency": currency}
    except ProductError as error:
        form.blame(error)
        row = error.facts.get("row")
        if row:
            form.errors["brackets"] = _("Row %(row)s: ", row=row) + form.errors["brackets"]
        return {}


def start_of(rule: RateRule | None, kind: str, currency: str) -> dict[str, Any]:
    """What the form opens with: nothing, or the version that is to be followed."""
    start: dict[str, Any] = {**START, "currency": currency}
    if rule is None:
        return start | {"goods": "sku" if kind == "margin" else "brand", "from0": "0"}
    value = rule.value
    if rule.kind == "margin":
        start["supply"] = Money(value["supply_minor"], currency).decimal()
    for name, key in (
        ("rate", "rate_bps"),
        ("add", "add_bps"),
        ("step1", "step1_bps"),
        ("step2", "step2_bps"),
    ):
        if key in value:
            start[name] = plain_percent(value[key])
    if "brackets" in value:
        start["rates"] = "brackets"
        for at, (low, high, rate) in enumerate(bracket_rows(value)):
            start |= {f"from{at}": Money(low, currency).decimal(), f"bps{at}": plain_percent(rate)}
            start[f"to{at}"] = "" if high is None else Money(high, currency).decimal()
    else:
        start["from0"] = "0"
    return start | {"pot": value.get("pot", "brand"), "ends_at": _end_of(rule.ends_at)}


def plain_percent(bps: int) -> str:
    return f"{bps / 100:.2f}".rstrip("0").rstrip(".")


def _end_of(at: datetime | None) -> str:
    return as_field(at)


def checked_kind(kind: str) -> str:
    """A kind of rule, or InvalidInput."""
    if kind not in RULE_KINDS:
        raise InvalidInput(param="kind", reason="none_chosen")
    return kind

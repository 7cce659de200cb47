"""What a promotion gives, as it is typed: one price or rate, rows of them, or an amount off."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from flask_babel import gettext as _

from app.foundation.money import Money
from app.web.console.sentences import REASONS
from app.web.console.typed import Typed
from app.web.console.typed_terms import typed_rate

ROWS = 6
WHOLE = 10_000


def typed_value(form: Typed, kind: str, currency: str, skus: Collection[int]) -> dict[str, Any]:
    """A value as `promotions.stored` keeps it; faults stand at their fields."""
    if kind == "quantity_tiers":
        return {"tiers": _tiers(form, currency)}
    if kind == "bundle_price":
        return {"parts": _parts(form, currency, skus)}
    if kind == "timed_price":
        name = "off" if _by_rate(form) else "price"
        return _cut(form, currency, name)
    told: dict[str, Any] = {}
    if kind == "percentage_coupon":
        told["rate_bps"] = _rate(form, "off")
        told["most_minor"] = _more_than_nothing(form, "most", currency, required=False)
    else:
        told["minor"] = _more_than_nothing(form, "minor", currency)
    told["from_minor"] = _more_than_nothing(form, "from", currency, required=kind == "threshold_coupon")
    value = {name: amount for name, amount in told.items() if amount}
    if value.get("minor", 0) > value.get("from_minor", value.get("minor", 0)):
        form.errors["from"] = _("Not less than what is taken off.")
    return value


def parts_started(kind: str, value: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A value as its fields show it."""

    def cash(minor: int | None) -> Any:
        return "" if minor is None else Money(int(minor), currency).decimal()

    def rate(bps: int) -> str:
        return f"{bps / 100:g}"

    def amount(cut: Mapping[str, Any]) -> Any:
        return rate(cut["off_bps"]) if cut.get("minor") is None else cash(cut["minor"])

    def how(cuts: Any) -> str:
        return "price" if any(cut.get("minor") is not None for cut in cuts) else "off"

    if kind == "quantity_tiers":
        tiers = value["tiers"]
        rows = {f"from{at}": one["from"] for at, one in enumerate(tiers)}
        return rows | {f"amount{at}": amount(one) for at, one in enumerate(tiers)} | {"how": how(tiers)}
    if kind == "bundle_price":
        parts = value["parts"]
        rows = {f"sku{at}": one["sku"] for at, one in enumerate(parts)}
        rows |= {f"units{at}": one["units"] for at, one in enumerate(parts)}
        return rows | {f"amount{at}": amount(one) for at, one in enumerate(parts)} | {"how": how(parts)}
    if "off_bps" in value or kind == "timed_price":
        return {"how": how([value]), "off" if how([value]) == "off" else "price": amount(value)}
    return {
        "off": rate(value.get("rate_bps", 0)) if value.get("rate_bps") else "", "minor": cash(value.get("minor")),
        "most": cash(value.get("most_minor")), "from": cash(value.get("from_minor")),
    }  # fmt: skip


def _by_rate(form: Typed) -> bool:
    return form.choice("how", ("off", "price")) != "price"


def _cut(form: Typed, currency: str, name: str) -> dict[str, Any]:
    if form["how"] != "price":
        return {"off_bps": _rate(form, name)}
    return {"minor": _more_than_nothing(form, name, currency) or 1}


def _rate(form: Typed, name: str) -> int:
    bps = typed_rate(form, name)
    if name not in form.errors and not 0 < bps <= WHOLE:
        form.errors[name] = str(REASONS["rate_over_whole" if bps > 0 else "not_a_rate"])
    return min(max(bps, 0), WHOLE)


def _more_than_nothing(form: Typed, name: str, currency: str, *, required: bool = True) -> int | None:
    minor = form.money(name, currency, required=required)
    if minor is not None and minor < 1 and name not in form.errors:
        form.errors[name] = _("More than nothing.")
    return minor


def _tiers(form: Typed, currency: str) -> list[dict[str, Any]]:
    _by_rate(form)
    tiers = []
    for at in range(ROWS):
        if any(form.text(f"{part}{at}", required=False, most=20) for part in ("from", "amount")):
            start = form.whole(f"from{at}", least=1, most=1000) or 1
            tiers.append({"from": start, **_cut(form, currency, f"amount{at}")})
    _gathered(form)
    if not tiers:
        form.errors["rows"] = str(REASONS["brackets_empty"])
    if any(one["from"] >= after["from"] for one, after in pairwise(tiers)):
        form.errors.setdefault("rows", _("Each row must begin at more pieces than the one above it."))
    return tiers


def _parts(form: Typed, currency: str, skus: Collection[int]) -> list[dict[str, Any]]:
    _by_rate(form)
    parts = []
    for at in range(ROWS):
        chosen = form.text(f"sku{at}", required=False, most=18)
        if not chosen:
            continue
        if not chosen.isdecimal() or int(chosen) not in skus:
            form.errors[f"sku{at}"] = str(REASONS["not_yours"])
            continue
        units = form.whole(f"units{at}", least=1, most=100) or 1
        parts.append({"sku": int(chosen), "units": units, **_cut(form, currency, f"amount{at}")})
    _gathered(form)
    if len({part["sku"] for part in parts}) < len(parts):
        form.errors.setdefault("rows", _("Each thing once: say how many of it."))
    if len(parts) < 2:
        form.errors.setdefault("rows", _("A bundle is made of two things or more."))
    return parts


def _gathered(form: Typed) -> None:
    """What is wrong in a row is also said above the rows, where a phone shows it."""
    for at in range(ROWS):
        for part in ("sku", "from", "units", "amount"):
            told = form.errors.get(f"{part}{at}")
            if told:
                form.errors.setdefault("rows", _("Row %(row)s: ", row=at + 1) + told)

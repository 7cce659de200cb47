"""Why an amount is what it is, as a little bill a shopkeeper reads: one row for each step, and the steps sum to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from app.domain.commissions.models import Earning, EarningReturn, RateRule
from app.web.look.money import money, pattern

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cut:
    """A slice of a base at one rate, for the picture. `share` is of the whole base, from 0 to 1000."""

    amount_minor: int
    rate: str
    earned: str
    begin: int
    share: int
    from_minor: int | None = None


@dataclass(frozen=True, slots=True)
class BillRow:
    """One step in words: what, how it was reckoned, by which rule, and the minor units it came to."""

    what: str
    how: str
    minor: int
    rule: str = ""
    cuts: Sequence[Cut] = field(default=())


WHAT = {
    "sold_for": lazy_gettext("Sold for"),
    "supply_price": lazy_gettext("Supply price"),
    "commission": lazy_gettext("Commission"),
    "boost": lazy_gettext("Boost"),
    "own_discount": lazy_gettext("The brand's own discount"),
    "brands_discount": lazy_gettext("The brand's discount that its part could not bear"),
    "gateway_fee": lazy_gettext("Gateway's fee"),
    "platform_fee": lazy_gettext("Platform's fee"),
    "override": lazy_gettext("Override"),
    "override1": lazy_gettext("Override of the upline, one step"),
    "override2": lazy_gettext("Override of the upline, two steps"),
}
POTS = {
    "brand": lazy_gettext("the brand's part"),
    "distributor": lazy_gettext("the seller's part"),
    "platform": lazy_gettext("the platform's fee"),
}


def percent(bps: int) -> str:
    """A rate in basis points as people say it: 850 is 8.5 %."""
    whole, rest = divmod(abs(bps), 100)
    digits = f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"{'-' if bps < 0 else ''}{digits}%"


def rows_of(earning: Earning, rules: Mapping[int, RateRule]) -> list[BillRow]:
    """The steps of an earning; they sum to what was settled."""
    why = earning.why
    return [_row(step, earning.currency, why, rules) for step in why.get("steps", ())]


def _row(step: Step, currency: str, why: Mapping[str, Any], rules: Mapping[int, RateRule]) -> BillRow:
    what = str(step.get("what", ""))
    named = step.get("rule") or (why.get("rule") if what in {"commission", "supply_price"} else None)
    how = HOW.get(what, _plain)(step, currency)
    name = str(WHAT.get(what, what.replace("_", " ")))
    return BillRow(name, how, int(step.get("minor", 0)), rule_words(named, rules), cuts_of(step, currency))


def rule_words(named: Mapping[str, Any] | None, rules: Mapping[int, RateRule]) -> str:
    """Which version of which rule; since when and why, where the reader may know it."""
    if not named:
        return ""
    told = _("rule %(series)s, version %(version)s", series=named.get("series"), version=named.get("version"))
    rule = rules.get(int(named.get("id") or 0))
    return f"{told} · {rule.reason}" if rule is not None and rule.reason else told


def rule_ids(why: Mapping[str, Any]) -> set[int]:
    """The rules that a bill speaks of."""
    named = [why.get("rule"), *(step.get("rule") for step in why.get("steps", ()))]
    return {int(one["id"]) for one in named if one and one.get("id")}


def _supply(step: Step, currency: str) -> str:
    if "each_minor" not in step:
        return ""
    each = _money(step["each_minor"], currency)
    told = ngettext(
        "%(each)s each, %(num)d piece", "%(each)s each, %(num)d pieces", step.get("quantity", 1), each=each
    )
    if abs(int(step["minor"])) < int(step["each_minor"]) * int(step.get("quantity", 1)):
        return f"{told}; {_('no more than it was sold for')}"
    return told


def _rate(step: Step, currency: str) -> str:
    if "slices" in step:
        before = _money(step.get("volume_minor", 0), currency)
        told = _(
            "%(base)s, slice by slice, after %(before)s this month",
            base=_money(step["base_minor"], currency),
            before=before,
        )
    elif "rate_bps" in step and "base_minor" in step:
        told = _(
            "%(rate)s of %(base)s", rate=percent(step["rate_bps"]), base=_money(step["base_minor"], currency)
        )
    else:
        return ""
    return f"{told}, {_('rounded down')}" if step.get("rounding") == "down" else told


def _override(step: Step, currency: str) -> str:
    told = _rate(step, currency)
    pot = POTS.get(str(step.get("pot")))
    return f"{told}; {_('paid from %(pot)s', pot=pot)}" if told and pot else told


def _fee(step: Step, currency: str) -> str:
    wanted = step.get("wanted_minor")
    if wanted is None or int(wanted) == abs(int(step["minor"])):
        return ""
    return _("of %(wanted)s, as much as there was", wanted=_money(wanted, currency))


def _plain(step: Step, currency: str) -> str:
    """Whatever facts a step carries that nobody has put into words yet."""
    return ", ".join(
        f"{name.removesuffix('_minor').replace('_', ' ')}: "
        + (_money(value, currency) if name.endswith("_minor") else str(value))
        for name, value in step.items()
        if name not in {"what", "minor", "rule"} and isinstance(value, int | str)
    )


HOW: dict[str, Callable[[Step, str], str]] = {
    "sold_for": lambda _step, _currency: "",
    "supply_price": _supply, "commission": _rate, "boost": _rate, "override": _override, "override1": _rate,
    "override2": _rate,
    "gateway_fee": _fee, "platform_fee": _fee,
}  # fmt: skip


def cuts_of(step: Step, currency: str) -> list[Cut]:
    """The base of a rate, cut where the rate changes; none where there is no rate."""
    if step.get("slices"):
        parts = [(one["amount_minor"], one["rate_bps"], one.get("from_minor")) for one in step["slices"]]
    elif step.get("base_minor") and "rate_bps" in step:
        parts = [(step["base_minor"], step["rate_bps"], None)]
    else:
        return []
    whole, begin, cuts = sum(part[0] for part in parts) or 1, 0, []
    for amount, bps, start in parts:
        share = amount * 1000 // whole
        cuts.append(Cut(amount, percent(bps), _exact(amount * bps, currency), begin, share, start))
        begin += share
    return cuts


def return_words(row: EarningReturn, currency: str) -> str:
    """Why something was taken back, or given again, in one sentence."""
    why = row.why
    if why.get("kind") == "undone":
        return _("The refund did not arrive, or the dispute was won: what had been taken was given again.")
    told = [REASONS.get(str(why.get("kind")), _("Money went back to the buyer"))]
    share = why.get("share")
    if "refunded_minor" in why and not share:
        told.append(_money(why["refunded_minor"], currency))
    if share and len(share) == 2 and share[1]:
        told.append(
            _(
                "%(part)s of the %(rest)s that was left",
                part=_money(share[0], currency),
                rest=_money(share[1], currency),
            )
        )
    if why.get("commission_minor") is not None:
        told.append(
            _("the month stood at %(volume)s, so %(part)s of commission came off its top",
              volume=_money(why.get("volume_minor", 0), currency), part=_money(why["commission_minor"], currency))
        )  # fmt: skip
    return " · ".join(str(part) for part in told)


def _exact(ten_thousandths: int, currency: str) -> str:
    """What a slice earns before the sum of all is rounded, to the last digit there is."""
    form = pattern(currency, str(get_locale()))
    digits = form.digits + 4
    whole, rest = divmod(ten_thousandths, 10**digits)
    decimals = f"{rest:0{digits}d}".rstrip("0").ljust(form.digits, "0")
    return f"{form.before}{whole:,}{(form.point or '.') if decimals else ''}{decimals}{form.after}"


REASONS = {
    "refund": lazy_gettext("Refund to the buyer"),
    "chargeback": lazy_gettext("The buyer's bank took the payment back"),
}


def _money(minor: Any, currency: str) -> str:
    return money(int(minor), currency, str(get_locale()))

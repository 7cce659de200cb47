"""Rules of pay in words: what they give, what they are for and for whom."""

from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _

from app.web.console.names import named
from app.web.look.money import money

RULE_KINDS = {
    "margin": lazy_gettext("Supply price"),
    "commission": lazy_gettext("Commission"),
    "boost": lazy_gettext("Boost"),
    "override": lazy_gettext("Recruiters' override"),
}
RULE_STATES = {
    "now": (lazy_gettext("In force"), "success"),
    "coming": (lazy_gettext("Coming"), "info"),
    "ended": (lazy_gettext("Ended"), ""),
    "never": (lazy_gettext("Never began"), ""),
}
POTS = {
    "brand": lazy_gettext("the brand"),
    "distributor": lazy_gettext("the selling distributor"),
    "platform": lazy_gettext("the platform"),
}


def percent(bps: int) -> str:
    """Basis points as people read them: 12.5 %."""
    return f"{bps / 100:.2f}".rstrip("0").rstrip(".") + " %"


def cash(minor: int, currency: str) -> str:
    return money(minor, currency, str(get_locale()))


def what_it_gives(kind: str, value: Mapping[str, Any], currency: str = "CNY") -> str:
    """A rule's value in one sentence."""
    if kind == "margin":
        return _("Supply price %(price)s a piece", price=cash(value["supply_minor"], currency))
    if kind == "boost":
        return _("%(rate)s more", rate=percent(value["add_bps"]))
    if kind == "override":
        return _(
            "%(first)s to the recruiter, %(second)s to theirs, paid by %(pot)s",
            first=percent(value.get("step1_bps", 0)), second=percent(value.get("step2_bps", 0)),
            pot=str(POTS[value["pot"]]),
        )  # fmt: skip
    return commission_words(value)


def commission_words(value: Mapping[str, Any]) -> str:
    """A flat rate, or the span of a table."""
    if "brackets" not in value:
        return _("Commission %(rate)s", rate=percent(value["rate_bps"]))
    rates = [row["rate_bps"] for row in value["brackets"]]
    return _(
        "Commission %(low)s to %(high)s by the month's sales",
        low=percent(min(rates)),
        high=percent(max(rates)),
    )


def terms_words(terms: Mapping[str, Any], currency: str) -> str:
    """What an order line's terms give its seller, in few words."""
    if terms["kind"] == "margin":
        words = _("Supply price %(price)s", price=cash(terms["supply_price_minor"], currency))
    else:
        words = commission_words(terms)
    if "boost" in terms:
        words += " + " + percent(terms["boost"]["add_bps"])
    return words


def bracket_rows(value: Mapping[str, Any]) -> list[tuple[int, int | None, int]]:
    """(from, up to, rate) of each bracket; the last has no end."""
    rows = value.get("brackets")
    if not rows:
        return []
    ends = [*(row["from_minor"] for row in rows[1:]), None]
    return [(row["from_minor"], end, row["rate_bps"]) for row, end in zip(rows, ends, strict=True)]


def for_what(product: Any, sku: Any) -> str:
    if sku is not None:
        return f"{named(product)} · {named(sku)}" if product is not None else named(sku)
    return named(product) if product is not None else _("Everything of the brand")


def for_whom(level: Any, distributor: Any) -> str:
    if distributor is not None:
        return str(distributor.name)
    return _("Level %(name)s", name=named(level)) if level is not None else _("All distributors")


def state_of(rule: Any, now: Any) -> str:
    """now, coming, ended, or never: it ended before it began."""
    if rule.ends_at is not None and rule.ends_at <= rule.starts_at:
        return "never"
    if rule.starts_at > now:
        return "coming"
    return "ended" if rule.ends_at is not None and rule.ends_at <= now else "now"

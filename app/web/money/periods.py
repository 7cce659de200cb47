"""Which days a page is about, as its address asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from app.domain.commissions.calendar import day_of
from app.domain.ledger.statements import Days
from app.foundation import clock

LONGEST = 366
"""Days of one page or statement; more than a year is several of them."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days, the name they were asked by, and what was wrong with what was asked."""

    days: Days
    name: str
    wrong: str = ""

    @property
    def address(self) -> dict[str, str]:
        """The same period in an address; fixed days, so that a link says tomorrow what it says today."""
        return {"since": self.days.since.isoformat(), "until": self.days.until.isoformat()}


def today() -> date:
    return day_of(clock.now())


def known() -> dict[str, Days]:
    """The periods that have a name, newest business day last."""
    now = today()
    month = now.replace(day=1)
    before = month - timedelta(days=1)
    return {
        "today": Days(now, now),
        "week": Days(now - timedelta(days=6), now),
        "days30": Days(now - timedelta(days=29), now),
        "month": Days(month, now),
        "last_month": Days(before.replace(day=1), before),
        "days90": Days(now - timedelta(days=89), now),
    }


def names() -> dict[str, str]:
    return {
        "today": _("Today"), "week": _("7 days"), "days30": _("30 days"), "month": _("This month"),
        "last_month": _("Last month"), "days90": _("90 days"),
    }  # fmt: skip


def asked(query: Mapping[str, str], *, usual: str) -> Period:
    """The period of an address: a name, or two days. What cannot be is said, and the usual one is shown."""
    periods = known()
    since, until = query.get("since", ""), query.get("until", "")
    if not since and not until:
        name = query.get("period", "")
        name = name if name in periods else usual
        return Period(periods[name], name)
    wrong = ""
    try:
        days = Days(date.fromisoformat(since), date.fromisoformat(until))
    except ValueError:
        return Period(periods[usual], usual, _("Type both days, for example 2026-11-01."))
    if days.until < days.since:
        wrong = _("The last day comes before the first.")
    elif (days.until - days.since).days >= LONGEST:
        wrong = _("A year at most: ask for two periods instead.")
    elif not 2000 <= days.since.year <= 2200 or days.until.year > 2200:
        wrong = _("These days are too far away.")
    if wrong:
        return Period(periods[usual], usual, wrong)
    named = next((name for name, those in periods.items() if those == days), "")
    return Period(days, named)

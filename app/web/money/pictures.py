"""Pictures of money, as options for the chart macro. Figures in major units, for drawing only."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from app.domain.commissions.earned import Slice
from app.domain.ledger.statements import Days
from app.foundation.money import Money
from app.web.look import times

SHOWN_AHEAD = 14


def by_day(days: Days, parts: Sequence[Slice], currency: str) -> dict[str, Any]:
    """Earned above the line and returned below it, for every day of the period."""
    found = {part.key: part for part in parts}
    axis = every_day(days)
    bar = {"type": "bar", "stack": "day", "barMaxWidth": 26}
    return {
        "legend": {"top": 0, "right": 0, "icon": "roundRect", "itemWidth": 12, "itemHeight": 8},
        "grid": {"left": 8, "right": 12, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [day_name(day) for day in axis]},
        "yAxis": {"type": "value"},
        "series": [
            {
                **bar,
                "name": _("Earned"),
                "data": [_major(found, day, "earned_minor", currency) for day in axis],
            },
            {
                **bar,
                "name": _("Returned"),
                "data": [_major(found, day, "returned_minor", currency) for day in axis],
            },
        ],
    }


def every_day(days: Days) -> list[date]:
    return [days.since + timedelta(days=past) for past in range((days.until - days.since).days + 1)]


def day_name(day: date) -> str:
    return times.day(day, str(get_locale()))


def _major(found: Mapping[date, Slice], day: date, name: str, currency: str) -> float:
    return _float(getattr(found[day], name), currency) if day in found else 0


def _float(minor: int, currency: str) -> float:
    return float(Money(minor, currency).decimal())


def maturing(rows: Sequence[tuple[date, int]], currency: str) -> dict[str, Any]:
    """What becomes available when: the next days one by one, everything after them in one bar."""
    near, far = rows[:SHOWN_AHEAD], rows[SHOWN_AHEAD:]
    names, values = [day_name(day) for day, _minor in near], [_float(minor, currency) for _day, minor in near]
    if far:
        names.append(_("later"))
        values.append(_float(sum(minor for _day, minor in far), currency))
    return {
        "grid": {"left": 8, "right": 12, "top": 12, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": names},
        "yAxis": {"type": "value"},
        "series": [{"type": "bar", "name": _("Becomes available"), "data": values, "barMaxWidth": 26}],
    }

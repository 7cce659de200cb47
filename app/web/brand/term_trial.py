"""What a change of terms would do: whom it reaches, and who would have earned what of what was really sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g
from flask_babel import gettext as _

from app.domain.commissions import rule_queries as queries
from app.domain.commissions import trial
from app.domain.commissions.calendar import ZONE, month_of
from app.domain.commissions.clashes import reach
from app.domain.commissions.drafts import Change, Draft, Ending, changed
from app.domain.commissions.rules import Rule
from app.domain.commissions.trial import Sum, Tried
from app.foundation import clock
from app.foundation.money import Money
from app.web.console.names import named

SHOWN = 100
BARS = 12


@dataclass(frozen=True, slots=True)
class Preview:
    """What the preview page shows of one change."""

    skus: int
    partners: int
    since: datetime
    until: datetime
    lines: int
    changed: int
    cut_off: bool
    parties: Mapping[str, Mapping[str, Sum]]
    rows: Sequence[Mapping[str, Any]]
    chart: Mapping[str, Any] | None
    shown: Sequence[Tried]
    shown_name: str = ""


def period(name: str) -> tuple[datetime, datetime]:
    """The last thirty days, or the last whole business month."""
    now = clock.now()
    if name != "month":
        return now - timedelta(days=30), now
    this = month_of(now)
    before = (this - timedelta(days=1)).replace(day=1)
    return tuple(datetime(day.year, day.month, 1, tzinfo=ZONE) for day in (before, this))  # type: ignore[return-value]  # two of them


def preview(change: Change, *, wanted: str = "", show: int | None = None) -> Preview:
    """Try a change that has been checked on the open brand's own lines."""
    brand_id = g.seat.brand_id
    rules = queries.all_rules(brand_id)
    since, until = period(wanted)
    lines = queries.sold_lines(since, until)
    results = trial.tried(lines, rules, change)
    rows = _rows(results)
    skus, partners = _reach(brand_id, rules, change)
    shown = [one for one in trial.of_distributor(results, show) if one.differs][:SHOWN] if show else []
    name = next((row["name"] for row in rows if row["id"] == show), "") if show else ""
    return Preview(
        len(skus), len(partners), since, until, len(lines), sum(one.differs for one in results),
        len(lines) == queries.MOST_LINES, trial.by_party(results), rows, _chart(rows), shown, name,
    )  # fmt: skip


def _reach(brand_id: int, rules: Sequence[Rule], change: Change) -> tuple[set[int], set[int]]:
    now = clock.now()
    at = (change.at if isinstance(change, Ending) else change.starts_at) or now
    goods = queries.goods_of(brand_id, change if isinstance(change, Draft) else None)
    partners = {one.id: level for one, level in queries.partners(brand_id)}
    return reach(rules, changed(rules, change, now=now), goods, partners, at=at)


def _rows(results: Sequence[Tried]) -> list[dict[str, Any]]:
    sums = trial.by_distributor(results)
    names = queries.names_of({owner for owner, _currency in sums})
    levels = {one.id: named(one) for one in queries.levels(g.seat.brand_id)}
    level_of = {one.id: level for one, level in queries.partners(g.seat.brand_id)}
    rows = [
        {
            "id": owner, "name": names.get(owner) or _("A recruiter who does not sell your goods"),
            "currency": currency, "level": levels.get(level_of.get(owner) or 0, ""), "sum": sum_,
        }
        for (owner, currency), sum_ in sums.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-abs(row["sum"].more_minor), str(row["name"])))


def _chart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The largest differences as bars, in whole units of the first currency."""
    first = rows[0]["currency"] if rows else ""
    bars = [row for row in rows if row["currency"] == first and row["sum"].more_minor][:BARS]
    if not bars:
        return None
    return {
        "xAxis": {"type": "category", "data": [row["name"] for row in bars], "axisLabel": {"hideOverlap": True}},
        "yAxis": {"type": "value"},
        "legend": {"top": 0},
        "grid": {"left": 8, "right": 12, "top": 36, "bottom": 8, "containLabel": True},
        "series": [
            _bars(_("As it was"), [row["sum"].was_minor for row in bars], first),
            _bars(_("As it would have been"), [row["sum"].would_minor for row in bars], first),
        ],
    }  # fmt: skip


def _bars(name: str, minor: Sequence[int], currency: str) -> dict[str, Any]:
    data = [float(Money(one, currency).decimal()) for one in minor]
    return {"name": name, "type": "bar", "barMaxWidth": 22, "data": data}

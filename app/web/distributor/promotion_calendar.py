"""A month of promotions: what runs when, and what meets what."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any

from flask import render_template, request
from flask_babel import format_date
from flask_babel import gettext as _

from app.domain.commissions.calendar import ZONE
from app.domain.promotions import lists
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.stored import promotion_of
from app.foundation import clock
from app.web.console.names import WEEKDAYS
from app.web.console.promotion_words import STATES, state_of, titled
from app.web.distributor import distributor
from app.web.distributor.promotions import owner

LANES, MOST_PAIRS = 8, 12


@dataclass(frozen=True, slots=True)
class Span:
    """A promotion on the days it runs, both included."""

    id: int
    title: str
    state: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Bar:
    """A span's part in one week: columns 1 to 7, its lane from 2 down; whether it comes from before, goes on after."""

    span: Span
    start: int
    end: int
    lane: int
    comes_in: bool
    goes_on: bool


@distributor.get("/shops/<slug>/promotions/calendar")
def promotion_calendar(slug: str) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    """One month; on a phone the days on which something changes."""
    today = clock.now().astimezone(ZONE).date()
    first = _month(request.args.get("month", ""), today)
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    begins, ends = _midnight(weeks[0][0]), _midnight(weeks[-1][-1] + timedelta(days=1))
    rows = lists.shown_between(owner(), begins, ends)
    spans = [_span(row, weeks[-1][-1]) for row in rows]
    return render_template(
        "distributor/promotion_calendar.html", today=today, first=first, month_name=format_date(first, _("MMMM y")),
        weeks=[(week, *_bars(week, spans)) for week in weeks], days=_days(spans, first, today), names=WEEKDAYS,
        before=(first - timedelta(days=1)).strftime("%Y-%m"), after=(first + timedelta(days=32)).strftime("%Y-%m"),
        this_month=today.strftime("%Y-%m"), states=STATES, pairs=_pairs(rows), any=bool(spans),
    )  # fmt: skip


def _month(typed: str, today: date) -> date:
    try:
        return datetime.strptime(typed, "%Y-%m").replace(tzinfo=UTC).date() if typed else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def _span(row: StoredPromotion, until: date) -> Span:
    ends = [at for at in (row.ends_at, row.ended_at) if at is not None]
    last = min(ends).astimezone(ZONE) - timedelta(microseconds=1) if ends else None
    first = row.starts_at.astimezone(ZONE).date()
    last_day = max(last.date(), first) if last is not None else max(until + timedelta(days=1), first)
    return Span(row.id, titled(row), state_of(row, clock.now()), first, last_day)


def _bars(week: Sequence[date], spans: Sequence[Span]) -> tuple[list[Bar], int]:
    """The week's bars in as few lanes as they fit in; how many did not."""
    lanes: list[int] = []
    bars, left_out = [], 0
    for span in spans:
        if span.last < week[0] or span.first > week[-1]:
            continue
        start = max((span.first - week[0]).days, 0) + 1
        end = min((span.last - week[0]).days, 6) + 1
        lane = next((at for at, taken in enumerate(lanes) if taken < start), len(lanes))
        if lane >= LANES:
            left_out += 1
            continue
        lanes[lane : lane + 1] = [end]
        bars.append(Bar(span, start, end, lane + 2, span.first < week[0], span.last > week[-1]))
    return bars, left_out


def _days(spans: Sequence[Span], first: date, today: date) -> list[tuple[date, list[tuple[str, Span]]]]:
    """The days of the month on which something begins or ends, and today with all that runs."""
    found = []
    day = first
    while day.month == first.month:
        told = [("begins", span) for span in spans if span.first == day]
        told += [("ends", span) for span in spans if span.last == day and span.first != day]
        if day == today:
            told += [("runs", span) for span in spans if span.first < day < span.last]
        if told or day == today:
            found.append((day, told))
        day += timedelta(days=1)
    return found


def _pairs(rows: Sequence[StoredPromotion]) -> list[dict[str, Any]]:
    """Two that are on at once and may meet in one order, and what comes of it."""
    now, found = clock.now(), []
    near = [row for row in rows if state_of(row, now) in {"running", "coming", "paused"}]
    for one, other in combinations(near, 2):
        if not (_before_end(one, other) and _before_end(other, one) and _same_goods(one, other)):
            continue
        a, b = promotion_of(one), promotion_of(other)
        what = "lower" if a.is_offer and b.is_offer else "both" if a.combines_with(b) else "one"
        found.append({"one": one.id, "other": other.id, "names": (titled(one), titled(other)), "what": what})
    return found[:MOST_PAIRS]


def _before_end(one: StoredPromotion, other: StoredPromotion) -> bool:
    return other.ends_at is None or one.starts_at < other.ends_at


def _same_goods(one: StoredPromotion, other: StoredPromotion) -> bool:
    """Whether they may be for the same goods; a category and a product are not compared, so they may."""
    if one.target_of != other.target_of or one.target_of == "all":
        return True
    return not set(one.target_ids).isdisjoint(other.target_ids)

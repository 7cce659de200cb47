"""Once a day at most a firm hears what became available, and what was taken back from what already was."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from app.domain.commissions import news
from app.domain.commissions.calendar import ZONE, day_of
from app.domain.commissions.news import Contact, Moved
from app.domain.ledger.firms import Firm
from app.domain.notifications import service as notifications
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope

TELLS = {"maturity": "earnings_available", "return": "earnings_taken"}
"""The kind of mail for a kind of transaction."""
FROM_HOUR = 8
"""In the morning of the house's business day; what happened the day before is told then."""
LOOK_BACK = 7
"""Days that are made up for after the clock stood still, in one mail."""


def tell_earnings() -> int:
    """Write to every firm whose available money moved since it was last told; how many mails."""
    now = clock.now()
    if now.astimezone(ZONE).hour < FROM_HOUR:
        return 0
    until = datetime.combine(day_of(now), time(), ZONE)
    return sum(_tell(kind, until) for kind in TELLS)


def _tell(kind: str, until: datetime) -> int:
    last = (until - timedelta(days=1)).date()
    with platform_scope(), unit_of_work():
        by_firm: dict[Firm, list[Moved]] = defaultdict(list)
        for row in news.moved(kind, until - timedelta(days=LOOK_BACK), until):
            by_firm[row.firm].append(row)
        days = [last - timedelta(days=back) for back in range(LOOK_BACK)]
        done = news.decided([_key(kind, firm, day) for firm in by_firm for day in days])
        contacts = news.contacts_of(by_firm)
    told = 0
    for firm, rows in by_firm.items():
        since = max(
            (day for day in days if _key(kind, firm, day) in done), default=days[-1] - timedelta(days=1)
        )
        new = [row for row in rows if row.day > since]
        if new and firm in contacts:
            _write(kind, firm, new, contacts[firm], last)
            told += 1
    return told


def _key(kind: str, firm: Firm, day: date) -> str:
    """One occasion for each firm, kind and day: it is never told twice."""
    return f"{TELLS[kind]}:{firm.kind}:{firm.id}:{day}"


def _write(kind: str, firm: Firm, rows: Sequence[Moved], contact: Contact, last: date) -> None:
    first = min(row.day for row in rows)
    with _scope_of(firm), unit_of_work() as work:
        notifications.write(
            work, key=_key(kind, firm, last), kind=TELLS[kind], recipient=contact.email, locale=contact.locale,
            shop_id=None, sums=_sums(rows), since=first.isoformat(), until=last.isoformat(),
            page=_page(kind, firm, rows[0].currency, first, last),
        )  # fmt: skip


def _sums(rows: Sequence[Moved]) -> list[dict[str, Any]]:
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.currency] += row.minor
    return [{"currency": currency, "minor": minor} for currency, minor in sorted(sums.items())]


def _page(kind: str, firm: Firm, currency: str, first: date, last: date) -> str:
    """Where the firm sees what the mail speaks of."""
    days = f"since={first}&until={last}&currency={currency}"
    return (
        f"/{firm.kind}/statements?{days}"
        if kind == "maturity"
        else f"/{firm.kind}/earnings/lines?by=returned&{days}"
    )


def _scope_of(firm: Firm) -> Any:
    return brand_scope(firm.id) if firm.brand_id is not None else distributor_scope(firm.id)

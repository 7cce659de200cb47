"""What happened to firms' available money on which days, and whom to tell."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text

from app.domain.ledger.firms import Firm
from app.domain.notifications.models import Mail
from app.foundation.database import session

# By the time of posting: what was posted late is told late, and not never.
MOVED = text("""
    SELECT e.brand_id, e.distributor_id, e.currency, (t.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
        sum(e.amount_minor) AS minor, count(*) AS many
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.posted_at >= :since AND t.posted_at < :until AND t.kind = :kind
      AND e.account IN ('brand_available', 'distributor_available')
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""")
CONTACTS = text("""
    SELECT b.id AS brand_id, NULL::bigint AS distributor_id, b.contact_email, o.email, o.locale FROM brands b
    LEFT JOIN LATERAL (SELECT u.email, u.locale FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.brand_id = b.id AND m.role = 'owner' AND u.disabled_at IS NULL ORDER BY m.id LIMIT 1) o ON true
    WHERE b.id = ANY (:brands)
    UNION ALL
    SELECT NULL, d.id, d.contact_email, o.email, o.locale FROM distributors d
    LEFT JOIN LATERAL (SELECT u.email, u.locale FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.distributor_id = d.id AND m.role = 'owner' AND u.disabled_at IS NULL ORDER BY m.id LIMIT 1) o ON true
    WHERE d.id = ANY (:distributors)
""")


@dataclass(frozen=True, slots=True)
class Moved:
    """What one business day added to (or took from) a firm's available money, in minor units."""

    firm: Firm
    currency: str
    day: date
    minor: int
    postings: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a firm reads its mail, and in which language."""

    email: str
    locale: str


def moved(kind: str, since: datetime, until: datetime) -> list[Moved]:
    """What transactions of a kind did to available money, by firm, currency and day; needs the platform's scope."""
    rows = session().execute(MOVED, {"kind": kind, "since": since, "until": until})
    return [
        Moved(Firm(row.brand_id, row.distributor_id), row.currency, row.day, int(row.minor), row.many)
        for row in rows
    ]


def contacts_of(firms: Collection[Firm]) -> dict[Firm, Contact]:
    """The contact address of each firm, else its owner's; a firm with neither is left out."""
    asked = {
        "brands": sorted({firm.id for firm in firms if firm.brand_id is not None}),
        "distributors": sorted({firm.id for firm in firms if firm.distributor_id is not None}),
    }
    found = {}
    for row in session().execute(CONTACTS, asked):
        email = row.contact_email or row.email
        if email:
            found[Firm(row.brand_id, row.distributor_id)] = Contact(email, row.locale or "zh_Hans")
    return found


def decided(keys: Sequence[str]) -> set[str]:
    """Which of these mails have been decided on."""
    return set(session().execute(select(Mail.key).where(Mail.key.in_(keys))).scalars())

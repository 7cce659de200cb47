"""What fees are tried on, and how they stand; in the platform's scope."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.domain.brands.models import Brand
from app.domain.commissions.fee_trial import OrderFacts, PaidOut
from app.domain.commissions.models import FeeRule
from app.domain.commissions.trial import SoldLine
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

MOST_LINES = 20_000
LINES = text("""
    SELECT r.brand_id, l.id, l.order_id, o.number, r.distributor_id, l.sku_id, l.product_id, l.product_name, l.sku_name,
        l.quantity, r.currency, r.net_minor, l.funded_brand_minor,
        l.funded_platform_minor, 0, l.terms, r.parts, r.counted, r.month, o.quoted_at, t.occurred_at, 0
    FROM settlements r JOIN order_lines l ON l.id = r.order_line_id JOIN orders o ON o.id = r.order_id
    JOIN ledger_transactions t ON t.id = r.transaction_id
    WHERE t.occurred_at >= :since AND t.occurred_at < :until ORDER BY r.id DESC LIMIT :most
""")
ORDERS = text("""
    SELECT o.id, o.created_at, p.gateway, l.id AS line_id, l.net_minor, o.credit_minor
    FROM orders o JOIN order_lines l ON l.order_id = o.id LEFT JOIN payments p ON p.id = o.payment_id
    WHERE o.id = ANY (:orders) ORDER BY o.id, l.id
""")
PAYOUTS = text("""
    SELECT currency, amount_minor, fee_minor, created_at FROM payouts
    WHERE created_at >= :since AND created_at < :until AND state NOT IN ('failed', 'cancelled') LIMIT :most
""")


def sold_lines(since: datetime, until: datetime, *, most: int = MOST_LINES) -> list[tuple[int, SoldLine]]:
    """(brand, line) of everything that was delivered in a period and settled, the newest first; at most so many."""
    found = session().execute(LINES, {"since": since, "until": until, "most": most})
    return [(row[0], SoldLine(*row[1:])) for row in found]


def order_facts(order_ids: Collection[int]) -> dict[int, OrderFacts]:
    """What fees are taken by, for orders."""
    nets: dict[int, dict[int, int]] = defaultdict(dict)
    heads: dict[int, tuple[datetime, str | None, int]] = {}
    for row in session().execute(ORDERS, {"orders": sorted(order_ids)}):
        heads[row.id] = (row.created_at, row.gateway, row.credit_minor)
        nets[row.id][row.line_id] = row.net_minor
    return {
        order_id: OrderFacts(at, gateway, nets[order_id], credit)
        for order_id, (at, gateway, credit) in heads.items()
    }


def paid_out(since: datetime, until: datetime) -> list[PaidOut]:
    """The payouts of a period that went or are going."""
    found = session().execute(PAYOUTS, {"since": since, "until": until, "most": MOST_LINES})
    return [PaidOut(*row) for row in found]


def fees_page(asked: Asked) -> Page[Any]:
    """(fee, brand): every fee there has been or will be."""
    found = select(FeeRule, Brand).outerjoin(Brand, Brand.id == FeeRule.brand_id)
    if asked.get("kind"):
        found = found.where(FeeRule.kind == asked.get("kind"))
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(Brand.name.ilike(like) | FeeRule.gateway.ilike(like) | FeeRule.reason.ilike(like))
    return cut(found, asked, sorts={"since": FeeRule.starts_at}, usual="-since", tie=FeeRule.id)


def brands() -> list[tuple[int, str]]:
    """The brands a fee may be for."""
    found = select(Brand.id, Brand.name).where(Brand.status == "approved").order_by(Brand.name)
    return [(one, name) for one, name in session().execute(found)]

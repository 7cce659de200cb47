"""Reading what is to be settled and writing what it gave, many lines at a time, inside the caller's transaction."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from app.foundation.addresses import mailbox
from app.foundation.database import session

LOCK = text("""
    SELECT o.id, o.shop_id, o.number, o.currency, o.email, o.created_at, s.distributor_id, p.gateway,
        o.credit_minor
    FROM orders o JOIN shops s ON s.id = o.shop_id LEFT JOIN payments p ON p.id = o.payment_id
    WHERE o.id = ANY (:orders) ORDER BY o.id FOR NO KEY UPDATE OF o
""")
# The claim: whoever sets the mark settles the line, and nobody sets it twice.
CLAIM = text("""
    UPDATE order_lines l SET settled = true FROM deliveries d
    WHERE l.order_id = ANY (:orders) AND l.state = 'delivered' AND NOT l.settled
      AND d.order_line_id = l.id AND d.state = 'delivered'
    RETURNING l.id, l.order_id, l.shop_id, l.brand_id, l.product_id, l.sku_id, l.product_name, l.sku_name, l.quantity,
        l.net_minor, l.funded_brand_minor, l.funded_platform_minor, l.terms, d.delivered_at
""")
NETS = text(
    "SELECT order_id, id, net_minor FROM order_lines WHERE order_id = ANY (:orders) ORDER BY order_id, id"
)
STAFF = text("""
    SELECT m.distributor_id, u.email FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.distributor_id = ANY (:distributors)
    UNION SELECT id, contact_email FROM distributors WHERE id = ANY (:distributors) AND contact_email <> ''
""")
# In one order for everybody, so that two batches never wait for each other in a circle.
ADD_VOLUME = text("""
    INSERT INTO volumes AS v (brand_id, distributor_id, currency, month, volume_minor)
    SELECT b, d, c, m, n FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(b bigint, d bigint, c text, m date, n bigint)
    ORDER BY b, d, c, m
    ON CONFLICT (brand_id, distributor_id, currency, month)
        DO UPDATE SET volume_minor = v.volume_minor + EXCLUDED.volume_minor
    RETURNING brand_id, distributor_id, currency, month, volume_minor
""")
EARNINGS = text("""
    INSERT INTO earnings (transaction_id, brand_id, distributor_id, role, shop_id, seller_id, of_brand_id, order_id,
        order_line_id, order_number, product_id, sku_id, product_name, sku_name, quantity, currency, net_minor,
        amount_minor, level, why, earned_at, matures_at)
    SELECT transaction_id, brand_id, distributor_id, role, shop_id, seller_id, of_brand_id, order_id, order_line_id,
        order_number, product_id, sku_id, product_name, sku_name, quantity, currency, net_minor, amount_minor, level,
        why, earned_at, matures_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(transaction_id bigint, brand_id bigint, distributor_id bigint,
        role text, shop_id bigint, seller_id bigint, of_brand_id bigint, order_id bigint, order_line_id bigint,
        order_number text, product_id bigint, sku_id bigint, product_name text, sku_name text, quantity bigint,
        currency text, net_minor bigint, amount_minor bigint, level text, why jsonb, earned_at timestamptz,
        matures_at timestamptz)
""")
SETTLEMENTS = text("""
    INSERT INTO settlements (transaction_id, shop_id, distributor_id, brand_id, order_id, order_line_id, currency,
        net_minor, base_minor, counted, month, parts)
    SELECT transaction_id, shop_id, distributor_id, brand_id, order_id, order_line_id, currency, net_minor, base_minor,
        counted, month, parts
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(transaction_id bigint, shop_id bigint, distributor_id bigint,
        brand_id bigint, order_id bigint, order_line_id bigint, currency text, net_minor bigint, base_minor bigint,
        counted boolean, month date, parts jsonb)
""")
VolumeKey = tuple[int, int, str, date]


@dataclass(frozen=True, slots=True)
class Sold:
    """A delivered line that this transaction has claimed, with its order's facts. Money in minor units."""

    id: int
    order_id: int
    shop_id: int
    brand_id: int
    product_id: int
    sku_id: int
    product_name: str
    sku_name: str
    quantity: int
    net_minor: int
    funded_brand_minor: int
    funded_platform_minor: int
    terms: dict[str, Any]
    delivered_at: datetime
    number: str
    currency: str
    ordered_at: datetime
    seller_id: int
    gateway: str | None
    credit_minor: int
    """What of the order was paid with store credit: no gateway kept a fee of it."""
    own: bool
    """Bought by somebody who works for the seller."""


def claim(order_ids: Collection[int], shop_of: Mapping[int, int | None]) -> list[Sold]:
    """Lock these orders and mark their delivered lines as settled; the lines that are ours to settle.

    `shop_of` says for which shop each order was named; an order of another shop is left alone.
    """
    orders = {
        row.id: row
        for row in session().execute(LOCK, {"orders": sorted(order_ids)})
        if shop_of.get(row.id) in {None, row.shop_id}
    }
    rows = session().execute(CLAIM, {"orders": sorted(orders)}).all() if orders else []
    staff = _staff({orders[row.order_id].distributor_id for row in rows})
    found = []
    for row in sorted(rows, key=lambda row: row.id):
        order = orders[row.order_id]
        facts: dict[str, Any] = {
            "number": order.number,
            "currency": order.currency,
            "ordered_at": order.created_at,
            "seller_id": order.distributor_id,
            "gateway": order.gateway,
            "credit_minor": order.credit_minor,
            "own": mailbox(order.email) in staff[order.distributor_id],
        }
        found.append(Sold(**row._asdict(), **facts))
    return found


def _staff(distributor_ids: Collection[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    if distributor_ids:
        for distributor_id, email in session().execute(STAFF, {"distributors": sorted(distributor_ids)}):
            found[distributor_id].add(mailbox(email))
    return found


def nets_of(order_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """The nets of all lines of these orders, by order and line."""
    nets: dict[int, dict[int, int]] = defaultdict(dict)
    for order_id, line_id, net in session().execute(NETS, {"orders": sorted(order_ids)}):
        nets[order_id][line_id] = net
    return nets


def add_volumes(more: Mapping[VolumeKey, int]) -> dict[VolumeKey, int]:
    """Add to months' volumes (negative takes away) and hold them for this transaction; what each stood at before."""
    rows = [
        {"b": brand, "d": distributor, "c": currency, "m": month.isoformat(), "n": minor}
        for (brand, distributor, currency, month), minor in more.items()
    ]
    if not rows:
        return {}
    found = session().execute(ADD_VOLUME, {"rows": json.dumps(rows)})
    return {
        (row.brand_id, row.distributor_id, row.currency, row.month): row.volume_minor
        - more[row.brand_id, row.distributor_id, row.currency, row.month]
        for row in found
    }


def write(earnings: Sequence[Mapping[str, Any]], settlements: Sequence[Mapping[str, Any]]) -> None:
    """Insert earnings and settlements; a line that was settled before violates a constraint."""
    session().execute(EARNINGS, {"rows": json.dumps(earnings)})
    session().execute(SETTLEMENTS, {"rows": json.dumps(settlements)})

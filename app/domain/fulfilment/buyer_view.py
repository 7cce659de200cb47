"""What a buyer sees of an order's lines: one SELECT for what was bought and what became of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from app.foundation.database import session

LINES = text("""
    SELECT l.id, l.listing_id, l.product_name, l.product_name_en, l.sku_name, l.sku_name_en, l.delivery_kind,
        l.quantity, l.offer_minor, l.discount_minor, l.net_minor, l.state, l.buyer_fields,
        d.state AS delivery_state, d.receipt, d.secret IS NOT NULL AS has_secret,
        p.slug, p.picture, p.redemption, p.redemption_en, s.buyer_fields AS fields,
        EXISTS (SELECT 1 FROM reveals r WHERE r.order_line_id = l.id AND r.actor_kind = 'buyer') AS revealed
    FROM order_lines l
    LEFT JOIN deliveries d ON d.order_line_id = l.id
    LEFT JOIN products p ON p.id = l.product_id
    LEFT JOIN skus s ON s.id = l.sku_id
    WHERE l.order_id = :order
    ORDER BY l.id
""")


def lines_of(order_id: int) -> Sequence[Row[Any]]:
    """The lines of an order of the open shop with their delivery, picture and steps; never a secret."""
    return session().execute(LINES, {"order": order_id}).all()

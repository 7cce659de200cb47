"""A buyer's orders as a list shows them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, text

from app.domain.orders.models import Order
from app.foundation.database import session

Bought = Row[Any]

PAGE = text("""
    SELECT o.number, o.state, o.created_at, o.total_minor, l.product_name, l.product_name_en, l.sku_name, l.sku_name_en,
        p.picture, (SELECT count(*) FROM order_lines m WHERE m.order_id = o.id) AS lines
    FROM (SELECT * FROM orders WHERE email = :email ORDER BY id DESC LIMIT :size OFFSET :skip) o
    JOIN LATERAL (SELECT * FROM order_lines WHERE order_id = o.id ORDER BY id LIMIT 1) l ON true
    LEFT JOIN products p ON p.id = l.product_id
    ORDER BY o.id DESC
""")


def of_buyer(email: str, *, page: int, size: int) -> tuple[Sequence[Bought], int]:
    """A page of the open shop's orders of an e-mail, newest first, and how many there are."""
    total = (
        session().execute(select(func.count()).select_from(Order).where(Order.email == email)).scalar_one()
    )
    rows = session().execute(PAGE, {"email": email, "size": size, "skip": (page - 1) * size}).all()
    return rows, total

"""Attempts at a supplier as rows: read, locked and written, inside the caller's transaction."""

import secrets
from collections.abc import Sequence

from sqlalchemy import select

from app.domain.fulfilment.models import Delivery, SupplierOrder
from app.domain.fulfilment.rules import OPEN, Attempt, State
from app.foundation.database import session
from app.foundation.errors import NotFound


def lock_delivery(delivery_id: int) -> Delivery:
    """The delivery, locked; after its order's lock."""
    found = select(Delivery).where(Delivery.id == delivery_id).with_for_update(key_share=True)
    delivery = session().execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if delivery is None:
        raise NotFound(what="delivery")
    return delivery


def row(supplier_order_id: int) -> SupplierOrder:
    return session().get_one(SupplierOrder, supplier_order_id, populate_existing=True)


def open_rows(delivery_ids: Sequence[int]) -> Sequence[SupplierOrder]:
    """Attempts of these deliveries that have not ended."""
    found = select(SupplierOrder).where(
        SupplierOrder.delivery_id.in_(delivery_ids), SupplierOrder.state.in_([state.value for state in OPEN])
    )
    return session().execute(found).scalars().all()


def rows_of(delivery_id: int) -> Sequence[SupplierOrder]:
    """All attempts of a delivery, by unit and then in the order they were made."""
    found = select(SupplierOrder).where(SupplierOrder.delivery_id == delivery_id)
    return session().execute(found.order_by(SupplierOrder.unit, SupplierOrder.position)).scalars().all()


def by_reference(reference: str, *, supplier: str) -> tuple[int, int] | None:
    """(shop id, attempt id) of a reference, if it is this supplier's; needs the platform's scope."""
    found = select(SupplierOrder.shop_id, SupplierOrder.id).where(
        SupplierOrder.reference == reference, SupplierOrder.supplier == supplier
    )
    told = session().execute(found).first()
    return (told[0], told[1]) if told else None


def as_attempt(kept: SupplierOrder) -> Attempt:
    return Attempt(
        supplier=kept.supplier, reference=kept.reference, placed_at=kept.sent_at or kept.placed_at,
        state=State(kept.state), asked=kept.asked, told_at=kept.told_at, number=kept.supplier_number,
        reason=kept.reason,
    )  # fmt: skip


def keep(kept: SupplierOrder, attempt: Attempt) -> None:
    """Write an attempt's new state back onto its row."""
    kept.state, kept.asked, kept.told_at = attempt.state.value, attempt.asked, attempt.told_at
    kept.supplier_number, kept.reason = attempt.number, attempt.reason


def add(delivery: Delivery, *, unit: int, position: int, supplier: str) -> SupplierOrder:
    """A new attempt, written down before anything is sent."""
    made = SupplierOrder(
        shop_id=delivery.shop_id, delivery_id=delivery.id, unit=unit, position=position, supplier=supplier,
        reference=f"top_{secrets.token_hex(12)}", state="placing",
    )  # fmt: skip
    session().add(made)
    session().flush()
    return made

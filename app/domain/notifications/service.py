"""Deciding on a mail, inside the caller's transaction; it is written and sent by a job."""

from typing import Any, Protocol

from sqlalchemy.dialects.postgresql import insert

from app.domain.notifications.models import Mail
from app.foundation.unit_of_work import Work
from tenants.context import PLATFORM, current_scope


class Addressee(Protocol):
    """An order, as far as a mail needs it."""

    id: Any
    shop_id: Any
    number: Any
    email: Any
    locale: Any


def decide(work: Work, order: Addressee, kind: str, **facts: Any) -> None:
    """Write to an order's buyer, once per order and kind (and reason, where there is one)."""
    key = ":".join(["order", str(order.id), kind, str(facts.get("reason", ""))]).rstrip(":")
    write(work, key=key, kind=kind, recipient=order.email, locale=order.locale, shop_id=order.shop_id,
          number=order.number, order_id=order.id, **facts)  # fmt: skip


def write(
    work: Work, *, key: str, kind: str, recipient: str, locale: str, shop_id: int | None, **facts: Any
) -> None:
    """Decide on any mail; the same key never goes twice. Facts never hold a secret."""
    scope = current_scope()
    row = insert(Mail).values(
        shop_id=shop_id,
        brand_id=scope.brand_id,
        distributor_id=scope.distributor_id,
        order_id=facts.get("order_id"),
        key=key,
        kind=kind,
        recipient=recipient,
        locale=locale,
        data=facts,
    )
    mail_id = work.session.execute(
        row.on_conflict_do_nothing(index_elements=["key"]).returning(Mail.id)
    ).scalar()
    if mail_id is not None:
        # Decided by the clock for a shop, it is sent in that shop's scope as any other of its mails.
        for_shop = shop_id if scope == PLATFORM else None
        work.enqueue("send_mail", key=f"mail:{mail_id}", for_shop=for_shop, mail_id=mail_id)

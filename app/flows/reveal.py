"""Somebody looks at a secret: recorded first, shown afterwards."""

from dataclasses import dataclass

from app.domain.fulfilment.models import Reveal
from app.domain.inventory import queries as stock
from app.domain.orders import queries as orders
from app.domain.orders.errors import NotDeliveredYet
from app.foundation import figures
from app.foundation.actor import Actor
from app.foundation.errors import NotFound
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from app.foundation.vault import Secret
from app.foundation.vault.vault import DataKey, Sealed


def reveal(order_id: int, line_id: int, *, actor: Actor) -> list["Revealed"]:
    """The secrets of a delivered line, after the look has been recorded; NotDeliveredYet before.

    Opened outside the transaction, so that nothing undoes the record.
    """
    with unit_of_work(actor) as work:
        line = next((line for line in orders.lines_of(order_id) if line.id == line_id), None)
        if line is None:
            raise NotFound(what="order_line")
        sealed = stock.issued(line_id)
        if not sealed:
            raise NotDeliveredYet
        work.session.add(
            Reveal(
                shop_id=line.shop_id, order_line_id=line_id, actor_kind=actor.kind, actor_id=actor.id, ip=actor.ip,
                device=actor.device, codes=len(sealed),
            )
        )  # fmt: skip
    figures.reveals.labels(actor.kind).inc()
    return [_opened(row) for row in sealed]


@dataclass(frozen=True, slots=True)
class Revealed:
    """One unit as the buyer sees it; `expires_at` is the code's own, where it has one."""

    secret: Secret
    expires_at: object


def _opened(row) -> Revealed:  # type: ignore[no-untyped-def]  # a row of stock.ISSUED
    vault = runtime().vault
    key = DataKey(row.brand_id, row.key_version, bytes(row.wrapped), row.master_key_id)
    if row.fingerprint is None:
        plain = vault.open_bytes(key, bytes(row.secret), row.purpose.encode())
        return Revealed(Secret.from_bytes(plain), row.expires_at)
    return Revealed(vault.open(key, Sealed(bytes(row.fingerprint), bytes(row.secret))), row.expires_at)

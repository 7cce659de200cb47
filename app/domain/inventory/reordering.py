"""Give the codes of a Sku new places when its issue order changes, page by page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.catalog.models import Sku
from app.domain.inventory.issue_order import IssueOrder, line_of, picker
from app.domain.inventory.models import Code
from app.foundation.database import session

PAGE = 2_000

# Two partial indexes, one for each half; a code held now may come free again.
UNSOLD = text("""
    SELECT id FROM codes WHERE sku_id = :sku AND state = 'free'
    UNION ALL
    SELECT id FROM codes WHERE sku_id = :sku AND state = 'reserved' AND reservation_id IS NOT NULL
""")


def issue_order_of(sku_id: int) -> IssueOrder:
    return IssueOrder(session().execute(select(Sku.issue_order).where(Sku.id == sku_id)).scalar_one())


def unsold(sku_id: int) -> list[int]:
    """The codes whose place still matters."""
    return list(session().execute(UNSOLD, {"sku": sku_id}).scalars())


def reorder_page(code_ids: Sequence[int], order: IssueOrder) -> int:
    """Give these codes their places in an order; how many moved. Codes being bought are left alone."""
    rows = session().execute(
        select(Code.id, Code.batch_id, Code.pick, Code.expires_at, Code.fingerprint)
        .where(Code.id.in_(code_ids), Code.state.in_(("free", "reserved")))
        .with_for_update(skip_locked=True)
    )
    moved = []
    for code_id, batch_id, pick, expires_at, fingerprint in rows:
        line = line_of(pick, batch_id=batch_id, expires_at=expires_at, otherwise=code_id)
        place = picker(order, batch_id)(line, expires_at, bytes(fingerprint))
        if place != pick:
            moved.append((code_id, place))
    if moved:
        _write(moved)
    return len(moved)


def _write(moved: Sequence[tuple[int, int]]) -> None:
    ids, places = (literal(list(column), ARRAY(BigInteger)) for column in zip(*moved, strict=True))
    new = func.unnest(ids, places).table_valued("id", "pick", name="new").render_derived()
    session().execute(
        update(Code)
        .where(Code.id == new.c.id)
        .values(pick=new.c.pick)
        .execution_options(synchronize_session=False)
    )

"""What the sandbox carrier remembers of transfers: an outside party by intent, in a table of its own."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.payouts.gateway import Transfer
from app.domain.payouts.models import SandboxTransfer
from app.foundation import ids
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


class Transfers:
    """The sandbox's memory in PostgreSQL (a domain.payouts TransferBook)."""

    def remember(self, transfer: Transfer, *, external_id: str, state: str) -> tuple[str, bool]:
        # An outside party keeps its own accounts; ours needs only to tell one destination from another.
        mark = ids.token_digest(transfer.destination).hex()[:16]
        row = insert(SandboxTransfer).values(
            key=transfer.key, external_id=external_id, destination=mark, state=state,
            amount_minor=transfer.amount_minor, currency=transfer.currency,
        )  # fmt: skip
        with platform_scope(), unit_of_work() as work:
            first = row.on_conflict_do_update(index_elements=["key"], set_={"key": row.excluded.key})
            kept = work.session.execute(
                first.returning(
                    SandboxTransfer.state, SandboxTransfer.amount_minor, SandboxTransfer.destination
                )
            ).one()
            return kept.state, (kept.amount_minor, kept.destination) == (transfer.amount_minor, mark)

    def look(self, key: str, *, becomes: str | None) -> tuple[str, str] | None:
        with platform_scope(), unit_of_work() as work:
            found = select(SandboxTransfer).where(SandboxTransfer.key == key).with_for_update()
            kept = work.session.execute(found).scalar_one_or_none()
            if kept is None:
                return None
            kept.state = becomes or kept.state
            return kept.state, kept.external_id

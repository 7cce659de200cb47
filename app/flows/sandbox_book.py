"""What the sandbox gateway remembers of its payments: an outside party by intent, in a table of its own."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from app.domain.payments.gateway import FoundPayment, PaymentState, RefundOutcome, RefundState, ReportLine
from app.domain.payments.models import SandboxPayment
from app.domain.payments.sandbox_gateway import SandboxRefund
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

STATES = {"paid": PaymentState.PAID, "processing": PaymentState.PROCESSING, "failed": PaymentState.OPEN}
# What a knob on the pay page makes of a refund; without one it succeeds at once.
REFUNDS = {"fail": RefundState.FAILED, "pending": RefundState.PENDING}

# What was paid by signed news alone, or stood in the demo's past, is in no book; its news and refunds are.
PAID = text("""
    SELECT external_id, reference, amount_minor, currency, created_at AS at FROM sandbox_payments
    WHERE state = 'paid' AND created_at >= :since AND created_at < :until
    UNION ALL
    SELECT * FROM (SELECT DISTINCT ON (external_id) external_id, reference, amount_minor, currency, occurred_at AS at
        FROM payment_events e WHERE gateway = 'sandbox' AND kind = 'paid'
        AND NOT EXISTS (SELECT 1 FROM sandbox_payments s WHERE s.external_id = e.external_id AND s.state = 'paid')
        ORDER BY external_id, occurred_at) told WHERE at >= :since AND at < :until
""")
BACK = text("""
    SELECT r.value ->> 'id' AS external_id, r.key AS reference, (r.value ->> 'minor')::bigint AS amount_minor, currency,
        (r.value ->> 'at')::timestamptz AS at FROM sandbox_payments, jsonb_each(refunds) r
    WHERE jsonb_typeof(r.value) = 'object' AND r.value ->> 'state' = 'succeeded'
      AND (r.value ->> 'at')::timestamptz >= :since AND (r.value ->> 'at')::timestamptz < :until
    UNION ALL
    SELECT r.external_id, r.key, r.amount_minor, r.currency, r.succeeded_at
    FROM refunds r JOIN payments p ON p.id = r.payment_id
    WHERE p.gateway = 'sandbox' AND r.kind = 'refund' AND r.state = 'succeeded' AND r.external_id IS NOT NULL
      AND r.succeeded_at >= :since AND r.succeeded_at < :until
      AND NOT EXISTS (SELECT 1 FROM sandbox_payments s WHERE s.external_id = p.external_id AND s.refunds <> '{}'::jsonb)
""")


def _noted(refund: SandboxRefund, state: RefundState) -> dict[str, object]:
    return {
        "state": state.value, "minor": refund.amount_minor, "id": refund.refund_id, "at": clock.now().isoformat(),
    }  # fmt: skip


def _state(noted: dict[str, str] | str) -> str:
    return noted if isinstance(noted, str) else noted["state"]


class Book:
    """The sandbox's memory in PostgreSQL (a domain.payments SandboxBook)."""

    def remember(
        self,
        external_id: str,
        *,
        reference: str,
        amount_minor: int,
        currency: str,
        state: str,
        knobs: dict[str, object],
    ) -> None:
        """Note what a buyer did on the pay page; paid stays paid."""
        row = insert(SandboxPayment).values(
            external_id=external_id, reference=reference, amount_minor=amount_minor, currency=currency, state=state,
            knobs=knobs,
        )  # fmt: skip
        newer = {"state": row.excluded.state, "knobs": row.excluded.knobs}
        with platform_scope(), unit_of_work() as work:
            work.session.execute(
                row.on_conflict_do_update(
                    index_elements=["external_id"], set_=newer, where=SandboxPayment.state != "paid"
                )
            )

    def is_paid(self, external_id: str) -> bool:
        """Whether the payer's money has been taken."""
        found = self.find(external_id)
        return found is not None and found.state is PaymentState.PAID

    def find(self, external_id: str) -> FoundPayment | None:
        with platform_scope(), unit_of_work() as work:
            kept = work.session.execute(
                select(SandboxPayment).where(SandboxPayment.external_id == external_id)
            ).scalar_one_or_none()
            if kept is None:
                return None
            state = STATES.get(kept.state, PaymentState.OPEN)
            payer = str(kept.knobs.get("payer", ""))
            return FoundPayment(state, external_id, kept.reference, kept.amount_minor, kept.currency, payer)

    def refund(self, refund: SandboxRefund) -> RefundOutcome:
        """Once per reference; the same answer when asked again. More than was paid is refused."""
        with platform_scope(), unit_of_work() as work:
            found = (
                select(SandboxPayment)
                .where(SandboxPayment.external_id == refund.external_id)
                .with_for_update()
            )
            kept = work.session.execute(found).scalar_one_or_none()
            if kept is None:
                # Paid by a program that signs its own events (a rehearsal, a bench): there is no book to check.
                return RefundOutcome(RefundState.SUCCEEDED, refund.refund_id)
            if refund.reference in kept.refunds:
                return RefundOutcome(RefundState(_state(kept.refunds[refund.reference])), refund.refund_id)
            state = REFUNDS.get(str(kept.knobs.get("refund")), RefundState.SUCCEEDED)
            if kept.refunded_minor + refund.amount_minor > kept.amount_minor:
                return RefundOutcome(RefundState.FAILED, None, "more_than_was_paid")
            kept.refunds = {**kept.refunds, refund.reference: _noted(refund, state)}
            if state is RefundState.SUCCEEDED:
                kept.refunded_minor += refund.amount_minor
            return RefundOutcome(state, refund.refund_id)

    def movements(self, since: datetime, until: datetime) -> list[ReportLine]:
        """What was paid and given back in that time, without fees."""
        with platform_scope(), unit_of_work() as work:
            found = {"since": since, "until": until}
            paid = work.session.execute(PAID, found).all()
            back = work.session.execute(BACK, found).all()
        return [
            ReportLine(
                f"{kind}:{row.external_id}", kind, sign * row.amount_minor, row.currency, row.at,
                external_id=row.external_id, reference=row.reference,
            )
            for kind, sign, rows in (("payment", 1, paid), ("refund", -1, back)) for row in rows
        ]  # fmt: skip

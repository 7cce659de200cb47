"""What the sandbox gateway remembers of its payments: an outside party by intent, in a table of its own."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.payments.gateway import FoundPayment, PaymentState, RefundOutcome, RefundState
from app.domain.payments.models import SandboxPayment
from app.domain.payments.sandbox_gateway import SandboxRefund
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

STATES = {"paid": PaymentState.PAID, "processing": PaymentState.PROCESSING, "failed": PaymentState.OPEN}
# What a knob on the pay page makes of a refund; without one it succeeds at once.
REFUNDS = {"fail": RefundState.FAILED, "pending": RefundState.PENDING}


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
            return FoundPayment(state, external_id, kept.reference, kept.amount_minor, kept.currency)

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
                return RefundOutcome(RefundState(kept.refunds[refund.reference]), refund.refund_id)
            state = REFUNDS.get(str(kept.knobs.get("refund")), RefundState.SUCCEEDED)
            if kept.refunded_minor + refund.amount_minor > kept.amount_minor:
                return RefundOutcome(RefundState.FAILED, None, "more_than_was_paid")
            kept.refunds = {**kept.refunds, refund.reference: state.value}
            if state is RefundState.SUCCEEDED:
                kept.refunded_minor += refund.amount_minor
            return RefundOutcome(state, refund.refund_id)

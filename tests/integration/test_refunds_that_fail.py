"""A refund that does not go through is tried again or waits for a person; it is never forgotten."""

from typing import Any

from sqlalchemy import text

from app.domain.payments import gateways
from app.domain.payments.errors import GatewayUnavailable
from app.domain.payments.gateway import RefundOutcome, RefundState
from app.domain.payments.sandbox_gateway import SandboxGateway
from app.jobs.run import run_batch
from tests.factories import pay, place, run_jobs
from tests.factories.orders import SIGNING
from tests.integration.test_confirm_payment import Case, case, check_ends, without_end

__all__ = ["case"]


class NoRefunds(SandboxGateway):
    """Pays out nothing: it answers with `outcome`, or not at all."""

    def __init__(self, outcome: RefundOutcome | None) -> None:
        super().__init__([SIGNING], "http://pay.localhost:8000")
        self.outcome, self.asked = outcome, 0

    def refund(self, **_: Any) -> RefundOutcome:
        self.asked += 1
        if self.outcome is None:
            raise GatewayUnavailable(gateway="sandbox")
        return self.outcome


def sold_out_and_paid(case: Case, gateway: SandboxGateway) -> None:
    case.expire()
    place(case.shop, case.goods)
    pay(case.shop, case.placed)
    gateways.register("sandbox", gateway)


def test_a_refund_that_is_refused_for_good_waits_for_a_person(case: Case):
    sold_out_and_paid(case, NoRefunds(RefundOutcome(RefundState.FAILED, None, "closed")))
    run_jobs()
    assert check_ends(case) == {"attention": 1}
    assert case.state == "attention"


def test_a_refund_that_cannot_be_asked_for_is_tried_again_and_stays_unsettled(case: Case):
    gateway = NoRefunds(None)
    sold_out_and_paid(case, gateway)
    run_batch([case.ask("SELECT id FROM outbox WHERE kind = 'confirm_payment'")[0][0]])
    refund = case.ask("SELECT id FROM outbox WHERE kind = 'send_refund'")[0][0]
    run_batch([refund])
    assert case.ask(f"SELECT last_error FROM outbox WHERE id = {refund}") == [("gateway_unavailable",)]
    assert without_end(case) == 1
    gateway.outcome = RefundOutcome(RefundState.SUCCEEDED, "sbr_1")
    run_batch([refund])
    with case.owner.connect() as connection:
        connection.execute(text("UPDATE outbox SET due_at = now()"))
    run_jobs()
    assert gateway.asked == 2
    assert check_ends(case) == {"refunded": 1}

"""People at the platform look at payouts: approve, decline, hold. Above a limit it takes two of them."""

from sqlalchemy import select

from app.domain.payouts import accounts, planning, queries
from app.domain.payouts.accounts import Firm
from app.domain.payouts.errors import PayoutNeedsAnother
from app.domain.payouts.models import Payout
from app.flows.pay_out import reserve
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound, StaleState
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def approve(payout_id: int, *, by: int, actor: Actor) -> str:
    """Let a payout go: `reserved`, `second` where another person must agree, or why it was cancelled instead.

    Raises PayoutNeedsAnother where the same person agrees twice, StaleState where it was decided.
    """
    with platform_scope(), unit_of_work(actor) as work:
        payout = _lock(payout_id)
        if payout.state != "planned":
            raise StaleState(what="payout", wanted="planned", state=payout.state)
        now = clock.now()
        if payout.approved_by is None:
            payout.approved_by = by
        elif payout.approved_by == by:
            raise PayoutNeedsAnother
        else:
            payout.second_by = by
        work.session.flush()
        planning.note([payout_id], "approved", now=now, actor=actor.name)
        work.record("payout.approved", f"payout:{payout_id}", amount_minor=payout.amount_minor)
        if payout.needs_second and payout.second_by is None:
            return "second"
        by_hand = {payout_id} if payout.method == "bank" else set()
        return reserve(work, [payout_id], now, by_hand=by_hand).get(payout_id, "reserved")


def decline(payout_id: int, *, reason: str, actor: Actor) -> None:
    """Cancel a payout that nobody has carried away yet; what was reserved is available again."""
    if not reason.strip():
        raise InvalidInput(param="reason", reason="empty")
    with platform_scope(), unit_of_work(actor) as work:
        payout = _lock(payout_id)
        if payout.state not in {"planned", "reserved"}:
            raise StaleState(what="payout", wanted="cancelled", state=payout.state)
        payout.state, payout.reason, payout.ended_at = "cancelled", reason.strip(), clock.now()
        work.session.flush()
        planning.note([payout_id], "cancelled", now=clock.now(), actor=actor.name, reason=reason.strip())
        work.record("payout.declined", f"payout:{payout_id}", reason=reason.strip())


def hold(plan_id: int, *, on_hold: bool, review: bool, reason: str, actor: Actor) -> None:
    """Stop a firm's payouts in a currency, or let each wait for a person, or neither again."""
    if on_hold and not reason.strip():
        raise InvalidInput(param="reason", reason="empty")
    with platform_scope(), unit_of_work(actor) as work:
        plan = queries.plan(plan_id)
        if plan is None:
            raise NotFound(what="payout_plan")
        firm = Firm(plan.brand_id, plan.distributor_id)
        accounts.hold(
            firm, plan.currency, on_hold=on_hold, review=review, reason=reason.strip() if on_hold else ""
        )
        work.record(
            "payout_plan.held",
            firm.subject,
            currency=plan.currency,
            on_hold=on_hold,
            review=review,
            reason=reason,
        )


def _lock(payout_id: int) -> Payout:
    found = select(Payout).where(Payout.id == payout_id).with_for_update()
    payout = session().execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if payout is None:
        raise NotFound(what="payout")
    return payout

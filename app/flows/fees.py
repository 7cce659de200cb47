"""The platform sets what it and the gateways take. A fee is never changed: from a moment on another one counts."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import text

from app.domain.commissions import fee_queries, fee_trial, fees
from app.domain.commissions.fee_trial import FeeDraft
from app.domain.commissions.models import FeeRule
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope

LONGEST_REASON = 200


def set_fee(draft: FeeDraft, *, reason: str, actor: Actor) -> datetime:
    """Let a fee count from a moment on; returns the moment."""
    with platform_scope(), unit_of_work(actor) as work:
        return _write(work, draft, reason, "fee.set")


def end_fee(draft: FeeDraft, *, reason: str, actor: Actor) -> datetime:
    """Let a target have no fee of its own from a moment on: what is wider counts for it."""
    with platform_scope(), unit_of_work(actor) as work:
        return _write(work, replace(draft, lapsed=True, rate_bps=0, fixed_minor=0), reason, "fee.ended")


def look_at(draft: FeeDraft) -> datetime:
    """When it would begin if it were saved now, or why it would be refused; writes nothing."""
    with platform_scope():
        _known(draft)
        return fee_trial.check(draft, fees.all_rules(), now=clock.now())


def _write(work: Work, draft: FeeDraft, reason: str, action: str) -> datetime:
    if not reason.strip():
        raise InvalidInput(param="reason", reason="empty")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(param="reason", reason="too_long")
    # One change of fees at a time, so that two do not look at the same past.
    work.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('fee_rules', 0))"))
    _known(draft)
    starts_at = fee_trial.check(draft, fees.all_rules(), now=clock.now())
    rule = FeeRule(
        kind=draft.kind, gateway=draft.gateway, brand_id=draft.brand_id, currency=draft.currency,
        rate_bps=draft.rate_bps, fixed_minor=draft.fixed_minor, starts_at=starts_at, lapsed=draft.lapsed,
        reason=reason, created_by=work.actor.id,
    )  # fmt: skip
    work.session.add(rule)
    work.session.flush()
    work.record(
        action, f"fee:{draft.kind}", rate_bps=rule.rate_bps, fixed_minor=rule.fixed_minor, gateway=rule.gateway,
        brand=rule.brand_id, currency=rule.currency, starts_at=starts_at.isoformat(), reason=reason,
    )  # fmt: skip
    return starts_at


def _known(draft: FeeDraft) -> None:
    if draft.brand_id is not None and draft.brand_id not in dict(fee_queries.brands()):
        raise InvalidInput(param="brand", reason="not_yours")

"""A brand sets its rules of pay. Each story needs the brand's scope; what was agreed on an order stays as it was."""

from datetime import datetime

from app.domain.commissions import rule_service as rules
from app.domain.commissions.drafts import Change, Draft, Ending
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.unit_of_work import unit_of_work
from tenants.context import current_scope

LONGEST_REASON = 200


def make_rule(draft: Draft, *, reason: str, actor: Actor) -> str:
    """Make a rule, or with a series its next version; returns the series. Nothing is written where it is refused."""
    _reasoned(reason)
    with unit_of_work(actor) as work:
        row = rules.make(_brand_id(), draft, reason=reason, by=actor.id)
        work.record(
            "rule.followed" if draft.series else "rule.made", f"rule:{row.series}", version=row.version, kind=row.kind,
            value=dict(row.value), starts_at=row.starts_at.isoformat(),
            ends_at=row.ends_at.isoformat() if row.ends_at else None, product=row.product_id, sku=row.sku_id,
            level=row.level_id, distributor=row.distributor_id, reason=reason,
        )  # fmt: skip
        return row.series


def end_rule(ending: Ending, *, reason: str, actor: Actor) -> datetime:
    """End a rule from a moment on, or from now; returns the moment."""
    _reasoned(reason)
    with unit_of_work(actor) as work:
        at = rules.end(_brand_id(), ending)
        work.record("rule.ended", f"rule:{ending.series}", at=at.isoformat(), reason=reason)
        return at


def look_at(change: Change) -> Change:
    """The change with its moment as it would be saved now, or why it would be refused; writes nothing."""
    return rules.checked(_brand_id(), change, now=clock.now())


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(param="reason", reason="empty")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(param="reason", reason="too_long")


def _brand_id() -> int:
    brand_id = current_scope().brand_id
    if brand_id is None:
        raise NotFound(what="brand")
    return brand_id

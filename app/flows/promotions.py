"""A promotion's life, whoever makes it: drafted, published, changed while it runs, paused, gone on with, ended.

Each story needs its owner's scope: the shop's, the brand's or the platform's.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.commissions.promotion_trial import Trial
from app.domain.promotions import lists, service
from app.domain.promotions.buyers import email_key
from app.domain.promotions.errors import (
    PromotionEarnsNothing,
    PromotionFixed,
    PromotionInvalid,
    PromotionState,
)
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.flows import floor_evidence, promotion_trial
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import NotFound
from app.foundation.unit_of_work import Work, unit_of_work

WHILE_LIVE = frozenset(
    {"title", "title_en", "words", "words_en", "ends_at", "total_limit", "per_buyer", "per_day", "budget_minor",
     "settings"}
)  # fmt: skip
"""What may change once it has been published; for anything else a copy is made."""
MOST_BUYERS = 5000
UNSAVED = 2**62
"""Of a promotion that is only tried: newer than any there is, as it would be."""


@dataclass(frozen=True, slots=True)
class Design:
    """What somebody wants of a promotion: columns of its row, and for whom it is where that is certain buyers.

    `begins_now`: from the moment it is published, whatever `starts_at` says.
    """

    facts: Mapping[str, Any]
    emails: Collection[str] = ()
    begins_now: bool = False


@dataclass(frozen=True, slots=True)
class Launched:
    """A promotion that went live: its id, its name for a brand's exemption, and what was tried before it did."""

    id: int
    key: str
    trial: Trial | None = field(default=None, repr=False)


def draft(owner: Owner, design: Design, *, actor: Actor) -> int:
    """Keep a new promotion that nobody sees yet; its id."""
    with unit_of_work(actor) as work:
        return int(_draft(work, owner, design).id)


def change(owner: Owner, promotion_id: int, design: Design, *, actor: Actor) -> None:
    """Change a draft as one likes; of one that was published only WHILE_LIVE, else PromotionFixed."""
    with unit_of_work(actor) as work:
        row = _locked(owner, promotion_id)
        if row.status == "ended":
            raise PromotionState(state=row.status, wanted="changed")
        _change(work, row, design)
        if row.status != "draft":
            _not_over(row)
            service.set_limits(row)


def launch(
    owner: Owner, design: Design, *, promotion_id: int | None = None, accepts_loss: bool = False, actor: Actor
) -> Launched:
    """Publish in one step what was designed, new or a draft; PromotionEarnsNothing where a loss was not agreed to.

    What it wants below a brand's floor is held to the floor, and remembered once a Sku.
    """
    tried = _tried(owner, design, accepts_loss=accepts_loss)
    with unit_of_work(actor) as work:
        if promotion_id is None:
            row = _draft(work, owner, design)
        else:
            row = _locked(owner, promotion_id)
            if row.status != "draft":
                raise PromotionState(state=row.status, wanted="live")
            _change(work, row, design)
        if design.begins_now:
            row.starts_at = clock.now()
        _publish(work, row)
        launched = Launched(int(row.id), row.key, tried)
        stack = [_told(row)]
    if tried is not None:
        floor_evidence.remember(tried.below_floor(), stage="promotion", stack=stack, actor=actor)
    return launched


def pause(owner: Owner, promotion_id: int, *, actor: Actor) -> None:
    """Nobody gets it until it goes on; open quotes that grant it are asked to agree again."""
    _become(owner, promotion_id, "paused", actor=actor)


def go_on(owner: Owner, promotion_id: int, *, actor: Actor) -> None:
    """Let a paused one count again."""
    with unit_of_work(actor) as work:
        row = _locked(owner, promotion_id)
        if row.status != "paused":
            raise PromotionState(state=row.status, wanted="live")
        service.become(row, "live")
        work.record("promotion.live", f"promotion:{row.id}", title=row.title, again=True)


def end(owner: Owner, promotion_id: int, *, actor: Actor) -> None:
    """Over for good; a draft is put away."""
    _become(owner, promotion_id, "ended", actor=actor)


def unsaved(owner: Owner, design: Design, *, key: str = "") -> StoredPromotion:
    """The promotion that a design would be, for trying it; PromotionInvalid where there is no such."""
    told = {"target_of": "all", "target_ids": [], "currency": "CNY", **design.facts}
    if design.begins_now or told.get("starts_at") is None:
        told["starts_at"] = clock.now()
    row = StoredPromotion(key=key or "new", status="draft", **owner.facts(), **told)
    row.id = UNSAVED
    row.funder = {"shop": "distributor", "brand": "brand", "platform": "platform"}[owner.kind]
    service.check(row)
    return row


# ------------------------------------------------------------------ what the stories share


def _tried(owner: Owner, design: Design, *, accepts_loss: bool) -> Trial | None:
    """A shop's own promotion is tried on its own prices; others meet theirs in the shops they are for."""
    if owner.kind != "shop":
        return None
    tried = promotion_trial.try_here(unsaved(owner, design))
    if tried.losing and not accepts_loss:
        raise PromotionEarnsNothing(param="accepts_loss", listings=tried.losing)
    return tried


def _draft(work: Work, owner: Owner, design: Design) -> StoredPromotion:
    facts = {name: value for name, value in design.facts.items() if value is not None}
    row = service.make(**owner.facts(), **facts, created_by=work.actor.id)
    _choose(row, design)
    work.record("promotion.drafted", f"promotion:{row.id}", kind=row.kind, title=row.title, value=row.value)
    return row


def _change(work: Work, row: StoredPromotion, design: Design) -> None:
    before = {name: getattr(row, name) for name in design.facts}
    after = {name: value for name, value in design.facts.items() if _plain(value) != _plain(before[name])}
    if row.status != "draft":
        fixed = next((name for name in after if name not in WHILE_LIVE), None)
        if fixed is not None:
            raise PromotionFixed(param=fixed)
    for name, value in after.items():
        setattr(row, name, value)
    service.save(row)
    _choose(row, design)
    told = {name: [_plain(before[name]), _plain(value)] for name, value in after.items()}
    work.record("promotion.changed", f"promotion:{row.id}", title=row.title, changed=told)


def _choose(row: StoredPromotion, design: Design) -> None:
    if row.audience != "chosen":
        return
    if not design.emails or len(design.emails) > MOST_BUYERS:
        raise PromotionInvalid(param="emails", reason="no_buyers" if not design.emails else "too_many_buyers")
    service.choose_buyers(row.id, {email_key(email) for email in design.emails})


def _publish(work: Work, row: StoredPromotion) -> None:
    service.become(row, "live")
    work.record("promotion.live", f"promotion:{row.id}", **_told(row))


def _become(owner: Owner, promotion_id: int, status: str, *, actor: Actor) -> None:
    with unit_of_work(actor) as work:
        row = _locked(owner, promotion_id)
        service.become(row, status)
        work.record(f"promotion.{status}", f"promotion:{row.id}", title=row.title)


def _locked(owner: Owner, promotion_id: int) -> StoredPromotion:
    row = lists.own(owner, promotion_id, lock=True)
    if row is None:
        raise NotFound(what="promotion")
    return row


def _not_over(row: StoredPromotion) -> None:
    if row.ends_at is not None and row.ends_at <= clock.now():
        raise PromotionInvalid(param="ends_at", reason="in_the_past")


def _told(row: StoredPromotion) -> dict[str, Any]:
    return {"what": "promotion", "key": row.key, "title": row.title, "kind": row.kind, "value": row.value}


def _plain(value: Any) -> Any:
    """As an audit row can hold it, and so that equal moments are equal."""
    return value.isoformat() if isinstance(value, datetime) else value

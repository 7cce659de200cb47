"""Making, following and ending a brand's rules, inside the caller's transaction and the brand's scope.

A rule is checked against everything the brand has while nobody else may change it, and
written or refused whole.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from psycopg.errors import Diagnostic
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.domain.brands.models import Brand
from app.domain.commissions import rule_queries as queries
from app.domain.commissions.clashes import parties, refuse
from app.domain.commissions.drafts import Change, Draft, Ending, changed, check, cut, in_the_way
from app.domain.commissions.errors import RuleEnded, WindowsOverlap
from app.domain.commissions.models import RateRule
from app.domain.commissions.rules import Rule
from app.domain.pricing.floors import FloorRow
from app.foundation import clock, ids
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound


def hold(brand_id: int) -> None:
    """One change of a brand's terms at a time; also what a change of its floors should hold. Checkouts go on."""
    found = select(Brand.id).where(Brand.id == brand_id).with_for_update(key_share=True)
    if session().execute(found).scalar_one_or_none() is None:
        raise NotFound(what="brand")


def checked(brand_id: int, change: Change, *, now: datetime) -> Change:
    """The change with its moment, or why it cannot be; reads only."""
    rules = queries.all_rules(brand_id)
    if isinstance(change, Ending):
        change = _checked_ending(rules, change, now)
        of = next(rule for rule in rules if rule.series == change.series)
        draft = _standing_for(of)
    else:
        change = draft = _checked_draft(brand_id, rules, change, now)
    _refuse_clashes(brand_id, rules, change, draft, now)
    return change


def _checked_ending(rules: Sequence[Rule], change: Ending, now: datetime) -> Ending:
    versions = [rule for rule in rules if rule.series == change.series]
    if not versions:
        raise NotFound(what="rule")
    at = change.at or now
    if at < now:
        raise InvalidInput(param="at", reason="in_the_past")
    if cut(versions, change.series, at) == versions:
        raise RuleEnded(param="at", series=change.series)
    return replace(change, at=at)


def _checked_draft(brand_id: int, rules: Sequence[Rule], draft: Draft, now: datetime) -> Draft:
    draft = check(draft, now=now)
    _known(brand_id, draft)
    if draft.series:
        versions = [rule for rule in rules if rule.series == draft.series]
        if not versions:
            raise NotFound(what="rule")
        if not draft.same_target(versions[-1]):
            raise InvalidInput(param="kind", reason="another_target")
    other = in_the_way(rules, draft, now=now)
    if other is not None:
        raise WindowsOverlap(
            param="starts_at", series=other.series, since=other.starts_at, until=other.ends_at
        )
    return draft


def _known(brand_id: int, draft: Draft) -> None:
    """Goods and parties are the brand's own, and money is in one currency."""
    goods = queries.goods_of(brand_id, draft)
    if not goods and (draft.sku_id is not None or draft.product_id is not None):
        raise InvalidInput(param="sku" if draft.sku_id is not None else "product", reason="not_yours")
    if draft.level_id is not None and draft.level_id not in {one.id for one in queries.levels(brand_id)}:
        raise InvalidInput(param="level", reason="not_yours")
    partners = {one.id for one, _level in queries.partners(brand_id)}
    if draft.distributor_id is not None and draft.distributor_id not in partners:
        raise InvalidInput(param="distributor", reason="not_yours")
    if "supply_minor" in draft.value or "brackets" in draft.value:
        currencies = {good.currency for good in goods}
        if currencies - {draft.value.get("currency")}:
            raise InvalidInput(param="currency", reason="other_currency", currencies=sorted(currencies))


def _standing_for(rule: Rule) -> Draft:
    return Draft(
        rule.kind, rule.value, product_id=rule.product_id, sku_id=rule.sku_id, level_id=rule.level_id,
        distributor_id=rule.distributor_id, series=rule.series,
    )  # fmt: skip


def _refuse_clashes(
    brand_id: int, rules: Sequence[Rule], change: Change, draft: Draft, now: datetime
) -> None:
    after = changed(rules, change, now=now)
    goods = queries.goods_of(brand_id, draft)
    floors = queries.floors_of([good.sku_id for good in goods])
    partners = {one.id: level for one, level in queries.partners(brand_id)}
    since = (change.at if isinstance(change, Ending) else change.starts_at) or now
    named = [rule.distributor_id for rule in after]
    named += [row.distributor_id for rows in floors.values() for row in rows]
    who = [
        party
        for party in parties([level.id for level in queries.levels(brand_id)], partners, named)
        if draft.distributor_id in {None, party.distributor_id} and draft.level_id in {None, party.level_id}
    ]
    lasting = {sku: [row for row in rows if _lasts(row, since)] for sku, rows in floors.items()}
    refuse(rules, after, goods, lasting, who, since=since)


def _lasts(row: FloorRow, since: datetime) -> bool:
    return row.ends_at is None or row.ends_at > since


def make(brand_id: int, draft: Draft, *, reason: str, by: int | None) -> RateRule:
    """Write a rule, or the next version of its series: what stood there ends when this begins."""
    hold(brand_id)
    draft = _draft(checked(brand_id, draft, now=clock.now()))
    before = queries.series(brand_id, draft.series) if draft.series else ()
    if draft.series:
        _cut(brand_id, draft.series, draft.starts_at or clock.now())
    row = RateRule(
        brand_id=brand_id, series=draft.series or ids.random_signs(10).lower(),
        version=1 + max((one.version for one in before), default=0), kind=draft.kind, value=dict(draft.value),
        product_id=draft.product_id, sku_id=draft.sku_id, level_id=draft.level_id, distributor_id=draft.distributor_id,
        starts_at=draft.starts_at, ends_at=draft.ends_at, reason=reason, created_by=by,
    )  # fmt: skip
    with said_plainly():
        session().add(row)
        session().flush()
    return row


def _draft(change: Change) -> Draft:
    if isinstance(change, Ending):
        raise TypeError("an ending makes no rule")
    return change


def end(brand_id: int, ending: Ending) -> datetime:
    """End a series from a moment on; what was coming never begins. Returns the moment."""
    hold(brand_id)
    change = checked(brand_id, ending, now=clock.now())
    at = (change.at if isinstance(change, Ending) else None) or clock.now()
    _cut(brand_id, ending.series, at)
    return at


def _cut(brand_id: int, series: str, at: datetime) -> None:
    for row in queries.series(brand_id, series):
        if row.ends_at is None or row.ends_at > at:
            ends_at = max(at, row.starts_at)
            session().execute(update(RateRule).where(RateRule.id == row.id).values(ends_at=ends_at))


@contextmanager
def said_plainly() -> Iterator[None]:
    """What the database refuses of a rule, as an error of ours."""
    try:
        yield
    except IntegrityError as error:
        told: Diagnostic | None = getattr(error.orig, "diag", None)
        name = told.constraint_name if told is not None else None
        if name == "ex_rate_rules_one_window":
            raise WindowsOverlap(param="starts_at") from error
        if name == "rate_rule_fits":
            raise InvalidInput(param="sku", reason="not_yours") from error
        raise

"""A rule as somebody wants it, and what is wrong with it by itself. Values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.domain.commissions.rules import FAMILIES, WHOLE, Rule
from app.foundation.errors import InvalidInput

POTS = ("brand", "distributor", "platform")
MOST_BRACKETS = 20
MOST_MINOR = 10**14


@dataclass(frozen=True, slots=True)
class Bracket:
    """From an amount of the month's volume up to another (None: without end), at a rate. Minor units, basis points."""

    from_minor: int
    to_minor: int | None
    rate_bps: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule, or with `series` its next version. `starts_at` None: from the moment it is saved."""

    kind: str
    value: Mapping[str, Any] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    product_id: int | None = None
    sku_id: int | None = None
    level_id: int | None = None
    distributor_id: int | None = None
    series: str = ""

    @property
    def family(self) -> str:
        return FAMILIES[self.kind]

    def same_target(self, rule: Rule) -> bool:
        """Whether a rule stands where this one would: same goods, same party, same family."""
        return FAMILIES[rule.kind] == self.family and (
            (rule.product_id, rule.sku_id, rule.level_id, rule.distributor_id)
            == (self.product_id, self.sku_id, self.level_id, self.distributor_id)
        )

    def as_rule(self, *, starts_at: datetime, ends_at: datetime | None, version: int = 1) -> Rule:
        """What it would be among the rules; it has no id yet."""
        return Rule(
            0, self.series, version, self.kind, self.value, starts_at, ends_at, self.product_id, self.sku_id,
            self.level_id, self.distributor_id,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a series, from `at` on (None: from the moment it is saved)."""

    series: str
    at: datetime | None = None


Change = Draft | Ending


def bracket_table(rows: Sequence[Bracket]) -> list[dict[str, int]]:
    """The table as a rule keeps it, or InvalidInput at `brackets`: from 0, rising, nothing left out or twice."""
    if not rows:
        raise InvalidInput(param="brackets", reason="brackets_empty")
    if len(rows) > MOST_BRACKETS:
        raise InvalidInput(param="brackets", reason="brackets_many")
    if rows[0].from_minor != 0:
        reason = "brackets_unsorted" if any(row.from_minor == 0 for row in rows) else "brackets_not_from_zero"
        raise InvalidInput(param="brackets", reason=reason)
    for at, row in enumerate(rows):
        _bracket(row, rows[at + 1] if at + 1 < len(rows) else None, number=at + 1)
    return [{"from_minor": row.from_minor, "rate_bps": row.rate_bps} for row in rows]


def _bracket(row: Bracket, following: Bracket | None, *, number: int) -> None:
    _rate(row.rate_bps, "brackets")
    if row.to_minor is not None and row.to_minor <= row.from_minor:
        raise InvalidInput(param="brackets", reason="brackets_inverted", row=number)
    if following is None:
        if row.to_minor is not None:
            raise InvalidInput(param="brackets", reason="brackets_gap", row=number)
        return
    if following.from_minor < row.from_minor:
        raise InvalidInput(param="brackets", reason="brackets_unsorted", row=number + 1)
    if row.to_minor is None:
        raise InvalidInput(param="brackets", reason="brackets_overlap", row=number + 1)
    if following.from_minor != row.to_minor:
        reason = "brackets_gap" if following.from_minor > row.to_minor else "brackets_overlap"
        raise InvalidInput(param="brackets", reason=reason, row=number + 1)


def check(draft: Draft, *, now: datetime) -> Draft:
    """The draft with its start, if it is right by itself; InvalidInput names the field and why not."""
    if draft.kind not in FAMILIES:
        raise InvalidInput(param="kind", reason="none_chosen")
    if draft.level_id is not None and draft.distributor_id is not None:
        raise InvalidInput(param="level", reason="one_party")
    if draft.product_id is not None and draft.sku_id is not None:
        raise InvalidInput(param="product", reason="one_good")
    CHECKS[draft.kind](draft)
    starts_at = draft.starts_at or now
    if starts_at < now:
        raise InvalidInput(param="starts_at", reason="in_the_past")
    if draft.kind == "boost" and draft.ends_at is None:
        raise InvalidInput(param="ends_at", reason="boost_needs_end")
    if draft.ends_at is not None and draft.ends_at <= starts_at:
        raise InvalidInput(param="ends_at", reason="ends_before_start")
    return replace(draft, starts_at=starts_at)


def _rate(value: object, param: str, *, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidInput(param=param, reason="not_a_rate")
    if value > WHOLE:
        raise InvalidInput(param=param, reason="rate_over_whole")
    return value


def _check_margin(draft: Draft) -> None:
    if draft.sku_id is None:
        raise InvalidInput(param="sku", reason="margin_needs_sku")
    supply = draft.value.get("supply_minor")
    if not isinstance(supply, int) or not 0 <= supply <= MOST_MINOR:
        raise InvalidInput(param="supply", reason="not_an_amount")


def _check_commission(draft: Draft) -> None:
    brackets = draft.value.get("brackets")
    if brackets is None:
        _rate(draft.value.get("rate_bps"), "rate")
        return
    ends = [row["from_minor"] for row in brackets[1:]]
    bracket_table(
        [
            Bracket(row["from_minor"], end, row["rate_bps"])
            for row, end in zip(brackets, [*ends, None], strict=True)
        ]
    )


def _check_boost(draft: Draft) -> None:
    _rate(draft.value.get("add_bps"), "add", least=1)


def _check_override(draft: Draft) -> None:
    first = _rate(draft.value.get("step1_bps", 0), "step1")
    second = _rate(draft.value.get("step2_bps", 0), "step2")
    if first + second == 0:
        raise InvalidInput(param="step1", reason="not_a_rate")
    if first + second > WHOLE:
        raise InvalidInput(param="step2", reason="rate_over_whole")
    if draft.value.get("pot") not in POTS:
        raise InvalidInput(param="pot", reason="none_chosen")


CHECKS = {
    "margin": _check_margin, "commission": _check_commission, "boost": _check_boost, "override": _check_override,
}  # fmt: skip


def cut(rules: Sequence[Rule], series: str, at: datetime) -> list[Rule]:
    """The rules when a series ends at a moment: what was coming never begins."""
    return [
        replace(rule, ends_at=max(at, rule.starts_at))
        if rule.series == series and (rule.ends_at is None or rule.ends_at > at)
        else rule
        for rule in rules
    ]


def changed(rules: Sequence[Rule], change: Change, *, now: datetime) -> list[Rule]:
    """The rules as they would stand after a change that has been checked."""
    if isinstance(change, Ending):
        return cut(rules, change.series, change.at or now)
    starts_at = change.starts_at or now
    kept = cut(rules, change.series, starts_at) if change.series else list(rules)
    version = 1 + max((rule.version for rule in rules if rule.series == change.series), default=0)
    return [*kept, change.as_rule(starts_at=starts_at, ends_at=change.ends_at, version=version)]


def in_the_way(rules: Sequence[Rule], draft: Draft, *, now: datetime) -> Rule | None:
    """A rule of the same target and another series whose window the draft's would overlap."""
    starts_at = draft.starts_at or now
    return next(
        (
            rule
            for rule in rules
            if rule.series != draft.series
            and draft.same_target(rule)
            and (rule.ends_at is None or rule.ends_at > max(starts_at, rule.starts_at))
            and (draft.ends_at is None or rule.starts_at < draft.ends_at)
        ),
        None,
    )

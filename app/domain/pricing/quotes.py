"""A quote: a priced cart, fixed and signed, that expires.

It travels with the buyer instead of filling a table: nobody can change it, it
is good in one shop only, and one quote makes at most one order (orders hold
its id under a unique constraint).
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from app.domain.pricing.errors import QuoteExpired, QuoteInvalid
from app.domain.pricing.rules import PricedLine, Step
from app.domain.promotions.service import Taken
from app.foundation import ids

LIFE = timedelta(minutes=15)
AMOUNTS = 11


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced cart of one shop. Money in minor units of `currency`.

    `taken`: what its promotions will take of their limits. `held_out`: promotions its buyer was at random not given.
    `tied`: what the order hangs on (a seat of a drop, a group; `parent`: the reservation its stock comes from).
    `due`: to whom the sale is due. `left_out` and steps that took nothing are told with the quote, not sealed.
    """

    id: str
    shop_id: int
    currency: str
    lines: tuple[PricedLine, ...]
    expires_at: datetime
    taken: tuple[Taken, ...] = ()
    held_out: tuple[int, ...] = ()
    tied: Mapping[str, Any] = field(default_factory=dict)
    due: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[Step, ...] = ()

    @property
    def made_at(self) -> datetime:
        return self.expires_at - LIFE

    @property
    def total_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)


def make(shop_id: int, currency: str, lines: Sequence[PricedLine], at: datetime, **more: Any) -> Quote:
    """A new quote; `more` are its fields beside the lines."""
    return Quote(ids.token(), shop_id, currency, tuple(lines), at + LIFE, **more)


class QuoteSealer:
    """Signs quotes and reads them back; the key is its own."""

    def __init__(self, key: bytes) -> None:
        self._signer = URLSafeSerializer([key], salt="perkline-quote")

    def seal(self, quote: Quote) -> str:
        lines = [_packed(line) for line in quote.lines]
        facts = [
            quote.id,
            quote.shop_id,
            quote.currency,
            round(quote.expires_at.timestamp() * 1_000_000),
            lines,
        ]
        return self._signer.dumps([*facts, *_packed_more(quote)])

    def open(self, sealed: str, *, shop_id: int, at: datetime) -> Quote:
        """The quote, or QuoteInvalid (also for another shop's), or QuoteExpired."""
        try:
            quote_id, made_for, currency, expires, lines, *more = self._signer.loads(sealed)
        except (BadSignature, ValueError, TypeError, zlib.error, json.JSONDecodeError) as error:
            raise QuoteInvalid(param="quote") from error
        if made_for != shop_id:
            raise QuoteInvalid(param="quote")
        expires_at = datetime.fromtimestamp(expires / 1_000_000, UTC)
        if expires_at < at:
            raise QuoteExpired(param="quote")
        opened = tuple(_opened(line) for line in lines)
        return Quote(quote_id, made_for, currency, opened, expires_at, *_opened_more(more))


def _packed_more(quote: Quote) -> list[Any]:
    """What most quotes have nothing of costs them nothing."""
    taken = [[one.promotion_id, one.units, one.minor, one.code_id, one.use_id] for one in quote.taken]
    more = [taken, list(quote.held_out), dict(quote.tied), dict(quote.due)]
    return more if any(more) else []


def _opened_more(more: Sequence[Any]) -> tuple[Any, ...]:
    if not more:
        return ()
    taken, held_out, tied, due = more
    return tuple(Taken(*one) for one in taken), tuple(held_out), tied, due


def _opened(line: Sequence[Any]) -> PricedLine:
    amounts, steps = line[:AMOUNTS], line[AMOUNTS] if len(line) > AMOUNTS else ()
    opened = PricedLine(*amounts)
    if not steps:
        return opened
    named = (Step(at, "", "", "", minor, wanted, because) for at, minor, wanted, because in steps)
    return replace(opened, steps=tuple(named))


def _packed(line: PricedLine) -> list[Any]:
    """What an order line needs, and which promotions took how much of it; the rest is told with the quote."""
    amounts = [
        line.listing_id, line.sku_id, line.quantity, line.list_minor, line.offer_minor, line.discount_minor,
        line.net_minor, line.floor_minor,
    ]  # fmt: skip
    more = [line.floor_promotion, line.funded_brand_minor, line.funded_platform_minor]
    steps = [
        [step.promotion_id, step.minor, step.wanted_minor, step.because] for step in line.steps if step.minor
    ]
    if steps:
        return [*amounts, *more, steps]
    return [*amounts, *more] if any(more) else [*amounts]

"""A quote: a priced cart, fixed and signed, that expires.

It travels with the buyer instead of filling a table: nobody can change it, it
is good in one shop only, and one quote makes at most one order (orders hold
its id under a unique constraint).
"""

import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from app.domain.pricing.errors import QuoteExpired, QuoteInvalid
from app.domain.pricing.rules import PricedLine
from app.foundation import ids

LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced cart of one shop. Money in minor units of `currency`."""

    id: str
    shop_id: int
    currency: str
    lines: tuple[PricedLine, ...]
    expires_at: datetime

    @property
    def made_at(self) -> datetime:
        return self.expires_at - LIFE

    @property
    def total_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)


def make(shop_id: int, currency: str, lines: list[PricedLine], at: datetime) -> Quote:
    expires_at = at + LIFE
    return Quote(ids.token(), shop_id, currency, tuple(lines), expires_at)


class QuoteSealer:
    """Signs quotes and reads them back; the key is its own."""

    def __init__(self, key: bytes) -> None:
        self._signer = URLSafeSerializer([key], salt="perkline-quote")

    def seal(self, quote: Quote) -> str:
        lines = [_packed(line) for line in quote.lines]
        return self._signer.dumps(
            [quote.id, quote.shop_id, quote.currency, round(quote.expires_at.timestamp() * 1_000_000), lines]
        )

    def open(self, sealed: str, *, shop_id: int, at: datetime) -> Quote:
        """The quote, or QuoteInvalid (also for another shop's), or QuoteExpired."""
        try:
            quote_id, made_for, currency, expires, lines = self._signer.loads(sealed)
        except (BadSignature, ValueError, TypeError, zlib.error, json.JSONDecodeError) as error:
            raise QuoteInvalid(param="quote") from error
        if made_for != shop_id:
            raise QuoteInvalid(param="quote")
        expires_at = datetime.fromtimestamp(expires / 1_000_000, UTC)
        if expires_at < at:
            raise QuoteExpired(param="quote")
        return Quote(quote_id, made_for, currency, tuple(PricedLine(*line) for line in lines), expires_at)


def _packed(line: PricedLine) -> list[int | str | None]:
    """What an order line needs; how the price came about is shown with the quote and not sent along."""
    amounts = [
        line.listing_id, line.sku_id, line.quantity, line.list_minor, line.offer_minor, line.discount_minor,
        line.net_minor, line.floor_minor,
    ]  # fmt: skip
    more = [line.floor_promotion, line.funded_brand_minor, line.funded_platform_minor]
    return [*amounts, *more] if any(more) else [*amounts]

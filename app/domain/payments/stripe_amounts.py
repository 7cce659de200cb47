"""Amounts in Stripe's own minor units, which are not always ISO 4217's. Pure.

Source: Stripe's page on currencies. Three-decimal amounts must end in 0; krónur
and Ugandan shillings are written with two decimals that must be 00.
"""

from app.domain.payments.errors import AmountNotPayable
from app.foundation.money import decimals

WITHOUT_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
WITH_THREE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
WHOLE_BUT_WRITTEN_WITH_TWO = frozenset({"ISK", "UGX"})


def to_stripe(amount_minor: int, currency: str) -> int:
    """Our minor units as Stripe's, or raise AmountNotPayable where that cannot be exact."""
    whole, rest = _shifted(amount_minor, _stripe_decimals(currency) - decimals(currency))
    if amount_minor <= 0 or rest or whole % _step(currency):
        raise AmountNotPayable(gateway="stripe", amount_minor=amount_minor, currency=currency)
    return whole


def from_stripe(amount: int, currency: str) -> int | None:
    """Stripe's minor units as ours; None where they stand for a fraction of ours."""
    whole, rest = _shifted(amount, decimals(currency) - _stripe_decimals(currency))
    return None if rest else whole


def _shifted(amount: int, decimals_more: int) -> tuple[int, int]:
    scale: int = 10 ** abs(decimals_more)
    return (amount * scale, 0) if decimals_more >= 0 else divmod(amount, scale)


def _stripe_decimals(currency: str) -> int:
    if currency in WITHOUT_DECIMALS:
        return 0
    return 3 if currency in WITH_THREE else 2


def _step(currency: str) -> int:
    if currency in WHOLE_BUT_WRITTEN_WITH_TWO:
        return 100
    return 10 if currency in WITH_THREE else 1

"""Money in integer minor units with its ISO 4217 currency; never floats."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from app.foundation.errors import InvalidInput

# Currencies whose minor unit is not a hundredth (ISO 4217, list one).
DECIMALS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "JOD": 3,
    "OMR": 3,
    "TND": 3,
}
AMOUNT = re.compile(r"\d{1,12}(\.\d{1,3})?")


def decimals(currency: str) -> int:
    """How many decimals the currency's minor unit stands for."""
    return DECIMALS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of one currency; adding two currencies raises."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} is not {other.currency}")
        return other.minor

    def decimal(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.minor).scaleb(-decimals(self.currency))


def parse(text: str, currency: str, *, param: str) -> Money:
    """Read what a person typed ("23.80", "¥1,234") or raise InvalidInput for the field."""
    cleaned = re.sub(r"[\s,，¥￥$€£]", "", text or "")
    try:
        if not AMOUNT.fullmatch(cleaned):
            raise InvalidInput(param=param, reason="not_an_amount")
        scaled = Decimal(cleaned).scaleb(decimals(currency))
    except InvalidOperation as error:
        raise InvalidInput(param=param, reason="not_an_amount") from error
    if scaled != scaled.to_integral_value():
        raise InvalidInput(param=param, reason="too_many_decimals", decimals=decimals(currency))
    return Money(int(scaled), currency)


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Share a whole by weights so that the parts sum to it: largest remainder, first place wins a tie.

    Source: the Hamilton (largest remainder) method. Negative totals mirror the positive split.
    """
    if total_minor < 0:
        return [-part for part in split(-total_minor, weights)]
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must be non-negative with a positive sum")
    parts = [total_minor * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: (-(total_minor * weights[at] % whole), at))
    for at in order[: total_minor - sum(parts)]:
        parts[at] += 1
    return parts

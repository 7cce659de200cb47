"""Prices as people write them: minor units and a currency in, ¥23.80 out.

Babel knows how a language writes a currency but takes tens of microseconds an
amount. Its answer is taken apart once per currency and language, and kept.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision
from markupsafe import Markup, escape

SHORT_SYMBOLS = {"CNY": "¥", "JPY": "¥", "USD": "$"}
"""Unmistakable in a shop, which has one currency, where CLDR writes CN¥, JP¥ or US$."""


@dataclass(frozen=True, slots=True)
class Pattern:
    before: str
    after: str
    group: str
    point: str
    digits: int

    def parts(self, minor: int) -> tuple[str, str, str]:
        """Sign, whole units and decimals with their point."""
        whole, rest = divmod(abs(minor), 10**self.digits)
        units = f"{whole:,}" if whole > 999 else str(whole)
        if self.group != ",":
            units = units.replace(",", self.group)
        decimals = f"{self.point}{rest:0{self.digits}d}" if self.digits else ""
        return ("-" if minor < 0 else ""), units, decimals

    def text(self, minor: int) -> str:
        sign, units, decimals = self.parts(minor)
        return f"{sign}{self.before}{units}{decimals}{self.after}"


@lru_cache(maxsize=512)
def pattern(currency: str, locale: str, *, exact: bool = False) -> Pattern:
    """How a locale writes a currency; exact keeps CN¥, US$ and JP¥ apart where shops meet."""
    sample = format_currency(Decimal(1234567), currency, locale=locale)
    digits = get_currency_precision(currency)
    start = sample.index("1")
    end = len(sample) - next(i for i, sign in enumerate(reversed(sample)) if sign.isdigit())
    before, number, after = sample[:start], sample[start:end], sample[end:]
    if not exact and currency in SHORT_SYMBOLS and before:
        before = SHORT_SYMBOLS[currency]
    group = number[1] if not number[1].isdigit() else ""
    point = number[-digits - 1] if digits else ""
    return Pattern(before, after, group, point, digits)


def money(minor: int, currency: str, locale: str, *, exact: bool = False) -> str:
    return pattern(currency, locale, exact=exact).text(minor)


class Prices(dict[int, Markup]):
    """Prices with a small symbol and small decimals, by minor units: `prices[2380]`.

    A look-up, because a grid of goods asks for dozens: each amount is written once.
    """

    ENOUGH = 20_000

    def __init__(self, form: Pattern) -> None:
        self.form = form
        self.before = Markup('<span class="price"><small>%s</small>') % form.before
        after = Markup("<small>%s</small>") % form.after if form.after else ""
        self.after = Markup("%s</span>") % after

    def __missing__(self, minor: int) -> Markup:
        if len(self) > self.ENOUGH:
            self.clear()
        sign, units, decimals = self.form.parts(minor)
        cents = f"<i>{escape(decimals)}</i>" if decimals else ""
        price = Markup(f"{sign}{self.before}{units}{cents}{self.after}")  # noqa: S704 - digits
        self[minor] = price
        return price

    def __call__(self, minor: int) -> Markup:
        return self[minor]


@lru_cache(maxsize=512)
def price_in(currency: str, locale: str) -> Prices:
    return Prices(pattern(currency, locale))


def plain_amount(minor: int, currency: str) -> str:
    """Digits alone with a point, as JavaScript and spreadsheets read them: 23.80."""
    digits = get_currency_precision(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    decimals = f".{rest:0{digits}d}" if digits else ""
    return f"{'-' if minor < 0 else ''}{whole}{decimals}"

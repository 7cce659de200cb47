"""When a firm is paid, how much, and what an account looks like. Values in, values out."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.domain.commissions.calendar import ZONE
from app.domain.payments.stripe_amounts import WITH_THREE
from app.domain.payouts.errors import PayoutAccountCurrency
from app.foundation.errors import InvalidInput

EVERY = ("daily", "weekly", "monthly")
HOUR = time(9)
"""Payouts are made at nine in the morning of the house's business day."""
SHOWN = 4
IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
DIGITS = re.compile(r"\d{6,20}")
STRIPE = re.compile(r"acct_[A-Za-z0-9]{8,40}")
SANDBOX = re.compile(r"[A-Za-z0-9_-]{4,40}")
EURO = "AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK"
OF_COUNTRY = dict.fromkeys(EURO.split(), "EUR") | {
    "GB": "GBP", "CH": "CHF", "PL": "PLN", "SE": "SEK", "NO": "NOK", "DK": "DKK", "CZ": "CZK", "HU": "HUF",
    "RO": "RON", "TR": "TRY", "AE": "AED", "SA": "SAR", "BH": "BHD", "KW": "KWD", "JO": "JOD", "BR": "BRL",
}  # fmt: skip
"""The currency of accounts by the country of their IBAN (ISO 13616)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often; `day` is 1 (Monday) to 7 for weekly, 1 to 28 for monthly. From `minimum_minor` on."""

    every: str
    day: int
    minimum_minor: int

    def next_after(self, moment: datetime) -> datetime:
        """The first time of paying after a moment, in UTC."""
        day = moment.astimezone(ZONE).date()
        if not self._falls_on(day) or _at(day) <= moment:
            day = self._next_day(day)
        return _at(day)

    def _falls_on(self, day: date) -> bool:
        if self.every == "weekly":
            return day.isoweekday() == (self.day - 1) % 7 + 1
        return self.every == "daily" or day.day == self.day

    def _next_day(self, day: date) -> date:
        if self.every == "monthly" and day.day >= self.day:
            day += timedelta(days=monthrange(day.year, day.month)[1] - day.day)
        day += timedelta(days=1)
        while not self._falls_on(day):
            day += timedelta(days=1)
        return day


def _at(day: date) -> datetime:
    return datetime.combine(day, HOUR, ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about a firm's payout in one currency, at one moment; money in minor units."""

    available_minor: int
    minimum_minor: int
    fee_minor: int
    account_status: str | None
    cooling_until: datetime | None = None
    on_hold: bool = False
    waits: bool = False
    """An earlier payout of the same money has not been decided yet."""


def refusal(standing: Standing, now: datetime) -> str | None:
    """Why nothing is paid now, or None. What is left (also a debt) is carried over."""
    if standing.on_hold:
        return "on_hold"
    if standing.account_status is None:
        return "no_account"
    if standing.account_status != "verified":
        return "unverified"
    if standing.cooling_until is not None and standing.cooling_until > now:
        return "cooling"
    if standing.waits:
        return "waits"
    if standing.available_minor <= 0:
        return "nothing"
    if standing.available_minor < standing.minimum_minor:
        return "below_minimum"
    return "fee" if standing.available_minor <= standing.fee_minor else None


def key_of(*, brand_id: int | None, distributor_id: int | None, currency: str, due_at: datetime) -> str:
    """The one name of what a firm gets in a currency on a business day; whoever carries it knows it by this."""
    firm = f"b{brand_id}" if brand_id is not None else f"d{distributor_id}"
    return f"payout-{firm}-{currency}-{due_at.astimezone(ZONE):%Y%m%d}"


def needs_second(amount_minor: int, *, limit: int, decimals: int) -> bool:
    """Whether an amount is above what one person may approve; the limit is in whole units, 0 knows none."""
    return limit > 0 and amount_minor > limit * 10**decimals


def movable(net_minor: int, *, method: str, currency: str) -> int:
    """What its carrier can move of an amount: Stripe's with three decimals must end in 0. The rest is carried over."""
    step = 10 if method == "stripe" and currency in WITH_THREE else 1
    return net_minor - net_minor % step


def clean_number(text: str, *, method: str, currency: str) -> str:
    """An account's number as we keep it, or InvalidInput for `number`, or PayoutAccountCurrency."""
    number = re.sub(r"[\s-]" if method == "bank" else r"\s", "", text)
    if method != "bank":
        if not (STRIPE if method == "stripe" else SANDBOX).fullmatch(number):
            raise InvalidInput(param="number", reason="bad_account")
        return number
    number = number.upper()
    if IBAN.fullmatch(number):
        _check_iban(number, currency)
    elif not DIGITS.fullmatch(number):
        raise InvalidInput(param="number", reason="bad_account")
    elif currency == "CNY" and len(number) >= 16 and not is_luhn(number):
        raise InvalidInput(param="number", reason="bad_check_digit")
    return number


def _check_iban(number: str, currency: str) -> None:
    turned = number[4:] + number[:4]
    if int("".join(str(int(sign, 36)) for sign in turned)) % 97 != 1:
        raise InvalidInput(param="number", reason="bad_check_digit")
    known = OF_COUNTRY.get(number[:2])
    if known is not None and known != currency:
        raise PayoutAccountCurrency(param="number", currency=currency, account_currency=known)


def is_luhn(digits: str) -> bool:
    """Whether the last digit of a card's number fits the others (ISO/IEC 7812-1)."""
    doubled = [int(sign) * (1 + at % 2) for at, sign in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def last_signs(number: str) -> str:
    """All that is ever shown of an account again."""
    return f"•••• {number[-SHOWN:]}"

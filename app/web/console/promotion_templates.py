"""Promotions that many shops want, as a form already filled in; everything can still be changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext

from app.domain.commissions.calendar import ZONE
from app.foundation import clock
from app.web.console.typed_terms import as_field

# What ¥1 is about in other currencies, so that a template's amounts make sense: to one digit.
WORTH = {"USD": 0.2, "EUR": 0.2, "GBP": 0.1, "JPY": 20, "KRW": 200, "VND": 4000}


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of promotion with words for buyers and what stands in the form's fields."""

    name: str
    kind: str
    label: object
    hint: object
    title: str
    title_en: str
    fill: Callable[["Moments"], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Moments:
    """What a template is filled in with: now, and amounts of the shop's currency."""

    now: datetime
    currency: str

    def after(self, days: int) -> str:
        """The end of a day, so many days from now, as a field shows it."""
        day = (self.now + timedelta(days=days)).astimezone(ZONE)
        return as_field(day.replace(hour=23, minute=59, second=0, microsecond=0))

    def next_day(self, month: int, day: int, *, at: str = "00:00") -> str:
        """The next such day of a year."""
        local = self.now.astimezone(ZONE)
        year = local.year + ((month, day) < (local.month, local.day))
        return f"{year}-{month:02d}-{day:02d}T{at}"

    def cash(self, yuan: int) -> str:
        return f"{max(yuan * WORTH.get(self.currency, 1), 1):g}"


TEMPLATES = (
    Template(
        "opening_week", "timed_price", lazy_gettext("Opening week"),
        lazy_gettext("10 percent off everything for seven days."),
        "开业周", "Opening week", lambda at: {"how": "off", "off": "10", "ends_at": at.after(7)},
    ),
    Template(
        "eleven", "timed_price", lazy_gettext("11.11"), lazy_gettext("11 percent off everything on 11 November."),
        "双十一", "11.11", lambda at: {
            "how": "off", "off": "11", "begins": "at", "starts_at": at.next_day(11, 11),
            "ends_at": at.next_day(11, 11, at="23:59"),
        },
    ),
    Template(
        "clear_stock", "quantity_tiers", lazy_gettext("Clear old stock"),
        lazy_gettext("5 percent off from 2 pieces, 10 from 5, for two weeks; choose the goods."),
        "清库存", "Clearance", lambda at: {
            "how": "off", "from0": "2", "amount0": "5", "from1": "5", "amount1": "10", "target": "sku",
            "ends_at": at.after(14),
        },
    ),
    Template(
        "welcome", "fixed_coupon", lazy_gettext("Welcome coupon"),
        lazy_gettext("Claimed by new buyers, good for 30 days on their first order."),
        "新人券", "Welcome coupon", lambda at: {
            "minor": at.cash(5), "from": at.cash(30), "get": "page", "claim_days": "30", "audience": "first_order",
            "per_buyer": "1",
        },
    ),
    Template(
        "spend_and_save", "threshold_coupon", lazy_gettext("Spend and save"),
        lazy_gettext("¥10 off from ¥100, by itself, for a week."),
        "满减", "Spend and save", lambda at: {
            "minor": at.cash(10), "from": at.cash(100), "get": "auto", "ends_at": at.after(7),
        },
    ),
    Template(
        "weekend", "percentage_coupon", lazy_gettext("Weekend code"),
        lazy_gettext("8 percent off with a code, capped, once a buyer."),
        "周末码", "Weekend code", lambda at: {
            "off": "8", "most": at.cash(20), "code": "WEEKEND", "per_buyer": "1", "ends_at": at.after(3),
        },
    ),
)  # fmt: skip
BY_NAME = {one.name: one for one in TEMPLATES}


def filled(name: str, kind: str, currency: str) -> dict[str, Any]:
    """What a template writes into the form of its kind; nothing where there is no such template."""
    one = BY_NAME.get(name)
    if one is None or one.kind != kind:
        return {}
    words = {"title": one.title, "title_en": one.title_en, "template": one.name}
    return {**words, **one.fill(Moments(clock.now(), currency))}

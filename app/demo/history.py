"""Sixty days of orders that never were, with the rhythm of real ones: quiet mornings, busy evenings, full weekends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.demo import chance
from app.demo.people import buyers
from app.demo.shops import SHOPS, DemoListing, DemoShop, listings

DAYS = 60
STATES = ("delivered", "refunded", "expired", "paid", "attention")

_BY_HOUR = (14, 8, 4, 2, 2, 3, 8, 18, 32, 44, 52, 58, 66, 58, 50, 48, 50, 56, 68, 88, 100, 96, 70, 36)
_BY_WEEKDAY = (0.86, 0.84, 0.9, 0.96, 1.22, 1.34, 1.16)
_SHARE = {"xingxuan": 0.34, "dianwan": 0.27, "xianxiang": 0.22, "mozhan": 0.08, "fubao": 0.09}
# The slowest delivery of each kind, in milliseconds.
_PACE = {"code": 2_400, "link": 2_400, "reusable": 2_400, "topup": 150_000, "manual": 7_200_000}
_DEVICES = (("phone", 0.72), ("computer", 0.24), ("tablet", 0.04))
_METHODS = {
    "CNY": (("alipay", 0.55), ("wechat_pay", 0.38), ("card", 0.07)),
    "USD": (("card", 0.7), ("alipay", 0.3)),
}


@dataclass(frozen=True, slots=True)
class PastLine:
    """What was bought: the listing, how many, at what price each, and what the buyer filled in."""

    listing: DemoListing
    quantity: int
    unit_price_minor: int
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order of the past, its times in UTC and in order; `state` in the words of the orders room.

    Few are still `paid`, waiting for a person's work, or stand in `attention`. `paid_at` is None for one that
    expired unpaid; `settled_at` is when it was delivered, refunded or expired, and None while a person has to look.
    """

    number: int
    shop: str
    email: str
    state: str
    device: str
    method: str
    currency: str
    placed_at: datetime
    paid_at: datetime | None
    settled_at: datetime | None
    total_minor: int
    lines: tuple[PastLine, ...]


def past_orders(*, now: datetime, count: int = 3600, seed: str = "history") -> Iterator[PastOrder]:
    """Yield about `count` orders of the sixty days before now, oldest first; the same seed gives the same plan."""
    dice = chance.dice(seed)
    crowd = buyers(count=max(40, count // 3))
    starts = sorted(_moments(now, count, dice), key=lambda start: (start[0], start[1].slug))
    for number, (placed_at, shop) in enumerate(starts, 1):
        yield _order(number, shop, placed_at, now, crowd, dice)


def _moments(now: datetime, count: int, dice: Random) -> Iterator[tuple[datetime, DemoShop]]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(DAYS)]
    # Business grows: the latest day sells about twice the first one.
    weights = [_BY_WEEKDAY[day.weekday()] * (1 - 0.5 * back / DAYS) for back, day in enumerate(days)]
    shops = [each for each in SHOPS if each.slug in _SHARE]
    made = 0
    while made < count:
        day = dice.choices(days, weights)[0]
        shop = dice.choices(shops, [_SHARE[each.slug] for each in shops])[0]
        local = day.replace(tzinfo=ZoneInfo(shop.timezone)) + timedelta(
            hours=dice.choices(range(24), _BY_HOUR)[0], seconds=dice.randrange(3600)
        )
        placed_at = local.astimezone(UTC)
        if placed_at < now - timedelta(minutes=20):
            made += 1
            yield placed_at, shop


def _order(
    number: int, shop: DemoShop, placed_at: datetime, now: datetime, crowd: tuple[str, ...], dice: Random
) -> PastOrder:
    lines = tuple(_lines(shop, dice))
    state = _state(lines, placed_at, now, dice)
    paid_at = None if state == "expired" else placed_at + timedelta(seconds=dice.randrange(9, 160))
    return PastOrder(
        number=number,
        shop=shop.slug,
        email=_buyer(crowd, dice),
        state=state,
        device=_draw(_DEVICES, dice),
        method=_draw(_METHODS[shop.currency], dice),
        currency=shop.currency,
        placed_at=placed_at,
        paid_at=paid_at,
        settled_at=_settled(state, lines, placed_at, paid_at, now, dice),
        total_minor=sum(line.quantity * line.unit_price_minor for line in lines),
        lines=lines,
    )


def _lines(shop: DemoShop, dice: Random) -> Iterator[PastLine]:
    shelf = listings(shop.slug)
    for listing in _choose(shelf, dice.choices((1, 2, 3), (86, 11, 3))[0], dice):
        many = listing.sku.delivery in ("code", "link") and listing.sku.face_value_minor <= 20_000
        quantity = dice.choices((1, 2, 3, 5), (88, 8, 3, 1))[0] if many else 1
        yield PastLine(listing, quantity, listing.list_price_minor, _filled(listing, dice))


def _choose(shelf: tuple[DemoListing, ...], many: int, dice: Random) -> list[DemoListing]:
    # A few goods sell most: featured ones, and the cheaper Skus of each product.
    weights = [(4.0 if each.featured else 1.0) * 3_000 / (each.list_price_minor + 1_500) for each in shelf]
    chosen: dict[str, DemoListing] = {}
    while len(chosen) < many:
        listing = dice.choices(shelf, weights)[0]
        chosen[listing.sku.key] = listing
    return list(chosen.values())


def _filled(listing: DemoListing, dice: Random) -> tuple[tuple[str, str], ...]:
    samples = {
        "mobile": f"1{dice.choice('3578')}{dice.randrange(9)}{dice.randrange(10**8):08d}",
        "contact": f"1{dice.choice('3578')}{dice.randrange(9)}{dice.randrange(10**8):08d}",
        "account": f"perk_{dice.randrange(10**6):06d}",
        "player": str(dice.randrange(10**7, 10**9)),
        "server": str(dice.randrange(1, 60)),
        "uid": f"1{dice.randrange(10**8):08d}",
        "email": f"player{dice.randrange(10**5)}@mail.example",
    }
    return tuple((field.key, samples[field.key]) for field in listing.sku.fields)


def _state(lines: tuple[PastLine, ...], placed_at: datetime, now: datetime, dice: Random) -> str:
    if any(line.listing.sku.delivery == "manual" for line in lines) and now - placed_at < timedelta(days=1):
        return "paid"
    if now - placed_at < timedelta(hours=6) and dice.random() < 0.04:
        return "attention"
    return dice.choices(("delivered", "expired", "refunded"), (90.1, 8, 1.9))[0]


def _settled(
    state: str,
    lines: tuple[PastLine, ...],
    placed_at: datetime,
    paid_at: datetime | None,
    now: datetime,
    dice: Random,
) -> datetime | None:
    if state in ("paid", "attention"):
        return None
    if paid_at is None:
        return placed_at + timedelta(minutes=15)
    if state == "refunded":
        return min(now, paid_at + timedelta(minutes=dice.randrange(20, 60 * 30)))
    slowest = max(_PACE[line.listing.sku.delivery] for line in lines)
    return min(now, paid_at + timedelta(milliseconds=dice.randrange(slowest // 12, slowest)))


def _buyer(crowd: tuple[str, ...], dice: Random) -> str:
    """Some come back: the first in the crowd are the most loyal."""
    return crowd[int(len(crowd) * dice.random() ** 1.7)]


def _draw(odds: tuple[tuple[str, float], ...], dice: Random) -> str:
    return dice.choices([name for name, _ in odds], [weight for _, weight in odds])[0]

"""The orders of the past could have happened."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.demo import people, shops
from app.demo.goods import BRANDS
from app.demo.history import DAYS, STATES, PastOrder, past_orders

NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def orders() -> list[PastOrder]:
    return list(past_orders(now=NOW))


def test_the_past_is_the_same_every_time(orders: list[PastOrder]) -> None:
    assert orders == list(past_orders(now=NOW))


def test_the_past_is_told_in_order_and_ends_before_now(orders: list[PastOrder]) -> None:
    placed = [order.placed_at for order in orders]
    assert placed == sorted(placed)
    assert NOW - timedelta(days=DAYS + 1) < placed[0]
    assert placed[-1] < NOW


def test_an_order_is_paid_after_it_is_placed_and_settled_after_it_is_paid(orders: list[PastOrder]) -> None:
    for order in orders:
        assert order.placed_at < (order.paid_at or order.settled_at or NOW) <= NOW
        assert order.paid_at is None or order.settled_at is None or order.paid_at <= order.settled_at <= NOW
        assert (order.paid_at is None) == (order.state == "expired")


def test_most_orders_were_delivered_and_a_few_were_not(orders: list[PastOrder]) -> None:
    states = Counter(order.state for order in orders)
    assert set(states) <= set(STATES)
    assert len(orders) >= 3000
    assert states["delivered"] / len(orders) > 0.85
    assert states["refunded"]
    assert states["expired"]


def test_evenings_are_busier_than_mornings_and_weekends_than_mondays(orders: list[PastOrder]) -> None:
    china = [
        order.placed_at.astimezone(ZoneInfo("Asia/Shanghai")) for order in orders if order.currency == "CNY"
    ]
    hours, days = Counter(when.hour for when in china), Counter(when.weekday() for when in china)
    assert hours[20] > 4 * hours[4]
    assert days[5] > days[0]


def test_an_order_costs_what_its_lines_cost_at_the_prices_of_its_shop(orders: list[PastOrder]) -> None:
    for order in orders:
        shelf = {each.sku.key: each.list_price_minor for each in shops.listings(order.shop)}
        assert order.total_minor == sum(shelf[line.listing.sku.key] * line.quantity for line in order.lines)
        assert all(line.unit_price_minor >= line.listing.sku.floor_minor for line in order.lines)


def test_what_buyers_filled_in_matches_the_pattern(orders: list[PastOrder]) -> None:
    for line in (line for order in orders for line in order.lines):
        fields = {field.key: field.pattern for field in line.listing.sku.fields}
        assert set(fields) == {key for key, _ in line.fields}
        assert all(re.fullmatch(fields[key], value) for key, value in line.fields), line.fields


def test_every_shop_has_an_owner_and_every_login_a_house() -> None:
    houses = {brand.key for brand in BRANDS} | {each.key for each in people.DISTRIBUTORS}
    assert {shop.distributor for shop in shops.SHOPS} <= {
        each.key for each in people.DISTRIBUTORS if each.approved
    }
    assert all((person.house in houses) != (person.kind == "platform") for person in people.PEOPLE)
    assert len({person.email for person in people.PEOPLE}) == len(people.PEOPLE)


def test_buyers_have_addresses_of_their_own() -> None:
    assert len(set(people.buyers(count=500))) == 500

"""What can be a promotion, when it is in force, and what of its work a sealed quote carries."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.pricing import quotes
from app.domain.pricing.quotes import QuoteSealer
from app.domain.pricing.rules import Offer, price, price_cart
from app.domain.promotions.rules import Bundle, Cut, Off, Promotion, Target, Tiers

NOW = datetime(2026, 11, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda: Cut(0), lambda: Cut(off_bps=10_001), Off, lambda: Off(minor=5, rate_bps=5), lambda: Off(minor=-1),
        lambda: Off(rate_bps=10_001), lambda: Tiers(()), lambda: Tiers(((3, Cut(5)), (3, Cut(4)))),
        lambda: Tiers(((0, Cut(5)),)), lambda: Bundle({1: (1, Cut(5))}), lambda: Bundle({1: (1, Cut(5)), 2: (0, Cut(5))}),
        lambda: Target("sku"), lambda: Target("all", frozenset({1})), lambda: Target("moon", frozenset({1})),
        lambda: Promotion(1, "x", "flash_price", Off(minor=5)), lambda: Promotion(1, "x", "fixed_coupon", Cut(5)),
        lambda: Promotion(1, "x", "gift", Off(minor=5)), lambda: Promotion(1, "x", "referral", Off(minor=5), "buyer"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_no_promotion(nonsense):
    with pytest.raises(ValueError):
        nonsense()


@pytest.mark.parametrize(
    ("starts", "ends", "counts"),
    [
        (NOW, None, True),
        (NOW + HOUR, None, False),
        (None, NOW, False),
        (None, NOW + HOUR, True),
        (None, None, True),
    ],
)
def test_a_window_holds_from_its_first_moment_up_to_its_last(starts, ends, counts: bool):
    coupon = Promotion(1, "x", "fixed_coupon", Off(minor=5), starts_at=starts, ends_at=ends)
    priced = price_cart([Offer(1, 1, 1, 100, 0)], [coupon], at=NOW)
    assert priced.total_minor == (95 if counts else 100)
    assert [step.because for step in priced.left_out] == ([] if counts else ["not_now"])


def test_a_percentage_price_of_everything_still_costs_the_smallest_unit():
    (line,) = price([Offer(1, 1, 3, 100, 0)], [Promotion(1, "x", "timed_price", Cut(off_bps=10_000))])
    assert (line.offer_minor, line.net_minor) == (1, 3)


def test_a_sealed_quote_carries_what_the_order_line_needs_and_which_promotion_took_how_much():
    sealer, flash = QuoteSealer(b"key"), Promotion(1, "11.11", "flash_price", Cut(900), "platform")
    plain, exempt = Offer(1, 1, 2, 1000, 800), Offer(2, 2, 1, 1000, 950, exempt={"11.11": 900})
    made = quotes.make(7, "CNY", price([plain, exempt], [flash]), NOW)
    opened = sealer.open(sealer.seal(made), shop_id=7, at=NOW)
    first, second = opened.lines
    assert opened.total_minor == made.total_minor == 2700
    assert (first.floor_promotion, first.funded_platform_minor, first.floor_minor) == (None, 200, 800)
    assert (second.floor_promotion, second.funded_platform_minor, second.floor_minor) == ("11.11", 100, 900)
    taken = [(step.promotion_id, step.minor) for step in first.steps]
    assert taken == [(1, 200)] and made.lines[0].steps[0].name == "11.11"


def test_a_quote_without_promotions_is_sealed_as_short_as_ever():
    line = price([Offer(1, 2, 3, 1000, 800)])[0]
    assert quotes._packed(line) == [1, 2, 3, 1000, 1000, 0, 3000, 800]

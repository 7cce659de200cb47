"""Whatever is stacked: no line below its floor, nothing below zero, every part adds up, and a return mirrors it all."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, find, given, settings
from hypothesis import strategies as st

from app.domain.commissions.rules import ROLES, Line, Settled, TakenBack, bracket_value, split, take_back
from app.domain.commissions.undoing import give_again
from app.domain.pricing import rules as pricing
from app.domain.pricing.rules import Offer, Priced, PricedLine, price_cart
from tests.property.stacks import NOW, RATES, Stack, brackets, stacks

ROUND = 2000
MANY = settings(
    max_examples=ROUND,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# One round in `make test`; `make nightly` asks for 100,000 by its profile and gets fifty rounds, each with memory of its own.
ROUNDS = pytest.mark.parametrize("turn", range(max(1, settings().max_examples // ROUND)))


def check_floor(line: PricedLine, offer: Offer) -> None:
    """The promise to the brand: the floor in force, or that of the exemption the line stands on."""
    in_force = offer.floor_minor if line.floor_promotion is None else offer.exempt[line.floor_promotion]
    assert line.floor_minor == in_force
    assert line.net_minor >= in_force * line.quantity


def check_amounts(line: PricedLine) -> None:
    """What the order line's CHECKs say, and that the steps tell the whole."""
    assert 0 < line.offer_minor <= line.list_minor
    assert line.discount_minor >= 0 and line.net_minor >= 1
    assert line.net_minor == line.offer_minor * line.quantity - line.discount_minor
    saved = line.list_minor * line.quantity - line.net_minor
    assert line.funded_brand_minor >= 0 and line.funded_platform_minor >= 0
    assert line.funded_brand_minor + line.funded_platform_minor <= saved
    assert sum(step.minor for step in line.steps) == saved
    for step in line.steps:
        assert 0 <= step.minor <= step.wanted_minor
        assert step.because or step.minor == step.wanted_minor
    for funder, borne in (("brand", line.funded_brand_minor), ("platform", line.funded_platform_minor)):
        assert sum(step.minor for step in line.steps if step.funder == funder) == borne


def check_cart(stack: Stack, priced: Priced) -> None:
    """Every promotion is accounted for once: in the steps of lines or among those left out."""
    took = {step.promotion_id for line in priced.lines for step in line.steps if step.minor}
    left = [step.promotion_id for step in priced.left_out]
    assert sorted([*took, *left]) == [promotion.id for promotion in stack.promotions]
    assert all(step.because for step in priced.left_out)
    by_id = {promotion.id: promotion for promotion in stack.promotions}
    by_sku = {offer.sku_id: offer for offer in stack.lines}
    for line in priced.lines:
        offer = by_sku[line.sku_id]
        for step in line.steps:
            assert step.kind not in offer.barred and f"#{step.promotion_id}" not in offer.barred
            assert by_id[step.promotion_id].brand_id in {None, offer.brand_id}
        used = [by_id[step.promotion_id] for step in line.steps if step.minor]
        assert sum(promotion.is_offer for promotion in used) <= 1
        assert all(promotion.in_force(NOW) for promotion in used)
        assert all(one is two or one.combines_with(two) for one in used for two in used)


@ROUNDS
@MANY
@given(
    stacks(), RATES, st.integers(0, 500), st.integers(0, 60_000),
    st.sampled_from([(), (11,), (11, 12), (None, 12)]), st.data(),
)  # fmt: skip
def test_no_stack_sells_below_the_floor_and_its_parts_sum_to_the_whole(
    turn: int,
    stack: Stack,
    rate: int,
    fixed: int,
    volume: int,
    uplines: tuple[int | None, ...],
    data: st.DataObject,
):
    priced = price_cart(stack.lines, stack.promotions, at=NOW)
    assert priced.total_minor >= 1
    check_cart(stack, priced)
    for line, offer in zip(priced.lines, stack.lines, strict=True):
        check_floor(line, offer)
        check_amounts(line)
        terms = stack.terms[line.sku_id]
        if offer.brand_bears_minor is not None:
            assert line.funded_brand_minor <= offer.brand_bears_minor
        sold = Line(
            line.net_minor, line.quantity, terms, line.funded_brand_minor, line.funded_platform_minor,
            line.net_minor * rate // 10_000, fixed, volume, uplines,
        )  # fmt: skip
        parts = split(sold)
        assert sum(part.amount_minor for part in parts.values()) == sold.whole_minor
        for part in parts.values():
            assert part.amount_minor >= 0
            assert sum(step["minor"] for step in part.steps) == part.amount_minor
        assert asked_of_seller(parts) == 0, "a brand's promotion is paid out of the brand's part alone"
    check_returns(sold, data)


def asked_of_seller(parts: Any) -> int:
    """What settlement asks the seller for, of what the brand promised."""
    return -sum(step["minor"] for step in parts["seller"].steps if step["what"] == "brands_discount")


def left_after(parts: Any) -> dict[str, int]:
    return {role: part.amount_minor for role, part in parts.items()}


def commission_of(parts: Any) -> int:
    return sum(step["minor"] for step in parts["seller"].steps if step["what"] == "commission")


def check_returns(sold: Line, data: st.DataObject) -> None:
    """Some amounts go back, then the rest: each return sums up, and at the end nobody has anything of it."""
    parts = split(sold)
    left, commission = left_after(parts), commission_of(parts)
    returned, funded, volume = 0, 0, sold.volume_minor + sold.base_minor
    amounts = data.draw(st.lists(st.integers(1, max(sold.net_minor, 1)), max_size=4))
    for amount in [*amounts, sold.net_minor]:
        settled = Settled(
            sold.net_minor, returned, sold.base_minor, sold.funded_platform_minor, sold.terms, left, True, commission
        )  # fmt: skip
        taken = take_back(settled, amount, volume_minor=volume)
        assert sum(taken.parts.values()) == taken.buyer_minor + taken.promotion_minor
        assert taken.buyer_minor == min(amount, sold.net_minor - returned) and taken.promotion_minor >= 0
        left = {role: left[role] - taken.parts.get(role, 0) for role in ROLES}
        commission -= taken.facts.get("commission_minor", 0)
        returned, funded = returned + taken.buyer_minor, funded + taken.promotion_minor
        volume -= taken.volume_minor
        # A month gives back its top first: until the last return the brand may be ahead or behind.
        assert min(left.values()) >= 0 or "brackets" in sold.terms
    assert (returned, funded, volume) == (sold.net_minor, sold.funded_platform_minor, sold.volume_minor)
    assert set(left.values()) == {0}


# ------------------------------------------------------------------ a month of brackets


@st.composite
def months(draw: st.DrawFn) -> tuple[list[dict[str, int]], list[tuple[str, int, int, int]]]:
    """Brackets, and sales, returns and undone returns in any order: (what, amount, platform's share of its discount, which sale)."""
    moves = st.tuples(
        st.sampled_from(["sale", "sale", "return", "return", "undo"]), st.integers(1, 20_000), st.integers(0, 3000), st.integers(0, 20)
    )  # fmt: skip
    return draw(brackets()), draw(st.lists(moves, min_size=1, max_size=14))


class Month:
    """The books of one seller's month with one brand."""

    def __init__(self, terms: dict[str, Any]) -> None:
        self.terms, self.volume = terms, 0
        self.sales: list[dict[str, Any]] = []
        self.returns: list[tuple[dict[str, Any], TakenBack]] = []

    def sell(self, net: int, funded: int) -> None:
        line = Line(net, 1, self.terms, 0, funded, net // 50, 3, self.volume, (11, 12))
        parts = split(line)
        commission = commission_of(parts)
        self.volume += line.base_minor
        self.sales.append({"line": line, "left": left_after(parts), "returned": 0, "commission": commission})

    def give_back(self, which: int, amount: int) -> None:
        sale = self.sales[which]
        line = sale["line"]
        settled = Settled(
            line.net_minor, sale["returned"], line.base_minor, line.funded_platform_minor, self.terms, sale["left"],
            True, sale["commission"],
        )  # fmt: skip
        taken = take_back(settled, amount, volume_minor=self.volume)
        assert sum(taken.parts.values()) == taken.buyer_minor + taken.promotion_minor
        sale["left"] = {role: sale["left"][role] - taken.parts.get(role, 0) for role in ROLES}
        sale["returned"] += taken.buyer_minor
        sale["commission"] -= taken.facts.get("commission_minor", 0)
        self.volume -= taken.volume_minor
        if taken.buyer_minor:
            self.returns.append((sale, taken))

    def undo(self, which: int) -> None:
        """A refund bounced: whichever it was, not only the last."""
        sale, taken = self.returns.pop(which % len(self.returns))
        line = sale["line"]
        settled = Settled(
            line.net_minor, sale["returned"], line.base_minor, line.funded_platform_minor, self.terms, sale["left"],
            True, sale["commission"],
        )  # fmt: skip
        again = give_again(
            settled, taken.parts, taken.buyer_minor, commission_minor=taken.facts.get("commission_minor", 0),
            volume_minor=self.volume,
        )  # fmt: skip
        assert sum(again.parts.values()) == again.buyer_minor + again.promotion_minor
        sale["left"] = {role: sale["left"][role] + again.parts.get(role, 0) for role in ROLES}
        sale["returned"] -= again.buyer_minor
        sale["commission"] -= again.facts.get("commission_minor", 0)
        self.volume += again.volume_minor


@ROUNDS
@MANY
@example(
    month=([{"from_minor": 0, "rate_bps": 10000}], [("sale", 6, 2, 0), ("return", 1, 0, 0), ("return", 2, 0, 0), ("return", 2, 0, 0), ("undo", 1, 0, 1)]),
    boost=0, override=0, rated=True,
)  # fmt: skip  # an undone return left a cent between two parties
@given(months(), RATES, RATES, st.booleans())
def test_a_months_commissions_are_the_brackets_value_of_its_volume_whatever_was_sold_and_returned(
    turn: int,
    month: tuple[list[dict[str, int]], list[tuple[str, int, int, int]]],
    boost: int,
    override: int,
    rated: bool,
):
    table, moves = month
    books = Month(
        {
            "kind": "commission", **({"rate_bps": table[0]["rate_bps"]} if rated else {"brackets": table}), "boost": {"add_bps": boost // 8},
            "override": {"step1_bps": override // 4, "step2_bps": override // 8, "pot": "distributor"},
        }
    )  # fmt: skip
    for what, amount, funded, which in moves:
        if what == "sale":
            books.sell(amount, funded)
        elif what == "undo":
            if books.returns:
                books.undo(which)
        elif books.sales:
            books.give_back(which % len(books.sales), amount)
        assert books.volume == sum(sale["line"].base_minor - _gone(sale) for sale in books.sales)
        if not rated:
            assert sum(sale["commission"] for sale in books.sales) == bracket_value(table, books.volume)
    for which, sale in enumerate(books.sales):
        books.give_back(which, sale["line"].net_minor)
    assert books.volume == 0
    for role in ROLES:
        assert sum(sale["left"][role] for sale in books.sales) == 0
    for sale in books.sales:
        assert all(sale["left"][role] == 0 for role in ROLES if rated or role not in {"seller", "supplier"})


def _gone(sale: dict[str, Any]) -> int:
    line = sale["line"]
    return int(line.base_minor * sale["returned"] // line.net_minor)


# ------------------------------------------------------------------ twins: without its guard, the promise is broken


def broken_by(check: Any) -> Any:
    def breaks(stack: Stack) -> bool:
        priced = price_cart(stack.lines, stack.promotions, at=NOW)
        try:
            for line, offer in zip(priced.lines, stack.lines, strict=True):
                check(line, offer)
        except (AssertionError, KeyError):
            return True
        return False

    return breaks


FOUND = settings(
    max_examples=5000,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("clamp", ["_room", "_allowed_offer"])
def test_an_engine_without_the_floor_is_caught(monkeypatch: pytest.MonkeyPatch, clamp: str):
    """The twin: without one of its two clamps the engine sells below the floor, and the property finds how."""
    without: dict[str, Any] = {
        "_room": lambda _promotion, line: (line.net_minor, ""),
        "_allowed_offer": lambda _promotion, _line, wanted: (wanted, ""),
    }
    monkeypatch.setattr(pricing, clamp, without[clamp])
    assert find(stacks(), broken_by(check_floor), settings=FOUND)


def test_an_engine_that_gives_more_than_the_brand_gets_is_caught(monkeypatch: pytest.MonkeyPatch):
    """The twin: held to its supply price alone, a brand's promotion is paid by the seller, and the property finds it."""

    def asks(stack: Stack) -> bool:
        for line in price_cart(stack.lines, stack.promotions, at=NOW).lines:
            sold = Line(
                line.net_minor, line.quantity, stack.terms[line.sku_id], line.funded_brand_minor, line.funded_platform_minor
            )  # fmt: skip
            if asked_of_seller(split(sold)):
                return True
        return False

    monkeypatch.setattr(pricing, "_funders_room", lambda promotion, line: None)
    monkeypatch.setattr(pricing, "_brand_bears", lambda line, base: line.brand_bears_minor or base)
    assert find(stacks(), asks, settings=FOUND)


@pytest.mark.parametrize("clamp", ["_barred", "_meant"])
def test_an_engine_that_gives_what_is_switched_off_or_anothers_is_caught(
    monkeypatch: pytest.MonkeyPatch, clamp: str
):
    """The twin: one that forgets switches, or whose goods a brand's promotion is for."""

    def wrong(stack: Stack) -> bool:
        try:
            check_cart(stack, price_cart(stack.lines, stack.promotions, at=NOW))
        except AssertionError:
            return True
        return False

    monkeypatch.setattr(pricing, clamp, lambda _promotion, _line: clamp == "_meant")
    assert find(stacks(), wrong, settings=FOUND)


def test_a_split_that_loses_a_cent_is_caught(monkeypatch: pytest.MonkeyPatch):
    """The twin: shares that are only rounded down do not add up."""

    def rounded_down(total: int, weights: Sequence[int]) -> list[int]:
        return [total * weight // sum(weights) for weight in weights]

    def short(stack: Stack) -> bool:
        priced = price_cart(stack.lines, stack.promotions, at=NOW)
        steps = [step for line in priced.lines for step in line.steps]
        return any(step.minor < step.wanted_minor and not step.because for step in steps) or _short(
            stack, priced
        )

    monkeypatch.setattr(pricing, "split", rounded_down)
    assert find(stacks(), short, settings=FOUND)


def _short(stack: Stack, priced: Priced) -> bool:
    """Whether an amount came out smaller than it is, though no line was held back."""
    for promotion in stack.promotions:
        steps = [step for line in priced.lines for step in line.steps if step.promotion_id == promotion.id]
        asked = getattr(promotion.value, "minor", 0)
        if (
            promotion.kind in {"fixed_coupon", "threshold_coupon"}
            and steps
            and not any(step.because for step in steps)
        ):
            nets = [line.net_minor for line in priced.lines]
            if sum(step.minor for step in steps) < min(asked, sum(nets)):
                return True
    return False

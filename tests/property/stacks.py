"""Generated carts with everything that can lie on them: levels, terms, floors, windows and promotions of every kind."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from app.domain.commissions.bearing import bearing
from app.domain.commissions.rules import Rule, Sale, terms_of
from app.domain.pricing.floors import FloorRow, resolve
from app.domain.pricing.rules import Offer
from app.domain.promotions.rules import (
    ANY_KIND,
    DISCOUNTS,
    FUNDERS,
    OFFERS,
    Bundle,
    Cut,
    Off,
    Promotion,
    Target,
    Tiers,
)

NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
SELLER, LEVEL = 7, 3
BARRED = st.one_of(
    st.just(frozenset()),
    st.frozensets(st.sampled_from([*OFFERS, *DISCOUNTS, "#0", "#1", "#2", "#3"]), max_size=3),
)
NAMES = ("double eleven", "opening", "friends")
DECIMALS = st.sampled_from([0, 2, 3])
QUANTITIES = st.one_of(st.integers(1, 3), st.integers(1, 1000))
RATES = st.one_of(st.sampled_from([0, 1, 3333, 10_000]), st.integers(0, 10_000))
ENDS = st.sampled_from([None, NOW + timedelta(hours=1), NOW, NOW - timedelta(days=1)])
STARTS = st.sampled_from([NOW - timedelta(days=9), NOW, NOW + timedelta(seconds=1)])
COMBINES = st.sampled_from([ANY_KIND, frozenset(DISCOUNTS), frozenset(OFFERS), frozenset()])
TARGETS = st.sampled_from(
    [
        Target(), Target("sku", frozenset({1})), Target("sku", frozenset({2, 3})), Target("product", frozenset({1})),
        Target("category", frozenset({0})),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Stack:
    """A cart, what is in force for it, and the terms of each line by its Sku."""

    decimals: int
    lines: list[Offer]
    promotions: list[Promotion]
    terms: dict[int, dict[str, Any]]


@cache
def amounts(decimals: int) -> st.SearchStrategy[int]:
    """Prices as shops have them, and the smallest and oddest ones."""
    return st.one_of(st.integers(1, 12), st.integers(1, 300 * 10**decimals))


@cache
def cuts(decimals: int) -> st.SearchStrategy[Cut]:
    return st.one_of(st.builds(Cut, amounts(decimals)), st.builds(lambda rate: Cut(off_bps=rate), RATES))


@st.composite
def brackets(draw: st.DrawFn) -> list[dict[str, int]]:
    starts = sorted(draw(st.sets(st.integers(1, 30_000), max_size=3)))
    return [{"from_minor": start, "rate_bps": draw(RATES)} for start in [0, *starts]]


@st.composite
def rules(draw: st.DrawFn, decimals: int) -> list[Rule]:
    """Rules of pay for all, a level or the seller, some not in force and some for other goods."""
    made = []
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["margin", "commission", "brackets", "boost", "override"]))
        value = {
            "margin": lambda: {"supply_minor": draw(amounts(decimals))},
            "commission": lambda: {"rate_bps": draw(RATES)},
            "brackets": lambda: {"brackets": draw(brackets())},
            "boost": lambda: {"add_bps": draw(RATES)},
            "override": lambda: {
                "step1_bps": draw(RATES), "step2_bps": draw(RATES),
                "pot": draw(st.sampled_from(["brand", "distributor", "platform"])),
            },
        }[kind]()  # fmt: skip
        party = draw(st.sampled_from([{}, {"level_id": LEVEL}, {"distributor_id": SELLER}, {"level_id": 99}]))
        goods = draw(st.sampled_from([{}, {"sku_id": 1}, {"product_id": 1}]))
        made.append(
            Rule(
                number, "s", 1, "commission" if kind == "brackets" else kind, value, draw(STARTS), draw(ENDS),
                **party, **goods,
            )
        )  # fmt: skip
    return made


@st.composite
def floors(draw: st.DrawFn, list_minor: int) -> list[FloorRow]:
    """Floors of one Sku, at or below the list price unless they are an exemption's."""
    made = []
    for number in range(draw(st.integers(0, 4))):
        target = draw(
            st.sampled_from([{}, {"level_id": LEVEL}, {"distributor_id": SELLER}, {"distributor_id": 99}])
        )
        promotion = draw(st.sampled_from([None, None, *NAMES]))
        highest = list_minor if promotion is None else list_minor * 2
        made.append(
            FloorRow(
                number, draw(st.integers(0, highest)), draw(STARTS), draw(ENDS), promotion=promotion, **target
            )
        )
    return made


@st.composite
def promotions(draw: st.DrawFn, decimals: int, number: int) -> Promotion:
    kind = draw(st.sampled_from([*OFFERS, *DISCOUNTS]))
    cut = cuts(decimals)
    if kind == "quantity_tiers":
        value: Any = Tiers(
            tuple(
                (start, draw(cut))
                for start in sorted(draw(st.sets(st.integers(1, 9), min_size=1, max_size=3)))
            )
        )
    elif kind == "bundle_price":
        value = Bundle({sku: (draw(st.integers(1, 2)), draw(cut)) for sku in (1, 2)})
    elif kind in OFFERS:
        value = draw(cut)
    elif kind == "percentage_coupon" or (kind == "referral" and draw(st.booleans())):
        value = Off(rate_bps=max(draw(RATES), 1), most_minor=draw(st.one_of(st.none(), amounts(decimals))))
    else:
        least = draw(amounts(decimals)) if kind == "threshold_coupon" else 0
        value = Off(minor=draw(amounts(decimals)) * draw(st.sampled_from([1, 3])), from_minor=least)
    starts, ends = draw(st.sampled_from([(None, None), (NOW, None), (None, NOW), (NOW + timedelta(1), None)]))
    funder = draw(st.sampled_from(FUNDERS))
    brand = draw(st.integers(0, 2)) if funder == "brand" and draw(st.booleans()) else None
    return Promotion(
        number, NAMES[number % 3], kind, value, funder, draw(TARGETS), draw(COMBINES), starts, ends, brand
    )  # fmt: skip


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """One to four lines under up to six promotions."""
    decimals = draw(DECIMALS)
    given_rules = draw(rules(decimals))
    lines, terms = [], {}
    for sku in range(1, draw(st.integers(1, 4)) + 1):
        list_minor, quantity = draw(amounts(decimals)), draw(QUANTITIES)
        rows, base = draw(floors(list_minor)), draw(st.integers(0, list_minor))
        supply = draw(st.integers(0, list_minor))
        known = {"sku_floor_minor": base, "at": NOW, "distributor_id": SELLER, "level_id": LEVEL}
        sale = Sale(sku, sku % 2, SELLER, LEVEL, NOW, supply)
        terms[sku] = terms_of(given_rules, sale)
        bears = bearing(terms[sku], list_minor=list_minor, quantity=quantity)
        lines.append(
            Offer(
                100 + sku, sku, quantity, list_minor, resolve(rows, **known).floor_minor, sku % 2, sku % 2,
                {name: resolve(rows, **known, promotions=(name,)).floor_minor for name in NAMES},
                bears.most_minor, bears.gives_up_bps, sku % 3, draw(BARRED),
            )
        )  # fmt: skip
    many = draw(st.integers(0, 6))
    return Stack(decimals, lines, [draw(promotions(decimals, number)) for number in range(many)], terms)

"""The worked examples of docs/algorithms, run as they stand: what the page says comes out of the code."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from app.config import ROOT
from app.domain.commissions import fees
from app.domain.commissions.rules import (
    ROLES,
    Line,
    Rule,
    Sale,
    Settled,
    bracket_value,
    split,
    take_back,
    terms_of,
)
from app.domain.commissions.settling import Sold
from app.domain.pricing.floors import FloorRow, resolve
from app.domain.pricing.rules import FloorBroken, Offer, PricedLine, price_cart
from app.domain.promotions.rules import ANY_KIND, Bundle, Cut, Off, Promotion, Target, Tiers, Value
from app.flows import settle

Example = dict[str, Any]
BLOCK = re.compile(r"^```json (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = ("pricing", "settlement")
NOW = datetime(2026, 11, 11, tzinfo=UTC)


def blocks(page: str) -> list[tuple[str, Example]]:
    words = (ROOT / "docs" / "algorithms" / f"{page}.md").read_text("utf-8")
    return [(kind, json.loads(body)) for kind, body in BLOCK.findall(words)]


EXAMPLES = [
    pytest.param(kind, told, id=f"{page}-{number}-{kind}")
    for page in PAGES
    for number, (kind, told) in enumerate(blocks(page), 1)
]


# ------------------------------------------------------------------ pricing


def cut(told: Example) -> Cut:
    return Cut(told.get("price"), told.get("off_bps", 0))


def value(told: Example) -> Value:
    if told["kind"] == "quantity_tiers":
        return Tiers(tuple((tier["from"], cut(tier)) for tier in told["tiers"]))
    if told["kind"] == "bundle_price":
        return Bundle({part["sku"]: (part["units"], cut(part)) for part in told["parts"]})
    if told["kind"].endswith("_price"):
        return cut(told)
    return Off(told.get("minor", 0), told.get("rate_bps", 0), told.get("most"), told.get("from", 0))


def promotion(number: int, told: Example) -> Promotion:
    target = Target("sku", frozenset(told["skus"])) if "skus" in told else Target()
    combines = frozenset(told["combines"]) if "combines" in told else ANY_KIND
    return Promotion(
        number, told["name"], told["kind"], value(told), told.get("funder", "distributor"), target, combines,
        brand_id=told.get("brand"),
    )  # fmt: skip


def offer(told: Example) -> Offer:
    return Offer(
        told["sku"], told["sku"], told.get("quantity", 1), told["list"], told.get("floor", 0),
        exempt=told.get("exempt", {}), brand_bears_minor=told.get("brand_bears"),
        brand_gives_up_bps=told.get("gives_up_bps", 0), brand_id=told.get("brand"),
        barred=frozenset(told.get("barred", ())),
    )  # fmt: skip


def shown(line: PricedLine) -> Example:
    steps = [
        [
            step.name,
            step.minor,
            *([step.because] if step.because else []),
            *([step.other] if step.other else []),
        ]
        for step in line.steps
    ]
    found: Example = {
        "offer": line.offer_minor, "discount": line.discount_minor, "net": line.net_minor, "steps": steps,
        "floor": line.floor_minor, "funded_brand": line.funded_brand_minor,
        "funded_platform": line.funded_platform_minor, "floor_promotion": line.floor_promotion,
    }  # fmt: skip
    return found


def run_price(told: Example) -> Example:
    promotions = [promotion(number, one) for number, one in enumerate(told.get("promotions", []), 1)]
    try:
        priced = price_cart([offer(line) for line in told["lines"]], promotions)
    except FloorBroken as broken:
        return {"refused": str(broken)}
    lines = [shown(line) for line in priced.lines]
    wanted = told["gives"].get("lines", [])
    return {
        "lines": [{key: line[key] for key in want} for line, want in zip(lines, wanted, strict=True)],
        "total": priced.total_minor,
        "left_out": {step.name: step.because for step in priced.left_out},
    }


def run_floor(told: Example) -> Example:
    moment = datetime.fromisoformat
    rows = [
        FloorRow(
            number, row["floor"], moment(row["from"]), moment(row["to"]) if "to" in row else None,
            row.get("level"), row.get("distributor"), row.get("promotion"),
        )
        for number, row in enumerate(told["rows"])
    ]  # fmt: skip
    asked = told["asked"]
    found = resolve(
        rows, sku_floor_minor=told["sku_floor"], at=moment(asked["at"]), distributor_id=asked["distributor"],
        level_id=asked["level"], promotions=asked.get("promotions", ()),
    )  # fmt: skip
    return {"floor": found.floor_minor, "source": found.source}


# ------------------------------------------------------------------ settlement


def run_terms(told: Example) -> Example:
    rules = [
        Rule(
            rule["id"], rule.get("series", "r"), rule.get("version", 1), rule["kind"], rule["value"], NOW, None,
            rule.get("product"), rule.get("sku"), rule.get("level"), rule.get("distributor"),
        )
        for rule in told["rules"]
    ]  # fmt: skip
    sale = told["sale"]
    found = terms_of(
        rules,
        Sale(sale["sku"], sale["product"], sale["distributor"], sale["level"], NOW, sale["supply_price"]),
    )
    return {key: found.get(key) for key in told["gives"]}


def run_brackets(told: Example) -> Example:
    return {"commission": [bracket_value(told["brackets"], volume) for volume in told["volumes"]]}


def run_fee(told: Example) -> Example:
    rule: Any = SimpleNamespace(rate_bps=told["rate_bps"], fixed_minor=told["fixed"])
    fee = fees.fee_of(rule, sum(told["nets"]))
    return {"fee": fee, "shares": fees.shares(fee, told["nets"])}


def line_of(told: Example) -> Line:
    return Line(
        told["net"], told.get("quantity", 1), told["terms"], told.get("funded_brand", 0),
        told.get("funded_platform", 0), told.get("platform_fee", 0), told.get("gateway_fee", 0),
        told.get("volume", 0), tuple(told.get("uplines", ())),
    )  # fmt: skip


def sold(line: Line) -> Sold:
    facts = dict.fromkeys(Sold.__dataclass_fields__, 0) | {
        "id": 1, "brand_id": 1, "seller_id": 7, "net_minor": line.net_minor, "quantity": line.quantity,
        "terms": dict(line.terms), "currency": "CNY", "delivered_at": NOW,
    }  # fmt: skip
    return Sold(**facts)  # type: ignore[arg-type]


def run_split(told: Example) -> Example:
    line = line_of(told["line"])
    parts = split(line)
    posting = settle._posting(sold(line), line, parts)
    assert sum(side.amount_minor for side in posting.sides) == 0
    found: Example = {"parts": {role: part.amount_minor for role, part in parts.items() if part.amount_minor}}
    found["steps"] = {
        role: [[step["what"], step["minor"]] for step in parts[role].steps]
        for role in told["gives"].get("steps", {})
    }
    found["entries"] = [
        [side.account, side.distributor_id or side.brand_id, side.amount_minor] if side.distributor_id or side.brand_id
        else [side.account, side.amount_minor]
        for side in posting.sides if side.amount_minor
    ]  # fmt: skip
    return {key: found[key] for key in told["gives"]}


def run_take_back(told: Example) -> Example:
    line, given = line_of(told["line"]), []
    parts = split(line)
    left = {role: part.amount_minor for role, part in parts.items()}
    commission = sum(step["minor"] for step in parts["seller"].steps if step["what"] == "commission")
    volume, returned = told.get("month", line.volume_minor + line.base_minor), 0
    for amount in told["returns"]:
        settled = Settled(
            line.net_minor,
            returned,
            line.base_minor,
            line.funded_platform_minor,
            line.terms,
            left,
            True,
            commission,
        )
        taken = take_back(settled, amount, volume_minor=volume)
        left = {role: left[role] - taken.parts.get(role, 0) for role in ROLES}
        commission -= taken.facts.get("commission_minor", 0)
        volume, returned = volume - taken.volume_minor, returned + taken.buyer_minor
        given.append(
            {"buyer": taken.buyer_minor, "promotion": taken.promotion_minor, "parts": dict(taken.parts)}
        )
    return {"returns": given, "left": {role: minor for role, minor in left.items() if minor}}


RUN: dict[str, Callable[[Example], Example]] = {
    "price": run_price, "floor": run_floor, "terms": run_terms, "brackets": run_brackets, "fee": run_fee,
    "split": run_split, "take_back": run_take_back,
}  # fmt: skip


def outcome(kind: str, told: Example) -> Example:
    """What the code says, of what the page says."""
    found = RUN[kind](told)
    return {key: found.get(key) for key in told["gives"]}


@pytest.mark.parametrize(("kind", "told"), EXAMPLES)
def test_a_worked_example_is_what_the_code_does(kind: str, told: Example):
    assert outcome(kind, told) == told["gives"]


@pytest.mark.parametrize("page", PAGES)
def test_every_kind_of_promotion_and_every_block_of_a_page_is_read(page: str):
    words = (ROOT / "docs" / "algorithms" / f"{page}.md").read_text("utf-8")
    assert len(blocks(page)) == words.count("```json") > 5
    if page == "pricing":
        shown_kinds = {one["kind"] for _, told in blocks(page) for one in told.get("promotions", [])}
        assert shown_kinds == ANY_KIND


def test_a_page_that_is_a_cent_wrong_is_noticed():
    """The twin."""
    kind, told = blocks("pricing")[0]
    told["gives"]["total"] = told["gives"].get("total", 0) + 1
    assert outcome(kind, told) != told["gives"]

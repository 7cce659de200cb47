"""A promotion as it is stored, a quote as it travels, and hundreds of carts in a real shop."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from app.domain.pricing import quotes
from app.domain.pricing.quotes import QuoteSealer
from app.domain.pricing.rules import price_cart
from app.domain.promotions import stored
from app.domain.promotions.buyers import Shopper
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import ANY_KIND, OFFERS, Promotion
from app.flows import purchase
from app.flows.priced import Asked
from app.flows.purchase import PlaceOrder
from tenants.context import shop_scope
from tests.factories import Goods, make_goods, make_shop
from tests.factories.orders import BUYER
from tests.factories.promotions import promote
from tests.property.stacks import NOW, Stack, promotions, stacks

OFTEN = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
CARTS = 300


def row_of(promotion: Promotion) -> StoredPromotion:
    """As the promotion would be written."""
    return StoredPromotion(
        id=promotion.id, key=promotion.name, kind=promotion.kind, value=stored.told_of(promotion.value),
        funder=promotion.funder, target_of=promotion.target.of, target_ids=sorted(promotion.target.ids),
        combines=None if promotion.combines == ANY_KIND else sorted(promotion.combines),
        starts_at=promotion.starts_at, ends_at=promotion.ends_at, brand_id=promotion.brand_id,
    )  # fmt: skip


@OFTEN
@given(st.sampled_from([0, 2, 3]).flatmap(lambda decimals: promotions(decimals, 1)))
def test_a_promotion_is_read_as_it_was_written(promotion: Promotion):
    assert stored.value_of(promotion.kind, stored.told_of(promotion.value)) == promotion.value
    assert stored.promotion_of(row_of(promotion)) == promotion


@OFTEN
@given(stacks())
def test_a_quote_that_was_sealed_and_opened_makes_the_same_order_line(stack: Stack):
    priced = price_cart(stack.lines, stack.promotions, at=NOW)
    made = quotes.make(7, "CNY", priced.lines, NOW, left_out=priced.left_out)
    sealer = QuoteSealer(b"key")
    opened = sealer.open(sealer.seal(made), shop_id=7, at=NOW)
    assert opened.total_minor == made.total_minor
    for before, after in zip(made.lines, opened.lines, strict=True):
        assert replace(after, steps=()) == replace(before, steps=())
        took = [
            (step.promotion_id, step.minor, step.wanted_minor, step.because)
            for step in before.steps
            if step.minor
        ]
        assert [
            (step.promotion_id, step.minor, step.wanted_minor, step.because) for step in after.steps
        ] == took
        assert sum(step.minor for step in after.steps) == after.list_minor * after.quantity - after.net_minor


# ------------------------------------------------------------------ hundreds of carts in one shop


def a_value(kind: str, dice: Random, skus: list[int]) -> dict[str, Any]:
    cut = {"minor": dice.randint(1, 2500)} if dice.random() < 0.5 else {"off_bps": dice.randint(1, 9900)}
    if kind == "quantity_tiers":
        return {"tiers": [{"from": 1, **cut}, {"from": 3, "minor": dice.randint(1, 2000)}]}
    if kind == "bundle_price":
        return {"parts": [{"sku": sku, "units": 1, **cut} for sku in dice.sample(skus, 2)]}
    if kind in OFFERS:
        return cut
    if kind in {"percentage_coupon", "referral"}:
        return {"rate_bps": dice.randint(1, 9000), "most_minor": dice.choice([None, 500])}
    return {"minor": dice.randint(1, 4000), "from_minor": dice.choice([0, 1500])}


def a_market(shop: Any, goods: list[Goods], dice: Random, owner: Engine) -> list[StoredPromotion]:
    """Every kind by every funder, for everything or for some; some exempted from a floor, some switched off."""
    skus, made = [one.sku_id for one in goods], []
    for kind in sorted(ANY_KIND):
        for by in ("shop", "brand", "platform"):
            target = {} if dice.random() < 0.5 else {"target_of": "sku", "target_ids": dice.sample(skus, 2)}
            combines = dice.choice([None, None, sorted(ANY_KIND - {"fixed_coupon"})])
            of = shop if by == "shop" else None
            facts = {"brand_id": dice.choice(goods).brand_id} if by == "brand" else {}
            made.append(
                promote(
                    of,
                    kind,
                    a_value(kind, dice, skus),
                    title=f"{kind} {by}",
                    combines=combines,
                    **target,
                    **facts,
                )
            )
    with owner.begin() as connection:
        for one in dice.sample(made, 6):
            sku = dice.choice(goods)
            connection.execute(
                text(
                    "INSERT INTO floors (brand_id, sku_id, promotion, floor_minor, starts_at, ends_at)"
                    " VALUES (:brand, :sku, :key, :floor, now() - interval '1 h', now() + interval '1 day')"
                ),
                {"brand": sku.brand_id, "sku": sku.sku_id, "key": one.key, "floor": dice.randint(1, 900)},
            )
        connection.execute(
            text("INSERT INTO promotion_switches (brand_id, promotion_id) VALUES (:brand, :promotion)"),
            {"brand": goods[0].brand_id, "promotion": dice.choice(made).id},
        )
    return made


WRONG = """
    SELECT l.id FROM order_lines l LEFT JOIN LATERAL (
        SELECT coalesce(sum(minor), 0) AS minor, coalesce(sum(minor) FILTER (WHERE funder = 'brand'), 0) AS brand,
            coalesce(sum(minor) FILTER (WHERE funder = 'platform'), 0) AS platform
        FROM order_promotions p WHERE p.order_line_id = l.id) p ON true
    WHERE p.minor <> l.list_minor * l.quantity - l.net_minor OR p.brand <> l.funded_brand_minor
       OR p.platform <> l.funded_platform_minor OR l.net_minor < 1 OR l.net_minor < l.floor_minor * l.quantity
       OR l.floor_minor <> coalesce((SELECT f.floor_minor FROM floors f
            WHERE f.sku_id = l.sku_id AND f.promotion = l.floor_promotion),
            (SELECT k.floor_minor FROM skus k WHERE k.id = l.sku_id))
"""


@pytest.mark.parametrize("seed", ["first", "second"])
def test_hundreds_of_carts_in_a_real_shop_keep_every_floor_and_every_step(app, owner: Engine, seed: str):
    dice, shop = Random(seed), make_shop(max_open_orders=10_000)
    first = make_goods(shop, kind="manual", unlimited=True, price=2000, floor=1000, supply=700)
    goods = [first] + [
        make_goods(
            shop, kind="manual", unlimited=True, price=dice.randint(1200, 3000), floor=floor, supply=supply,
            brand_id=first.brand_id if floor == 900 else None,
        )
        for floor, supply in ((0, 0), (900, 600), (1200, 900), (900, 900))
    ]  # fmt: skip
    made = a_market(shop, goods, dice, owner)
    sold = 0
    for number in range(CARTS // 2):
        granted = frozenset(one.id for one in made if dice.random() < 0.5)
        without = frozenset(one.id for one in made if dice.random() < 0.4)
        cart = {one.listing_id: dice.randint(1, 4) for one in dice.sample(goods, dice.randint(1, 5))}
        who = Shopper(f"device-{number}", f"b{number}@example.com")
        with shop_scope(shop.id):
            quoted, _ = purchase.quote(shop, cart, Asked(who, granted=granted, without=without))
            sold += any(line.steps for line in quoted.lines)
            command = PlaceOrder(purchase.seal(quoted), who.email, "alipay", who.device, "zh_Hans")
            purchase.place_order(command, shop=shop, actor=BUYER)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar_one() == CARTS // 2
        assert connection.execute(text(WRONG)).all() == []
        kinds = set(connection.execute(text("SELECT DISTINCT kind FROM order_promotions")).scalars())
        funders = set(connection.execute(text("SELECT DISTINCT funder FROM order_promotions")).scalars())
    assert sold > CARTS // 3 and funders == {"distributor", "brand", "platform"}
    assert len(kinds) >= 6, f"of all kinds: {kinds}"

"""What the designer is told before is what a purchase then costs and earns."""

import pytest
from sqlalchemy import text

from app.domain.promotions.errors import PromotionEarnsNothing, PromotionFixed, PromotionState
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.flows import promotion_trial, promotions
from app.flows.priced import Asked
from app.flows.promotions import Design
from app.foundation.actor import Actor
from app.foundation.clock import now
from app.foundation.errors import NotFound
from tenants.context import platform_scope, shop_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.promotions import promote

STAFF = Actor("staff", name="Lin")


def design(kind: str, value: dict[str, object], **facts: object) -> Design:
    told = {
        "title": kind,
        "title_en": kind,
        "starts_at": now(),
        "currency": "CNY",
        "automatic": True,
        **facts,
    }
    return Design({"kind": kind, "value": value, **told}, begins_now=True)


def tried(shop, wanted: Design):
    with shop_scope(shop.id):
        return promotion_trial.try_here(promotions.unsaved(Owner("shop", shop.id), wanted))


def launched(shop, wanted: Design, **more: object):
    with shop_scope(shop.id):
        return promotions.launch(Owner("shop", shop.id), wanted, actor=STAFF, **more)


def rules_of_pay(owner, brand_id: int, value: str) -> None:
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO rate_rules (brand_id, series, version, kind, value, starts_at)"
                " VALUES (:brand, 's', 1, 'commission', CAST(:value AS jsonb), now() - interval '1 hour')"
            ),
            {"brand": brand_id, "value": value},
        )


def sold(owner) -> list[tuple[int, int]]:
    """(what the buyers paid, what the seller earned before fees) by line."""
    with owner.connect() as connection:
        found = connection.execute(text(
            "SELECT l.net_minor, e.amount_minor FROM order_lines l JOIN earnings e ON e.order_line_id = l.id"
            " AND e.role = 'seller' ORDER BY l.id"
        ))  # fmt: skip
        return [tuple(row) for row in found]


@pytest.mark.parametrize(
    ("kind", "value", "facts", "quantity"),
    [
        ("timed_price", {"off_bps": 1234}, {}, 1), ("timed_price", {"minor": 1790}, {}, 1),
        ("timed_price", {"off_bps": 4000}, {}, 1),
        ("quantity_tiers", {"tiers": [{"from": 3, "off_bps": 700}]}, {}, 3),
        ("fixed_coupon", {"minor": 137}, {"automatic": False, "code": "DRYRUN"}, 1),
        ("threshold_coupon", {"minor": 500, "from_minor": 5000}, {}, 3),
        ("percentage_coupon", {"rate_bps": 3333, "most_minor": 300}, {}, 1),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("terms", [None, '{"rate_bps": 850}'], ids=["margin", "commission"])
def test_the_trial_says_what_the_sale_then_costs_and_earns(app, owner, kind, value, facts, quantity, terms):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    if terms:
        rules_of_pay(owner, goods.brand_id, terms)
    wanted = design(kind, value, **facts)
    [row] = tried(shop, wanted).rows
    assert row.quantity == quantity
    launched(shop, wanted)
    pay(shop, place(shop, {goods: quantity}, asked=Asked(codes=("DRYRUN",))))
    run_jobs()
    assert sold(owner) == [(row.net_minor, row.keeps_minor)]


def test_a_bundle_is_tried_as_one_whole_set(app, owner):
    shop = make_shop()
    one, other = make_goods(shop, codes=5), make_goods(shop, codes=5, price=3000)
    parts = [
        {"sku": one.sku_id, "units": 2, "off_bps": 1000},
        {"sku": other.sku_id, "units": 1, "minor": 2500},
    ]
    wanted = design("bundle_price", {"parts": parts})
    rows = tried(shop, wanted).rows
    launched(shop, wanted)
    pay(shop, place(shop, {one: 2, other: 1}))
    run_jobs()
    assert sold(owner) == [(row.net_minor, row.keeps_minor) for row in rows]
    assert [row.quantity for row in rows] == [2, 1]


def test_the_worst_stack_is_what_a_buyer_with_everything_then_pays(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9, price=4000)
    promote(shop, "threshold_coupon", {"minor": 600, "from_minor": 7000})
    promote(shop, "percentage_coupon", {"rate_bps": 1000}, code="TENTH")
    promote(shop, "fixed_coupon", {"minor": 200}, code="ALONE", combines=[])
    wanted = design("timed_price", {"off_bps": 1000})
    [row] = tried(shop, wanted).rows
    launched(shop, wanted)
    assert row.worst_quantity == 2 and len(row.worst_with) == 2, "what does not combine is in no stack"
    pay(shop, place(shop, {goods: row.worst_quantity}, asked=Asked(codes=("TENTH", "ALONE"))))
    run_jobs()
    assert sold(owner) == [(row.worst_net_minor, row.worst_keeps_minor)]


def test_who_else_pays_is_not_taken_from_the_seller_in_the_worst_stack(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5, price=4000)
    promote(None, "fixed_coupon", {"minor": 500}, brand_id=goods.brand_id)
    promote(None, "percentage_coupon", {"rate_bps": 500})
    wanted = design("timed_price", {"off_bps": 1000})
    [row] = tried(shop, wanted).rows
    launched(shop, wanted)
    pay(shop, place(shop, goods))
    run_jobs()
    assert row.worst_keeps_minor == row.keeps_minor
    assert sold(owner) == [(row.worst_net_minor, row.worst_keeps_minor)]


def test_a_better_offer_that_is_on_already_is_told(app):
    shop = make_shop()
    make_goods(shop)
    promote(shop, "timed_price", {"off_bps": 1500}, title="better")
    trial = tried(shop, design("timed_price", {"off_bps": 1000}))
    assert trial.beaten == 1 and trial.rows[0].beaten_by.startswith("P-")


def test_only_what_it_is_for_is_tried(app):
    shop = make_shop()
    mine, _other = make_goods(shop), make_goods(shop)
    trial = tried(shop, design("timed_price", {"off_bps": 1000}, target_of="sku", target_ids=[mine.sku_id]))
    assert [row.sku_id for row in trial.rows] == [mine.sku_id]
    assert (trial.listings, trial.limited, trial.losing) == (1, 0, 0)


def test_the_floor_holds_it_up_and_the_wanted_price_is_remembered_once(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    wanted = design("timed_price", {"off_bps": 6000})
    trial = tried(shop, wanted)
    assert (trial.limited, trial.below_floor()) == (1, {goods.sku_id: 800})
    key = launched(shop, wanted, accepts_loss=True).key
    with owner.connect() as connection:
        found = connection.execute(text("SELECT stage, wanted_minor, stack FROM floor_attempts")).all()
    assert [(stage, minor, stack[0]["key"]) for stage, minor, stack in found] == [("promotion", 800, key)]
    pay(shop, place(shop, goods))
    run_jobs()
    assert sold(owner) == [(1500, 300)]


def test_a_loss_is_agreed_to_or_nothing_is_published(app, owner):
    shop = make_shop()
    make_goods(shop, price=1250, floor=1000, supply=1000)
    wanted = design("timed_price", {"off_bps": 2000})
    with pytest.raises(PromotionEarnsNothing) as refused:
        launched(shop, wanted)
    assert refused.value.facts["listings"] == 1
    assert launched(shop, wanted, accepts_loss=True).id


def test_what_buyers_have_seen_stays_as_it_was(app, owner):
    shop = make_shop()
    make_goods(shop)
    maker = Owner("shop", shop.id)
    made = launched(shop, design("timed_price", {"off_bps": 1000}))
    with shop_scope(shop.id):
        for fixed in (
            {"value": {"off_bps": 9000}},
            {"target_of": "sku", "target_ids": [1]},
            {"combines": []},
        ):
            with pytest.raises(PromotionFixed):
                promotions.change(maker, made.id, Design(fixed), actor=STAFF)
        promotions.change(maker, made.id, Design({"title": "new"}), actor=STAFF)
        promotions.end(maker, made.id, actor=STAFF)
        with pytest.raises(PromotionState):
            promotions.change(maker, made.id, Design({"title": "newer"}), actor=STAFF)


def test_nobody_touches_a_promotion_of_another(app, owner):
    shop, other = make_shop(), make_shop()
    goods = make_goods(shop)
    mine = promote(shop, "timed_price", {"off_bps": 1000})
    everywhere = promote(None, "timed_price", {"off_bps": 1000})
    brands = promote(None, "timed_price", {"off_bps": 1000}, brand_id=goods.brand_id)
    with shop_scope(other.id):
        for theirs in (mine, everywhere, brands):
            for story in (promotions.pause, promotions.end, promotions.go_on):
                with pytest.raises(NotFound):
                    story(Owner("shop", other.id), theirs.id, actor=STAFF)
    with shop_scope(shop.id), pytest.raises(NotFound):
        promotions.pause(Owner("shop", shop.id), everywhere.id, actor=STAFF)
    with platform_scope():
        with pytest.raises(NotFound):
            promotions.pause(Owner("platform"), mine.id, actor=STAFF)
        promotions.pause(Owner("platform"), everywhere.id, actor=STAFF)


def test_the_platform_and_a_brand_publish_without_a_trial_of_one_shop(app, owner):
    with platform_scope():
        made = promotions.launch(Owner("platform"), design("timed_price", {"off_bps": 500}), actor=STAFF)
        assert made.trial is None
        found = promotions.lists.own(Owner("platform"), made.id)
    assert isinstance(found, StoredPromotion) and found.status == "live" and found.funder == "platform"

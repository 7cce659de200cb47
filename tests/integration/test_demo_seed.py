"""The demo, planted in a real database."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text

from app.demo.cards import units
from app.demo.goods import skus
from app.demo.seed import Seeded, seed
from app.demo.sheet import sheet
from app.domain.catalog.models import Listing, Sku
from app.domain.fulfilment.models import Reveal
from app.domain.inventory import queries as stock
from app.domain.inventory.models import Code
from app.domain.orders.models import Order, OrderLine
from app.flows.reveal import reveal
from app.foundation import media
from app.foundation.actor import Actor
from app.foundation.database import session
from tenants.context import platform_scope, shop_scope

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORDERS = 150


@pytest.fixture
def planted(app: Flask) -> Seeded:
    made = seed(orders=ORDERS, most_stock=5, now=NOW, days=4)
    assert made is not None
    return made


@pytest.fixture
def platform(planted: Seeded) -> Iterator[None]:
    with platform_scope():
        yield


def test_the_demo_has_five_shops_and_as_many_orders_as_asked(planted: Seeded) -> None:
    assert (planted.shops, planted.orders) == (5, ORDERS)


def test_a_second_seed_of_a_house_that_is_lived_in_does_nothing(planted: Seeded, owner: Engine) -> None:
    assert seed(if_empty=True) is None
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar_one() == ORDERS


def test_every_past_order_adds_up_to_its_lines(platform: None) -> None:
    lines = select(func.sum(OrderLine.net_minor)).where(OrderLine.order_id == Order.id).scalar_subquery()
    assert session().execute(select(Order.number).where(Order.total_minor != lines)).all() == []


def test_no_past_line_and_no_listing_is_below_its_floor(platform: None) -> None:
    below = select(OrderLine.id).where(OrderLine.net_minor < OrderLine.floor_minor * OrderLine.quantity)
    cheap = (
        select(Listing.id).join(Sku, Sku.id == Listing.sku_id).where(Listing.price_minor < Sku.floor_minor)
    )
    assert session().execute(below).all() == session().execute(cheap).all() == []


def test_a_sold_piece_is_one_code_of_its_line(platform: None) -> None:
    owed = select(func.coalesce(func.sum(OrderLine.quantity), 0)).where(
        OrderLine.state == "delivered", OrderLine.delivery_kind.in_(("code", "link"))
    )
    sold = select(func.count()).select_from(Code).where(Code.state == "sold")
    assert session().execute(owed).scalar_one() == session().execute(sold).scalar_one() > 0


def test_every_received_payment_has_ended_or_its_order_is_at_work(platform: None) -> None:
    left = text(
        "SELECT o.state, p.outcome FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.state = 'received'"
    )
    ends = Counter((state, outcome) for state, outcome in session().execute(left))
    fits = {("delivered", "delivered"), ("refunded", "refunded"), ("attention", "attention"), ("paid", None)}
    assert set(ends) <= fits


def test_the_code_of_a_past_order_can_be_revealed(platform: None) -> None:
    found = select(OrderLine.shop_id, OrderLine.order_id, OrderLine.id, OrderLine.sku_name).where(
        OrderLine.state == "delivered", OrderLine.delivery_kind == "code"
    )
    shop_id, order_id, line_id, _ = session().execute(found.limit(1)).one()
    with shop_scope(shop_id):
        shown = reveal(order_id, line_id, actor=Actor("buyer"))
        assert session().execute(select(func.count()).select_from(Reveal)).scalar_one() == 1
    known = {unit.secret for product, sku in skus() for unit in units(product, sku, count=ORDERS)}
    assert shown
    assert {one.secret.card for one in shown} <= known


def test_goods_are_found_by_chinese_words(platform: None) -> None:
    found = text("SELECT count(*) FROM products WHERE search @@ CAST(:words AS tsquery)")
    assert session().execute(found, {"words": "'星幕' & '会员'"}).scalar_one() > 0


def test_every_picture_is_kept_under_its_name(platform: None) -> None:
    names = session().execute(text("SELECT picture FROM products UNION SELECT logo FROM shops")).scalars()
    files = [media.folder() / name.removeprefix(media.ADDRESS) for name in names]
    assert files
    assert all(path.is_file() for path in files)


def test_shelves_hold_no_more_than_asked(platform: None) -> None:
    everything = list(session().execute(select(Sku.id)).scalars())
    pooled = set(session().execute(select(Sku.id).where(Sku.delivery_kind.in_(("code", "link")))).scalars())
    levels = stock.levels(everything)
    assert max(levels[sku_id] for sku_id in pooled) == 5


def test_the_sheet_names_every_shop_and_a_login(planted: Seeded) -> None:
    said = sheet()
    assert "http://xingxuan.localhost:8000/" in said
    assert "ops@perkline.example" in said
    assert "perkline-demo" in said


def test_promotions_are_on_in_every_state_by_every_owner(planted: Seeded, owner: Engine) -> None:
    with owner.connect() as connection:
        rows = {tuple(row) for row in connection.execute(text("SELECT owner, status FROM promotions"))}
        kinds = set(connection.execute(text("SELECT kind FROM promotions WHERE status = 'live'")).scalars())
        stopped = connection.execute(text("SELECT count(*) FROM promotion_switches WHERE ended_at IS NULL"))
        exempt = text(
            "SELECT count(*) FROM floors f JOIN promotions p ON p.key = f.promotion WHERE p.status = 'live'"
        )
        free = text(
            "SELECT count(*) FROM floors WHERE promotion IS NOT NULL AND promotion NOT IN (SELECT key FROM promotions)"
        )
        assert stopped.scalar_one() == 1 and connection.execute(exempt).scalar_one() == 4
        assert connection.execute(free).scalar_one() == 0
        untitled = text("SELECT count(*) FROM promotions WHERE title = '' OR title_en = ''")
        assert connection.execute(untitled).scalar_one() == 0
    assert rows >= {
        ("shop", "live"),
        ("shop", "draft"),
        ("shop", "ended"),
        ("brand", "live"),
        ("platform", "live"),
    }
    assert kinds >= {"timed_price", "quantity_tiers", "bundle_price", "threshold_coupon", "percentage_coupon"}


def test_what_a_past_promotion_took_off_is_what_its_orders_saved(planted: Seeded, owner: Engine) -> None:
    wrong = text(
        "SELECT l.id FROM order_lines l LEFT JOIN order_promotions p ON p.order_line_id = l.id"
        " WHERE l.list_minor * l.quantity - l.net_minor <> coalesce(p.minor, 0)"
    )
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM order_promotions")).scalar_one() > 0
        assert connection.execute(wrong).all() == []

"""A shop reaches stock only through the stock functions, and those only for itself; a brand sees only itself."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.inventory import queries as stock
from app.flows.reveal import reveal
from app.foundation.database import fresh_session, session
from app.foundation.errors import NotFound
from tenants.context import Scope, brand_scope, open_scope, platform_scope, shop_scope
from tests.factories.orders import BUYER
from tests.isolation.world import BRAND, World

CLOSED_TO_SHOPS = ("codes", "data_keys", "reusable_secrets", "stock_slots", "code_batches", "stock_imports")
CALLS = {
    "claim_codes": "SELECT stock.claim_codes(:reservation, :sku, 1)",
    "claim_slots": "SELECT stock.claim_slots(:reservation, :counted, 1)",
    "release": "SELECT stock.release(:reservation)",
    "sell": "SELECT stock.sell(:reservation, :line)",
    "issued": "SELECT * FROM stock.issued(:line)",
    "active_reusable": "SELECT stock.active_reusable(:line)",
}
STOCK = """
    SELECT (SELECT jsonb_agg(to_jsonb(c) ORDER BY id) FROM codes c), (SELECT jsonb_agg(to_jsonb(s) ORDER BY sku_id, slot) FROM stock_slots s),
           (SELECT jsonb_agg(to_jsonb(r) ORDER BY reservation_id, sku_id, slot) FROM reserved_slots r)
"""


def facts(world: World, owner: Engine) -> dict[str, int]:
    """Shop B's open reservation and line, to be tried from elsewhere."""
    with owner.connect() as connection:
        held = text(
            "SELECT id FROM reservations WHERE shop_id = :shop AND state = 'held' ORDER BY id LIMIT 1"
        )
        reservation = connection.execute(held, {"shop": world.b.shop.id}).scalar_one()
        line = text("SELECT id FROM order_lines WHERE shop_id = :shop AND sku_id = :sku ORDER BY id LIMIT 1")
        counted_line = connection.execute(
            line, {"shop": world.b.shop.id, "sku": world.b.counted.sku_id}
        ).scalar_one()
    return {
        "reservation": reservation, "line": world.b.line_id, "counted_line": counted_line,
        "sku": world.b.goods.sku_id, "counted": world.b.counted.sku_id,
    }  # fmt: skip


def whole_stock(owner: Engine) -> tuple[object, ...]:
    with owner.connect() as connection:
        return tuple(connection.execute(text(STOCK)).one())


@pytest.mark.parametrize("table", CLOSED_TO_SHOPS)
def test_a_shop_cannot_touch_the_stock_tables(world: World, table: str):
    for statement in (
        f"SELECT 1 FROM {table}",
        f"DELETE FROM {table}",
        f"UPDATE {table} SET brand_id = brand_id",
    ):
        with (
            shop_scope(world.a.shop.id),
            fresh_session() as opened,
            pytest.raises(DBAPIError, match="permission denied"),
        ):
            opened.execute(text(statement))


@pytest.mark.parametrize("name", CALLS)
def test_a_stock_function_does_nothing_for_another_shops_reservation_or_line(
    world: World, owner: Engine, name: str
):
    before, of_b = whole_stock(owner), facts(world, owner)
    with shop_scope(world.a.shop.id), fresh_session() as opened:
        try:
            got = opened.execute(text(CALLS[name]), of_b).scalars().all()
            opened.commit()
        except DBAPIError as error:
            got = [] if "holds no reservation" in str(error.orig) else [str(error)]
    assert got in ([], [0], [None])
    assert whole_stock(owner) == before


@pytest.mark.parametrize("name", CALLS)
def test_the_same_call_works_for_the_shop_itself(world: World, owner: Engine, name: str):
    """The control: what is refused above is refused for being foreign, not for being wrong."""
    of_b = facts(world, owner)
    line = of_b["counted_line"] if name == "active_reusable" else of_b["line"]
    with shop_scope(world.b.shop.id), fresh_session() as opened:
        if name.startswith("claim"):
            made = text(
                "INSERT INTO reservations (shop_id, reference, until) VALUES (:shop, 'control', now()) RETURNING id"
            )
            of_b["reservation"] = opened.execute(made, {"shop": world.b.shop.id}).scalar_one()
        got = opened.execute(text(CALLS[name]), of_b | {"line": line}).scalars().all()
    assert got and got != [0]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "scope",
    [Scope("perkline_shop"), Scope("perkline_platform"), Scope("perkline_brand")],
    ids=lambda s: s.role,
)
def test_a_stock_function_refuses_without_a_shop(world: World, owner: Engine, name: str, scope: Scope):
    with (
        open_scope(scope),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match=r"permission denied|only reached from a shop"),
    ):
        opened.execute(text(CALLS[name]), facts(world, owner)).all()


def test_a_claim_cannot_hang_on_a_reservation_that_is_over(world: World, owner: Engine):
    with owner.connect() as connection:
        sold = text("SELECT id FROM reservations WHERE shop_id = :shop AND state = 'sold' LIMIT 1")
        reservation = connection.execute(sold, {"shop": world.a.shop.id}).scalar_one()
    with (
        shop_scope(world.a.shop.id),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match="holds no reservation"),
    ):
        opened.execute(text(CALLS["claim_codes"]), {"reservation": reservation, "sku": world.a.goods.sku_id})


def test_a_secret_is_issued_to_its_own_shop_and_no_other(world: World):
    with shop_scope(world.b.shop.id):
        assert len(stock.issued(world.b.line_id)) == 1
    with shop_scope(world.a.shop.id):
        assert stock.issued(world.b.line_id) == []


def test_a_reveal_of_another_shops_line_finds_nothing_and_records_nothing(world: World, owner: Engine):
    looked = text("SELECT count(*) FROM reveals")
    with owner.connect() as connection:
        before = connection.execute(looked).scalar_one()
    for order_id in (world.b.placed.order_id, world.a.placed.order_id):
        with shop_scope(world.a.shop.id), pytest.raises(NotFound):
            reveal(order_id, world.b.line_id, actor=BUYER)
    with owner.connect() as connection:
        assert connection.execute(looked).scalar_one() == before


# ------------------------------------------------------------------ brands


@pytest.mark.parametrize("table", sorted(BRAND))
def test_a_brand_sees_none_of_another_brands_rows(world: World, owner: Engine, table: str):
    mine, theirs = world.a.goods.brand_id, world.b.goods.brand_id
    count = text(f"SELECT count(*) FROM {table} WHERE brand_id = :brand")
    with owner.connect() as connection:
        assert connection.execute(count, {"brand": theirs}).scalar_one() > 0
    with brand_scope(mine):
        assert session().execute(count, {"brand": theirs}).scalar_one() == 0
    with (
        brand_scope(mine),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match=r"row-level security|permission denied"),
    ):
        opened.execute(text(f"UPDATE {table} SET brand_id = :brand"), {"brand": theirs})


def test_a_brand_sees_sold_lines_and_listings_of_its_own_goods_only(world: World):
    mine = world.a.goods.brand_id
    with brand_scope(mine):
        brands = session().execute(text("SELECT DISTINCT brand_id FROM order_lines")).scalars().all()
        shops = session().execute(text("SELECT DISTINCT shop_id FROM listings")).scalars().all()
        named = session().execute(text("SELECT id FROM shops")).scalars().all()
    assert (brands, shops, named) == ([mine], [world.a.shop.id], [world.a.shop.id])


def test_a_brand_reads_no_buyer(world: World):
    closed = (
        "buyers",
        "orders",
        "payments",
        "refunds",
        "deliveries",
        "reveals",
        "buyer_sign_ins",
        "payment_events",
    )
    for table in closed:
        with (
            brand_scope(world.a.goods.brand_id),
            fresh_session() as opened,
            pytest.raises(DBAPIError, match="permission denied"),
        ):
            opened.execute(text(f"SELECT 1 FROM {table}"))
    with (
        brand_scope(world.a.goods.brand_id),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match="permission denied"),
    ):
        opened.execute(text("SELECT buyer_fields FROM order_lines"))
    with brand_scope(world.a.goods.brand_id), fresh_session() as opened:
        assert opened.execute(text("SELECT count(*) FROM mails WHERE order_id IS NOT NULL")).scalar_one() == 0


def test_a_brand_asks_the_level_of_its_own_stock_only(world: World):
    with brand_scope(world.a.goods.brand_id):
        seen = stock.levels([world.a.goods.sku_id, world.b.goods.sku_id], most=100)
    assert set(seen) == {world.a.goods.sku_id}
    with platform_scope():
        assert set(stock.levels([world.a.goods.sku_id, world.b.goods.sku_id])) == {
            world.a.goods.sku_id,
            world.b.goods.sku_id,
        }


def test_neither_a_brand_nor_the_platform_reads_a_sealed_code_without_need(world: World):
    with (
        brand_scope(world.a.goods.brand_id),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match="permission denied"),
    ):
        opened.execute(text("SELECT secret FROM codes"))


def test_nobody_serving_may_change_what_was_written_in_the_audit(world: World):
    for scope in (Scope("perkline_shop"), Scope("perkline_brand"), Scope("perkline_platform")):
        for statement in ("UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"):
            with (
                open_scope(scope),
                fresh_session() as opened,
                pytest.raises(DBAPIError, match="permission denied"),
            ):
                opened.execute(text(statement))

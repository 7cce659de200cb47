"""Whose rules of pay are seen by whom, in raw SQL too."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.foundation.database import fresh_session
from tenants.context import Scope, brand_scope, distributor_scope, platform_scope, shop_scope
from tests.isolation.world import World

SEEN = text("SELECT series FROM rate_rules")


def firm(owner: Engine, shop_id: int) -> int:
    with owner.connect() as connection:
        found = text("SELECT distributor_id FROM shops WHERE id = :id")
        return int(connection.execute(found, {"id": shop_id}).scalar_one())


def seen(scope: Iterable[Scope]) -> set[str]:
    with scope, fresh_session() as opened:  # type: ignore[attr-defined]
        return set(opened.execute(SEEN).scalars())


def test_a_brand_sees_its_own_rules_and_no_other(world: World):
    assert seen(brand_scope(world.a.goods.brand_id)) == {world.a.series}
    assert seen(platform_scope()) == {world.a.series, world.b.series}


def test_a_rule_for_one_distributor_is_seen_by_that_one_only(world: World, owner: Engine):
    assert seen(distributor_scope(firm(owner, world.a.shop.id))) == {world.a.series}
    assert seen(shop_scope(world.b.shop.id)) == {world.b.series}


@pytest.mark.parametrize("role", ["brand", "distributor", "shop"])
def test_nobody_changes_or_removes_anothers_rule(world: World, owner: Engine, role: str):
    scope = {
        "brand": brand_scope(world.a.goods.brand_id),
        "distributor": distributor_scope(firm(owner, world.a.shop.id)),
        "shop": shop_scope(world.a.shop.id),
    }[role]
    with scope, fresh_session() as opened:
        for statement in ("UPDATE rate_rules SET ends_at = now()", "DELETE FROM rate_rules"):
            try:
                found = opened.execute(text(f"{statement} WHERE series = :s"), {"s": world.b.series})
                assert found.rowcount == 0  # type: ignore[attr-defined]
            except DBAPIError as refused:
                if "permission denied" not in str(refused):
                    raise
                opened.rollback()
        opened.rollback()


def test_a_brand_cannot_write_a_rule_for_another(world: World):
    insert = text(
        "INSERT INTO rate_rules (brand_id, series, version, kind, value, starts_at)"
        " VALUES (:brand, 'sly', 1, 'commission', '{\"rate_bps\": 1}', now())"
    )
    with (
        brand_scope(world.a.goods.brand_id),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match="row-level"),
    ):
        opened.execute(insert, {"brand": world.b.goods.brand_id})


def test_a_brand_looks_back_at_its_own_lines_whatever_it_asks_for(world: World):
    back = text("SELECT DISTINCT sku_id FROM money.settled_lines('-infinity', 'infinity', 1000)")
    with brand_scope(world.a.goods.brand_id), fresh_session() as opened:
        found = set(opened.execute(back).scalars())
    assert found
    assert found <= {world.a.goods.sku_id, world.a.counted.sku_id}


@pytest.mark.parametrize("role", ["shop", "distributor"])
def test_nobody_else_looks_back_at_a_brands_lines(world: World, owner: Engine, role: str):
    scope = shop_scope(world.a.shop.id) if role == "shop" else distributor_scope(firm(owner, world.a.shop.id))
    with scope, fresh_session() as opened, pytest.raises(DBAPIError, match="permission denied"):
        opened.execute(text("SELECT * FROM money.settled_lines('-infinity', 'infinity', 1000)"))


@pytest.mark.parametrize("role", ["brand", "distributor", "shop"])
def test_fees_are_the_platforms_own(world: World, owner: Engine, role: str):
    scope = {
        "brand": brand_scope(world.a.goods.brand_id),
        "distributor": distributor_scope(firm(owner, world.a.shop.id)),
        "shop": shop_scope(world.a.shop.id),
    }[role]
    with scope, fresh_session() as opened, pytest.raises(DBAPIError, match="permission denied"):
        opened.execute(text("SELECT * FROM fee_rules"))

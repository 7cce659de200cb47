"""Flash sales that run, and buyers who line up."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Engine, text

from app.domain.flash import queries
from app.domain.flash.models import Drop, DropSeat
from app.domain.flash.room import Place
from app.domain.flash.service import Ask, Plan
from app.domain.promotions.buyers import Shopper
from app.flows import drops
from app.flows.priced import Asked
from app.flows.purchase import Placed
from app.foundation import clock, ids
from app.foundation.actor import SYSTEM
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories.goods import Goods
from tests.factories.orders import place


@dataclass(frozen=True)
class Buyer:
    """Somebody with a browser and a mailbox, and where they stand."""

    device: str
    email: str
    position: int = 0


def make_drop(shop: Tenant, goods: Goods, *, units: int, price: int = 1600, **more: object) -> Drop:
    """A flash sale that has just begun."""
    now = clock.now()
    told = {"starts_at": now - timedelta(seconds=1), "ends_at": now + timedelta(hours=1), **more}
    plan = Plan(goods.listing_id, "限时秒杀", price, units, **told)  # type: ignore[arg-type]
    with shop_scope(shop.id):
        drop_id = drops.schedule(plan, currency=shop.currency, actor=SYSTEM)
    return row_of(shop, drop_id)


def row_of(shop: Tenant, drop_id: int) -> Drop:
    with shop_scope(shop.id), unit_of_work():
        row = queries.drop(drop_id)
        assert row is not None
        return row


def somebody(device: str = "", email: str = "") -> Buyer:
    return Buyer(device or ids.token(), email or f"{ids.token().lower()}@example.com")


def line_up(shop: Tenant, drop: Drop, buyer: Buyer | None = None) -> tuple[Buyer, Place]:
    """Enter, or ask again where one stands."""
    buyer = buyer or somebody()
    with shop_scope(shop.id):
        keys = Shopper(buyer.device, buyer.email).keys()
        place = drops.enter(drop, Ask(buyer.position, buyer.device, buyer.email, keys=keys))
    return (replace(buyer, position=place.position) if place.position else buyer), place


def seat_of(shop: Tenant, drop: Drop, buyer: Buyer) -> DropSeat | None:
    with shop_scope(shop.id), unit_of_work():
        return queries.seat_at(drop.id, buyer.position)


def order_seat(shop: Tenant, drop: Drop, goods: Goods, buyer: Buyer) -> Placed:
    """Order with a seat, as its checkout does."""
    seat = seat_of(shop, drop, buyer)
    assert seat is not None
    asked = Asked(
        granted=frozenset({drop.promotion_id}), tied={"parent": seat.reservation_id, "seat": seat.id}
    )
    return place(shop, goods, device=buyer.device, email=buyer.email, asked=asked)


def pass_seats(owner: Engine) -> None:
    """Let the time of every seat that nobody ordered be over."""
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE drop_seats SET until = now() - interval '1 s' WHERE state = 'granted'")
        )

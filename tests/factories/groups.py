"""Offers to groups, and buyers who open groups and join them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.domain.groups import service
from app.domain.promotions.models import StoredPromotion
from app.flows.priced import Asked
from app.flows.purchase import Placed
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories.goods import Goods
from tests.factories.orders import pay, place, run_jobs
from tests.factories.promotions import promote


@dataclass(frozen=True, slots=True)
class GroupDeal:
    """A live group price for one listing."""

    shop: Tenant
    goods: Goods
    promotion: StoredPromotion
    people: int

    def asked(self, group: int | str = "new") -> Asked:
        granted = frozenset({int(self.promotion.id)})
        return Asked(granted=granted, tied={"group": group, "promotion": int(self.promotion.id)})

    def open(self, **who: Any) -> Placed:
        return place(self.shop, self.goods, asked=self.asked(), **who)

    def join(self, group_id: int, **who: Any) -> Placed:
        return place(self.shop, self.goods, asked=self.asked(group_id), **who)

    def pay(self, *placed: Placed) -> None:
        for one in placed:
            pay(self.shop, one)
            run_jobs()


def offer_group(
    shop: Tenant, goods: Goods, *, people: int = 3, minor: int = 1500, hours: int = 24, most_open: int = 50, **facts: Any
) -> GroupDeal:  # fmt: skip
    """A live group price; `facts` go to its promotion."""
    told = {"target_of": "sku", "target_ids": [goods.sku_id], "returns": "refunded", **facts}
    promotion = promote(shop, "group_price", {"minor": minor}, **told)
    with shop_scope(shop.id), unit_of_work() as work:
        row = work.session.get_one(StoredPromotion, promotion.id)
        service.offer(
            row.id,
            goods.listing_id,
            shop_id=shop.id,
            people=people,
            hours=hours,
            per_member=1,
            most_open=most_open,
        )
    return GroupDeal(shop, goods, promotion, people)


def ask(owner: Any, question: str, **values: Any) -> list[tuple[Any, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question), values)]


def group_of(owner: Any, placed: Placed) -> int:
    return int(
        ask(owner, "SELECT group_id FROM group_members WHERE order_id = :id", id=placed.order_id)[0][0]
    )


def past_deadline(owner: Any) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE groups SET deadline = now() - interval '1 s' WHERE state = 'open'"))

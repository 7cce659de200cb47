"""A group buy that a brand or the platform offers in chosen shops: groups take from units of their own in each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.catalog.on_sale import OnSale
from app.domain.groups import service
from app.domain.groups.rules import OPEN
from app.domain.inventory import service as inventory
from app.domain.inventory.service import Want
from app.domain.promotions.errors import PromotionInvalid
from app.flows.grouping import AFTER


@dataclass(frozen=True, slots=True)
class GroupSale:
    """As its maker wants it; `shops`: units by shop, a place in a group takes one. Minor units.

    Ended like any promotion: the clock refunds its groups, and gives the units back, within seconds.
    """

    sku_id: int
    currency: str
    title: str
    price_minor: int
    starts_at: datetime
    ends_at: datetime
    shops: Mapping[int, int] = field(default_factory=dict)
    people: int = 3
    hours: int = 24
    per_buyer: int | None = None
    title_en: str = ""
    budget_minor: int | None = None
    with_coupons: bool = False

    @property
    def kind(self) -> str:
        return "group_price"

    def facts(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "value": {"minor": self.price_minor}, "title": self.title, "title_en": self.title_en,
            "currency": self.currency, "target_of": "sku", "target_ids": [self.sku_id], "limit_of": "orders",
            "combines": None if self.with_coupons else [], "per_buyer": self.per_buyer, "returns": "refunded",
            "starts_at": self.starts_at, "ends_at": self.ends_at, "budget_minor": self.budget_minor,
        }  # fmt: skip

    def check(self, goods: OnSale, units: int) -> None:
        if self.price_minor >= goods.price_minor:
            raise PromotionInvalid(param="price", reason="not_cheaper")
        if units < self.people:
            raise PromotionInvalid(param="units", reason="fewer_than_people")

    def place(
        self, promotion_id: int, key: str, goods: OnSale, *, shop_id: int, units: int
    ) -> dict[str, Any]:
        want = Want(goods.sku_id, units, goods.delivery_kind, goods.unlimited)
        aside = inventory.reserve(f"groups:{key}", [want], self.ends_at + AFTER, set_aside=True)
        if aside is None:
            raise AssertionError(f"promotion {key} has stock set aside already")
        service.offer(
            promotion_id, goods.listing_id, shop_id=shop_id, own_stock=(aside, units), people=self.people,
            hours=self.hours, per_member=1, most_open=min(units // self.people, OPEN[1]),
        )  # fmt: skip
        return {"sku": goods.sku_id, "units": units, "people": self.people}

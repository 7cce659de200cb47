"""A brand's or the platform's flash sale: a line and units of its own in each chosen shop, ended in all at once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.catalog.on_sale import OnSale
from app.domain.catalog.shelf import floors_here
from app.domain.flash import queries, service
from app.domain.flash.service import Plan
from app.domain.promotions.lists import Owner
from app.flows import drops
from app.flows import promotions as making
from app.foundation.actor import Actor
from app.foundation.errors import ProductError
from tenants.context import platform_scope, shop_scope

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FlashSale:
    """As its maker wants it; `shops`: units by shop. `per_buyer`: in all of them together. Minor units."""

    sku_id: int
    currency: str
    title: str
    price_minor: int
    starts_at: datetime
    ends_at: datetime
    shops: Mapping[int, int] = field(default_factory=dict)
    per_buyer: int = 1
    sign_in: bool = False
    difficulty: int = 0
    seat_minutes: int = 5
    title_en: str = ""
    budget_minor: int | None = None

    @property
    def kind(self) -> str:
        return "flash_price"

    def facts(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "value": {"minor": self.price_minor}, "title": self.title, "title_en": self.title_en,
            "currency": self.currency, "target_of": "sku", "target_ids": [self.sku_id], "limit_of": "units",
            "total_limit": sum(self.shops.values()), "per_buyer": self.per_buyer, "returns": "refunded",
            "starts_at": self.starts_at, "ends_at": self.ends_at, "budget_minor": self.budget_minor,
        }  # fmt: skip

    def check(self, goods: OnSale, units: int) -> None:
        service.check(self._plan(goods, units), goods, floor_minor=floors_here([goods.sku_id])[goods.sku_id])

    def place(
        self, promotion_id: int, key: str, goods: OnSale, *, shop_id: int, units: int
    ) -> dict[str, Any]:
        plan = self._plan(goods, units)
        return service.facts(service.make(plan, goods, promotion_id=promotion_id, key=key, shop_id=shop_id))

    def _plan(self, goods: OnSale, units: int) -> Plan:
        return Plan(
            goods.listing_id, self.title, self.price_minor, units, self.starts_at, self.ends_at, self.per_buyer,
            self.sign_in, self.difficulty, self.seat_minutes, self.title_en,
        )  # fmt: skip


def end(owner: Owner, promotion_id: int, *, actor: Actor) -> None:
    """End it in every shop: its units go back now; a shop whose line is busy is ended by the clock, within seconds."""
    making.end(owner, promotion_id, actor=actor)
    with platform_scope():
        placed = queries.placed(promotion_id)
    for shop_id, drop_id in placed:
        try:
            with shop_scope(shop_id):
                drops.end(drop_id, actor=actor)
        except ProductError as error:
            log.info("drop left to the clock", extra={"drop": drop_id, "error": error.code})

"""Promotions that are on, made for a shop (or by a brand, or the platform)."""

from typing import Any

from app.domain.promotions import service
from app.domain.promotions.models import StoredPromotion
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope, shop_scope
from tenants.directory import Tenant


def promote(shop: Tenant | None, kind: str, value: dict[str, Any], **facts: Any) -> StoredPromotion:
    """A live promotion; `shop` None with `brand_id`: the brand's own, without: the platform's."""
    brand_id = facts.get("brand_id")
    owner = "shop" if shop is not None else "brand" if brand_id is not None else "platform"
    scope = (
        shop_scope(shop.id) if shop is not None
        else brand_scope(brand_id) if brand_id is not None
        else platform_scope()
    )  # fmt: skip
    told = {"title": kind, "currency": shop.currency if shop else "CNY", **facts}
    with scope, unit_of_work() as work:
        row = service.make(owner=owner, shop_id=shop.id if shop else None, kind=kind, value=value, **told)
        service.become(row, "live")
        work.session.refresh(row)
        work.session.expunge(row)
        return row

"""Brands and distributors find each other: joining, and what follows from it."""

from collections.abc import Collection

from sqlalchemy import select

from app.domain.brands.models import Brand
from app.domain.catalog.models import Sku
from app.domain.distributors import partnerships
from app.foundation.actor import Actor
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def join_open(distributor_id: int, sku_ids: Collection[int], *, actor: Actor) -> int:
    """Make a distributor partner of the brands of these Skus that are open to everybody; how many are new."""
    if not sku_ids:
        return 0
    with platform_scope(), unit_of_work(actor) as work:
        open_brands = (
            select(Brand.id)
            .where(Brand.joining == "open", Brand.status == "approved")
            .where(Brand.id.in_(select(Sku.brand_id).where(Sku.id.in_(sku_ids))))
        )
        joined = 0
        for brand_id in work.session.execute(open_brands.order_by(Brand.id)).scalars():
            if partnerships.of(brand_id, distributor_id) is None:
                level = partnerships.first_level(brand_id)
                partnerships.approve(brand_id, distributor_id, level_id=level)
                work.record("partnership.joined", f"distributor:{distributor_id}", brand=brand_id)
                joined += 1
        return joined

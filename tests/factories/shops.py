"""Shops, each with its distributor."""

import itertools

from app.domain.distributors.models import Distributor, Shop
from app.domain.distributors.queries import as_tenant
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tenants.directory import Tenant

count = itertools.count(1)


def make_shop(slug: str | None = None, *, currency: str = "CNY", **settings: object) -> Tenant:
    """A live shop of an approved distributor."""
    number = next(count)
    with platform_scope(), unit_of_work() as work:
        distributor = Distributor(name=f"分销商 {number}", status="approved", contact_email="d@example.com")
        work.session.add(distributor)
        work.session.flush()
        shop = Shop(
            distributor_id=distributor.id, slug=slug or f"shop-{number}", name=f"小店 {number}", name_en=f"Shop {number}",
            currency=currency, status="live", languages=["zh_Hans", "en"], theme={}, settings=settings,
        )  # fmt: skip
        work.session.add(shop)
        work.session.flush()
        return as_tenant(shop)

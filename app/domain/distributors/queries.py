"""Every SELECT of distributors and their shops."""

from dataclasses import replace

from sqlalchemy import ColumnElement, select

from app.domain.distributors.models import Distributor, Shop, ShopHost
from app.foundation.database import session
from tenants.context import current_scope, platform_scope
from tenants.directory import Tenant


class ShopDirectory:
    """The TenantDirectory over the shops table; a shop whose distributor was never approved is not found.

    A suspended distributor's shop is found closed: its buyers still reach what they bought.
    """

    def by_slug(self, slug: str) -> Tenant | None:
        return self._one(Shop.slug == slug)

    def by_host(self, host: str) -> Tenant | None:
        verified = select(ShopHost.shop_id).where(ShopHost.host == host, ShopHost.verified_at.is_not(None))
        return self._one(Shop.id == verified.scalar_subquery())

    def _one(self, which: ColumnElement[bool]) -> Tenant | None:
        with platform_scope():
            found = (
                session()
                .execute(
                    select(Shop, Distributor.status)
                    .join(Distributor, Distributor.id == Shop.distributor_id)
                    .where(which, Distributor.status != "pending")
                )
                .one_or_none()
            )
        if found is None:
            return None
        tenant = as_tenant(found[0])
        return (
            replace(tenant, status="closed")
            if found[1] == "suspended" and tenant.status == "live"
            else tenant
        )


def as_tenant(shop: Shop) -> Tenant:
    """The frozen picture of a shop that the doors carry."""
    settings = {**shop.settings, "name_en": shop.name_en, "logo": shop.logo}
    return Tenant(
        id=shop.id, slug=shop.slug, name=shop.name, currency=shop.currency, status=shop.status,
        languages=tuple(shop.languages), theme=shop.theme, settings=settings,
    )  # fmt: skip


def is_selling() -> bool:
    """Whether the open shop sells right now: it is live, and its distributor is approved. Asked afresh, never kept."""
    found = (
        select(Shop.id)
        .join(Distributor, Distributor.id == Shop.distributor_id)
        .where(Shop.id == current_scope().shop_id, Shop.status == "live", Distributor.status == "approved")
    )
    return session().execute(found).first() is not None


def shop(shop_id: int) -> Shop | None:
    """A shop by id; in a shop's scope only itself is found."""
    return session().get(Shop, shop_id)


def owner() -> int:
    """Whose the open shop is: its distributor's id."""
    return int(session().execute(select(Shop.distributor_id)).scalar_one())


def contact_of_shop(shop_id: int) -> tuple[str, str] | None:
    """(slug, the distributor's address) of a shop, or None where it has left none."""
    found = (
        select(Shop.slug, Distributor.contact_email)
        .join(Distributor, Distributor.id == Shop.distributor_id)
        .where(Shop.id == shop_id)
    )
    row = session().execute(found).first()
    return (str(row.slug), str(row.contact_email)) if row is not None and row.contact_email else None

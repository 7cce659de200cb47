"""Every SELECT of distributors and their shops."""

from sqlalchemy import ColumnElement, select

from app.domain.distributors.models import Distributor, Shop, ShopHost
from app.foundation.database import session
from tenants.context import platform_scope
from tenants.directory import Tenant


class ShopDirectory:
    """The TenantDirectory over the shops table; an unapproved distributor's shops are not found."""

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
                    select(Shop)
                    .join(Distributor, Distributor.id == Shop.distributor_id)
                    .where(which, Distributor.status == "approved")
                )
                .scalar_one_or_none()
            )
            return None if found is None else as_tenant(found)


def as_tenant(shop: Shop) -> Tenant:
    """The frozen picture of a shop that the doors carry."""
    settings = {**shop.settings, "name_en": shop.name_en, "logo": shop.logo}
    return Tenant(
        id=shop.id, slug=shop.slug, name=shop.name, currency=shop.currency, status=shop.status,
        languages=tuple(shop.languages), theme=shop.theme, settings=settings,
    )  # fmt: skip


def shop(shop_id: int) -> Shop | None:
    """A shop by id; in a shop's scope only itself is found."""
    return session().get(Shop, shop_id)

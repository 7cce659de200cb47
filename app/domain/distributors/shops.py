"""Every SELECT of distributors and shops that the consoles make."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, or_, select

from app.domain.distributors.models import Distributor, Shop, ShopHost
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut


def distributor(distributor_id: int) -> Distributor | None:
    return session().get(Distributor, distributor_id)


def names(distributor_ids: Collection[int]) -> dict[int, str]:
    """Each distributor's name by id."""
    found = select(Distributor.id, Distributor.name).where(Distributor.id.in_(distributor_ids))
    return dict(session().execute(found).all())


def shops_of(distributor_id: int) -> Sequence[Shop]:
    """A distributor's shops, the oldest first."""
    found = select(Shop).where(Shop.distributor_id == distributor_id).order_by(Shop.id)
    return session().execute(found).scalars().all()


def draft_of(distributor_id: int) -> Shop | None:
    """The shop that is being opened: one at most."""
    found = (
        select(Shop).where(Shop.distributor_id == distributor_id, Shop.status == "draft").order_by(Shop.id)
    )
    return session().execute(found).scalars().first()


def slug_is_free(slug: str, *, but_for: int | None = None) -> bool:
    """Whether no other shop answers at this subdomain."""
    taken = session().execute(select(Shop.id).where(Shop.slug == slug)).scalar()
    return taken is None or taken == but_for


def hosts_of(shop_id: int) -> Sequence[ShopHost]:
    found = select(ShopHost).where(ShopHost.shop_id == shop_id).order_by(ShopHost.id)
    return session().execute(found).scalars().all()


def shop_names(shop_ids: Collection[int]) -> dict[int, Any]:
    """(slug, name) of shops by id."""
    found = select(Shop.id, Shop.slug, Shop.name).where(Shop.id.in_(shop_ids))
    return {shop_id: (slug, name) for shop_id, slug, name in session().execute(found)}


def distributors_page(asked: Asked) -> Page[Any]:
    """(distributor, number of shops) for the platform."""
    shops = (
        select(func.count())
        .where(Shop.distributor_id == Distributor.id, Shop.status != "draft")
        .scalar_subquery()
    )
    found = select(Distributor, shops.label("shops"))
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(Distributor.name.ilike(like), Distributor.contact_email.ilike(like)))
    if asked.get("status"):
        found = found.where(Distributor.status == asked.get("status"))
    sorts = {
        "created": Distributor.created_at,
        "name": Distributor.name,
        "status": Distributor.status,
        "shops": shops,
    }
    return cut(found, asked, sorts=sorts, usual="-created", tie=Distributor.id)


def shops_page(asked: Asked) -> Page[Any]:
    """(shop, distributor) for the platform."""
    found = select(Shop, Distributor).join(Distributor, Distributor.id == Shop.distributor_id)
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(Shop.name.ilike(like), Shop.slug.ilike(like), Distributor.name.ilike(like)))
    if asked.get("status"):
        found = found.where(Shop.status == asked.get("status"))
    sorts = {"opened": Shop.opened_at, "name": Shop.name, "slug": Shop.slug, "distributor": Distributor.name}
    return cut(found, asked, sorts=sorts, usual="-opened", tie=Shop.id)

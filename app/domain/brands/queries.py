"""Every SELECT of brands."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select

from app.domain.brands.models import Brand
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut


def brand(brand_id: int) -> Brand | None:
    return session().get(Brand, brand_id)


def names(brand_ids: Collection[int]) -> dict[int, str]:
    """Each brand's name by id."""
    found = select(Brand.id, Brand.name).where(Brand.id.in_(brand_ids))
    return dict(session().execute(found).all())


def approved() -> Sequence[Brand]:
    """Brands whose goods may be sold, by name."""
    found = select(Brand).where(Brand.status == "approved").order_by(Brand.name)
    return session().execute(found).scalars().all()


def slug_is_free(slug: str) -> bool:
    return session().execute(select(Brand.id).where(Brand.slug == slug)).scalar() is None


def page(asked: Asked) -> Page[Brand]:
    """Brands for the platform: by words and status."""
    found = select(Brand)
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(
            or_(Brand.name.ilike(like), Brand.name_en.ilike(like), Brand.contact_email.ilike(like))
        )
    if asked.get("status"):
        found = found.where(Brand.status == asked.get("status"))
    sorts = {"created": Brand.created_at, "name": Brand.name, "status": Brand.status}
    return cut(found, asked, sorts=sorts, usual="-created", tie=Brand.id)

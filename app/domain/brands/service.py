"""Changes of brands, inside the caller's transaction."""

from sqlalchemy import select

from app.domain.brands.models import Brand
from app.foundation import clock
from app.foundation.database import session


def found(*, name: str, name_en: str, slug: str, contact_email: str, approved: bool) -> int:
    """A new brand; it waits for the platform unless approved at once."""
    brand = Brand(
        name=name, name_en=name_en, slug=slug, contact_email=contact_email,
        status="approved" if approved else "pending", approved_at=clock.now() if approved else None,
    )  # fmt: skip
    session().add(brand)
    session().flush()
    return brand.id


def lock(brand_id: int) -> Brand:
    """The brand, locked, so that its ladder and its terms are changed by one person at a time."""
    found = select(Brand).where(Brand.id == brand_id).with_for_update(key_share=True)
    return session().execute(found.execution_options(populate_existing=True)).scalar_one()

"""By whom a promotion is made and paid that a shop's own people did not make."""

from flask_babel import get_locale
from flask_babel import gettext as _

from app.domain.brands import queries as brands
from app.domain.promotions.models import StoredPromotion


def paid_by(row: StoredPromotion) -> str:
    """The brand by name, or the platform; empty of a shop's own."""
    if row.owner == "shop":
        return ""
    brand = brands.brand(row.brand_id) if row.brand_id is not None else None
    return by_name(row.owner, brand.name if brand else "", brand.name_en if brand else "")


def by_name(owner: str, name: str | None, name_en: str | None) -> str:
    if owner == "platform":
        return _("the platform")
    return (name_en if str(get_locale()) == "en" else "") or name or _("the brand")

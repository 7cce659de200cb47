"""Whose a promotion is, and what a switch stops, in words."""

from flask_babel import get_locale
from flask_babel import gettext as _

from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.switch_queries import Off
from app.web.console.promotion_words import KINDS


def whose(row: StoredPromotion, shop: str | None, brand: str | None = None) -> str:
    """Who made it: the shop's name, the brand's, or the platform."""
    if row.owner == "shop":
        return shop or _("A former shop")
    return (brand or _("The brand")) if row.owner == "brand" else _("The platform")


def what_is_off(off: Off) -> str:
    """What a switch is about."""
    english = str(get_locale()) == "en"
    one = off.switch
    if one.promotion_id is not None:
        return _("“%(title)s”", title=(english and off.title_en) or off.title)
    what = str(KINDS[one.kind]) if one.kind is not None else _("Every promotion")
    if one.shop_id is not None:
        return _("%(what)s in %(shop)s", what=what, shop=off.shop or _("A former shop"))
    return _("%(what)s in all shops", what=what)


def who_switched(off: Off) -> str:
    """Whose switch it is."""
    english = str(get_locale()) == "en"
    return ((english and off.brand_en) or off.brand) if off.switch.brand_id is not None else _("The platform")

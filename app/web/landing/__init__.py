"""The platform's own front page: what Perkline is, and the ways in."""

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, render_template

from app.domain.distributors import fronts
from app.domain.distributors.models import Shop
from app.foundation.runtime import settings
from app.web import language
from tenants.context import platform_scope

landing = Blueprint("landing", __name__, template_folder="templates")

MOST_SHOPS = 8


@landing.get("/")
def front() -> Response:
    """Where nobody pays real money its shops are shown; a platform in business lists no distributor."""
    shops: Sequence[Shop] = ()
    if settings().gateway == "sandbox":
        with platform_scope():
            shops = fronts.live_shops(MOST_SHOPS)
    english = language.choose() == "en"
    fronts_shown = [
        {
            "name": (english and shop.name_en) or shop.name,
            "tagline": (english and shop.settings.get("tagline_en")) or shop.settings.get("tagline") or "",
            "address": settings().shop_url(shop.slug),
            "logo": shop.logo,
        }
        for shop in shops
    ]
    page = render_template(
        "landing/front.html",
        shops=fronts_shown,
        console=settings().host_url(f"console.{settings().base_host}"),
    )
    return make_response(page)

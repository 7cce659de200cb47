"""The distributor's shops, and one shop at a glance."""

from datetime import timedelta
from typing import Any

from flask import g, render_template
from flask_babel import gettext as _

from app.domain.catalog import shelf
from app.domain.distributors import shops
from app.domain.orders import lists as orders
from app.foundation import browse, clock
from app.foundation.paging import Asked
from app.foundation.runtime import settings
from app.web.distributor import distributor
from app.web.money.strip import strip
from tenants.context import platform_scope, shop_scope


@distributor.get("/")
def home() -> Any:
    """Every shop with its month, or the invitation to open the first one."""
    since = clock.now() - timedelta(days=30)
    rows = []
    for shop in g.shops:
        with shop_scope(shop.id):
            paid, received, attention = orders.shop_figures(since)
            rows.append((shop, paid, received, attention, shelf.counts()))
    with platform_scope():
        draft = shops.draft_of(g.seat.distributor_id)
        told = browse.entries_about(f"distributor:{g.seat.distributor_id}", most=5)
    reason = next(
        (entry.data.get("reason") for entry in told if entry.action == "distributor.suspended"), None
    )
    return render_template(
        "distributor/home.html",
        shops=rows,
        draft=draft,
        address=settings().shop_url,
        reason=reason,
        strip=strip(),
    )


@distributor.get("/shops/<slug>/")
def shop_home(slug: str) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    now = clock.now()
    today = orders.shop_figures(now - timedelta(days=1))
    month = orders.shop_figures(now - timedelta(days=30))
    newest = orders.orders_page(Asked(size=8))
    return render_template(
        "distributor/shop.html", today=today, month=month, counts=shelf.counts(), newest=newest.rows,
        address=settings().shop_url(g.shop.slug), days=_("30 days"),
    )  # fmt: skip

"""What promotions did to an order's lines, with who bears it; for sellers and brands, never for buyers."""

from collections.abc import Mapping
from typing import Any

from flask import current_app, g, url_for
from flask_babel import lazy_gettext

from app.domain.promotions import queries
from app.domain.promotions.models import OrderPromotion
from app.web import language

FUNDERS = {
    "distributor": lazy_gettext("borne by the shop"),
    "brand": lazy_gettext("borne by the brand"),
    "platform": lazy_gettext("borne by Perkline"),
}
HELD = {
    "floor": lazy_gettext("the floor allowed no more"),
    "funder": lazy_gettext("the brand's part bears no more"),
    "last_unit": lazy_gettext("something has to be paid"),
}


def by_line(order_id: int) -> Mapping[int, list[dict[str, Any]]]:
    """Each line's steps as its quote said them."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in queries.of_order(order_id):
        found.setdefault(row.order_line_id, []).append(_told(row))
    return found


def borne_by_brand(order_line_id: int) -> list[dict[str, Any]]:
    """What a brand's own promotions took off one line of its goods."""
    return [_told(row) for row in queries.of_line(order_line_id) if row.funder == "brand"]


def _told(row: OrderPromotion) -> dict[str, Any]:
    title = (language.choose() == "en" and row.title_en) or row.title
    return {
        "title": title, "minor": row.minor, "wanted": row.wanted_minor, "funder": FUNDERS[row.funder],
        "held": HELD.get(row.because, ""), "href": _href(row),
    }  # fmt: skip


def _href(row: OrderPromotion) -> str:
    """The promotion's page, for the shop that made it."""
    seat, shop = g.get("seat"), g.get("shop")
    if row.funder != "distributor" or seat is None or seat.kind != "distributor" or shop is None:
        return ""
    if "distributor.promotion" not in current_app.view_functions:
        return ""
    return url_for("distributor.promotion", slug=shop.slug, promotion_id=row.promotion_id)

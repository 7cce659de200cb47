"""What is on in a shop, and what begins soon: the strip on its home and a page of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import g
from flask_babel import gettext

from app.domain.catalog import shelves
from app.domain.flash import queries as flash
from app.domain.flash.queries import ShownDrop
from app.domain.groups import queries as groups
from app.domain.groups.models import GroupOffer
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.stored import GRANTED, code_is_shown
from app.flows import shop_window
from app.flows.shop_window import Window
from app.web import language
from app.web.look.money import money
from app.web.storefront import page_data as data
from app.web.storefront import windows
from app.web.storefront.cards import card
from app.web.storefront.offer_data import Offered
from app.web.storefront.page_cache import Shown, same_for_everyone
from app.web.storefront.pages import in_language
from app.web.storefront.price_words import ends, gives, title, until

AHEAD = timedelta(days=3)
ON_STRIP, GOODS_EACH, MOST = 3, 4, 24
GATHERINGS = 2


@same_for_everyone
def offers() -> Shown:
    window = windows.over((), ahead=AHEAD)
    shown = _shown(window)[:MOST]
    goods = _goods(shown, GOODS_EACH)
    rows = {row.product_id: row for some in goods.values() for row in some}
    window = shop_window.more(window, [piece for row in rows.values() for piece in windows.pieces(row)])
    told = [
        (_told(row, window), tuple(card(one, window) for one in goods[row.id]))
        for row in shown
        if goods[row.id]
    ]
    page = data.OffersPage(
        tuple(one for one in told if one[0].since is None), tuple(one for one in told if one[0].since)
    )
    return "storefront/offers.html", {"page": page}


def strip(window: Window) -> tuple[Offered, ...]:
    """The few that the home names: on now, the one that ends first before the others, then what begins soon."""
    shown = _shown(window)
    narrow = [row for row in shown if row.target_of != "all" or row.brand_id is not None]
    goods = _goods(narrow, 1)
    kept = [row for row in shown if row.id not in goods or goods[row.id]]
    return (*gatherings(window), *(_told(row, window) for row in kept[:ON_STRIP]))


def gatherings(window: Window) -> tuple[Offered, ...]:
    """Flash sales and offers to groups, which have pages of their own; not asked for where the shop has none."""
    kinds = {row.kind for row in (*window.on.values(), *window.coming)}
    sales = flash.coming(window.at, most=GATHERINGS) if "flash_price" in kinds else ()
    offered = groups.on_now(window.at, most=GATHERINGS) if "group_price" in kinds else ()
    names = shelves.names([one.listing_id for one, _row in offered]) if offered else {}
    return (
        *(_sale(one, window) for one in sales),
        *(
            _group(one, row, names[one.listing_id].slug, window)
            for one, row in offered
            if one.listing_id in names
        ),
    )


def _sale(one: ShownDrop, window: Window) -> Offered:
    told = _told(one.promotion, window)
    price = money(one.price_minor, g.tenant.currency, language.choose())
    return replace(told, gives=gettext("Flash sale: %(price)s", price=price), link=f"/flash/{one.drop.id}")


def _group(one: GroupOffer, row: StoredPromotion, slug: str, window: Window) -> Offered:
    price = money(int(row.value["minor"]), g.tenant.currency, language.choose())
    words = gettext("Group of %(people)s: %(price)s each", people=one.people, price=price)
    return replace(_told(row, window), gives=words, link=f"/p/{slug}")


def _shown(window: Window) -> list[StoredPromotion]:
    """What everybody may have: by itself, or by a code that is shown."""
    on = [row for row in window.on.values() if row.id in window.anybodys or _by_shown_code(row)]
    coming = [row for row in window.coming if _by_itself(row) or _by_shown_code(row)]
    on.sort(key=lambda row: (row.ends_at is None, row.ends_at or window.at, row.id))
    return [*on, *coming]


def _by_itself(row: StoredPromotion) -> bool:
    return row.automatic and row.audience == "all" and row.kind not in GRANTED


def _by_shown_code(row: StoredPromotion) -> bool:
    return code_is_shown(row) and row.claim == "none" and row.audience != "chosen" and row.kind not in GRANTED


def _goods(rows: Sequence[StoredPromotion], size: int) -> Mapping[int, list[Any]]:
    targets = {row.id: (row.target_of, row.target_ids, row.brand_id) for row in rows}
    return shelves.meant(g.tenant.id, targets, size)


def _told(row: StoredPromotion, window: Window) -> Offered:
    return Offered(
        title=title(row),
        gives=gives(row),
        words=in_language(row.words, row.words_en),
        code=row.code or "" if _by_shown_code(row) else "",
        since=row.starts_at if row.starts_at > window.at else None,
        until=ends(row.ends_at, window.at),
        ends=until(row.ends_at, window.at) if row.ends_at else "",
    )

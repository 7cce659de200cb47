"""What a shop's visitors see of its goods: plain rows, one SELECT a page.

Written in SQL because a page of a shop is the hottest thing we do: the offers of
the open shop are gathered by product once, and give the cards of one page, their
stock and the number of goods on every shelf. Run them in the shop's scope.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, TextClause, text

from app.foundation.database import session

PAGE_SIZE = 24
SORTS = {
    "": "place, product_id",
    "cheap": "price_minor, place, product_id",
    "dear": "price_minor DESC, place, product_id",
    "new": "created_at DESC, product_id DESC",
}
BY_PRICE = ("cheap", "dear")
# The order in which somebody else has put them: a cart's own prices are not the database's to know.
IN_ORDER = "array_position(CAST(:these AS bigint[]), product_id)"
# Few left is said below this number; nothing on these pages counts further.
FEW = 6

OFFERS = """
WITH offers AS (
    SELECT l.product_id, min(l.price_minor) AS price_minor, min(l.price_minor) <> max(l.price_minor) AS several_prices,
        min(l.position) AS place, bool_or(l.featured) AS featured, max(l.created_at) AS created_at,
        min(s.face_value_minor) FILTER (WHERE s.face_currency = s.currency) AS face_minor,
        min(s.delivery_kind) AS delivery_kind, array_agg(l.sku_id) AS sku_ids, array_agg(l.id) AS listing_ids,
        array_agg(l.price_minor) AS prices
    FROM listings l JOIN skus s ON s.id = l.sku_id AND s.status = 'active'
    WHERE l.shop_id = :shop AND l.status = 'live'
    GROUP BY l.product_id
), goods AS (
    SELECT o.*, p.category_id, p.brand_id FROM offers o
    JOIN products p ON p.id = o.product_id AND p.status = 'active'
    JOIN brands b ON b.id = p.brand_id AND b.status = 'approved'
)
"""
CARD = """
    g.product_id, p.slug, p.name, p.name_en, b.name AS brand, b.name_en AS brand_en, p.picture, g.price_minor,
    g.several_prices, g.face_minor, g.delivery_kind, g.featured, g.category_id, g.brand_id, g.sku_ids, g.listing_ids,
    g.prices,
    -- Most goods have plenty in their first Sku: only where none has is every Sku counted.
    coalesce(
        (SELECT :few FROM unnest(g.sku_ids) AS sku (id), LATERAL stock.levels(ARRAY[sku.id], :few) AS level
         WHERE level.available >= :few LIMIT 1),
        (SELECT max(available) FROM stock.levels(g.sku_ids, :few))
    ) AS available
"""
RELATED = """
WITH near AS (
    SELECT l.product_id, p.brand_id, p.category_id, min(l.price_minor) AS price_minor,
        min(l.price_minor) <> max(l.price_minor) AS several_prices, min(l.position) AS place,
        bool_or(l.featured) AS featured,
        min(s.face_value_minor) FILTER (WHERE s.face_currency = s.currency) AS face_minor,
        min(s.delivery_kind) AS delivery_kind, array_agg(l.sku_id) AS sku_ids, array_agg(l.id) AS listing_ids,
        array_agg(l.price_minor) AS prices
    FROM listings l
    JOIN skus s ON s.id = l.sku_id AND s.status = 'active'
    JOIN products p ON p.id = l.product_id AND p.status = 'active'
        AND p.category_id = (SELECT category_id FROM products WHERE id = :product)
    JOIN brands b ON b.id = p.brand_id AND b.status = 'approved'
    WHERE l.shop_id = :shop AND l.status = 'live' AND l.product_id <> :product
    GROUP BY l.product_id, p.brand_id, p.category_id ORDER BY place, l.product_id LIMIT :size
)
SELECT {card} FROM near g JOIN products p ON p.id = g.product_id JOIN brands b ON b.id = g.brand_id
ORDER BY g.place, g.product_id
"""
SHELF = """
{offers}, narrowed AS (
    SELECT g.*, count(*) OVER () AS total FROM goods g {narrow} ORDER BY {order} LIMIT :size OFFSET :skip
), counts AS (
    SELECT jsonb_agg(jsonb_build_array(c.slug, c.name, c.name_en, k.goods) ORDER BY c.position, c.id) AS categories
    FROM (SELECT category_id, count(*) AS goods FROM goods GROUP BY 1) k JOIN categories c ON c.id = k.category_id
), cards AS (
    SELECT row_number() OVER (ORDER BY {order}) AS nth, g.total, {card}
    FROM narrowed g JOIN products p ON p.id = g.product_id JOIN brands b ON b.id = g.brand_id
)
SELECT cards.*, CASE WHEN coalesce(nth, 1) = 1 THEN counts.categories END AS categories
FROM counts LEFT JOIN cards ON true ORDER BY nth
"""
PRICES = """
{offers} SELECT g.product_id, g.price_minor, g.several_prices, g.category_id, g.brand_id, g.sku_ids, g.listing_ids,
    g.prices
FROM goods g {narrow} ORDER BY place, product_id LIMIT :most
"""
THESE = "WHERE g.product_id = ANY (CAST(:these AS bigint[]))"
NARROW = {
    "all": "",
    "category": "WHERE g.category_id = (SELECT id FROM categories WHERE slug = :category)",
    "search": "WHERE g.product_id IN (SELECT id FROM products WHERE search @@ CAST(:words AS tsquery))",
}
PRODUCT = text("""
    SELECT l.id AS listing_id, l.price_minor, s.id AS sku_id, s.name AS sku_name, s.name_en AS sku_name_en,
        s.delivery_kind, s.face_value_minor, s.face_currency, s.currency, s.max_per_order, s.buyer_fields,
        (SELECT available FROM stock.levels(ARRAY[s.id], :few)) AS available,
        p.id AS product_id, p.category_id, p.brand_id,
        p.slug, p.name, p.name_en, p.summary, p.summary_en, p.description, p.description_en,
        p.redemption, p.redemption_en, p.picture, p.region, p.validity, p.validity_en,
        b.name AS brand, b.name_en AS brand_en,
        c.slug AS category_slug, c.name AS category_name, c.name_en AS category_name_en
    FROM products p
    JOIN brands b ON b.id = p.brand_id AND b.status = 'approved'
    JOIN categories c ON c.id = p.category_id
    JOIN listings l ON l.product_id = p.id AND l.shop_id = :shop AND l.status = 'live'
    JOIN skus s ON s.id = l.sku_id AND s.status = 'active'
    WHERE p.slug = :slug AND p.status = 'active'
    ORDER BY p.id, s.position, s.id
""")

# What certain promotions are for: of each target the first goods, as the shop arranges them.
MEANT = """
{offers}, meant AS (
    SELECT t.nth AS target, g.* FROM jsonb_to_recordset(CAST(:targets AS jsonb))
        AS t (nth int, target_of text, target_ids bigint[], brand_id bigint),
    LATERAL (
        SELECT * FROM goods WHERE (t.brand_id IS NULL OR goods.brand_id = t.brand_id) AND CASE t.target_of
            WHEN 'category' THEN goods.category_id = ANY (t.target_ids)
            WHEN 'product' THEN goods.product_id = ANY (t.target_ids)
            WHEN 'sku' THEN goods.sku_ids && t.target_ids ELSE true END
        ORDER BY place, product_id LIMIT :size
    ) g
)
SELECT g.target, {card} FROM meant g JOIN products p ON p.id = g.product_id JOIN brands b ON b.id = g.brand_id
ORDER BY g.target, g.place, g.product_id
"""
NAMES = text("""
    SELECT l.id AS listing_id, p.slug, p.name, p.name_en, p.picture, s.name AS sku_name, s.name_en AS sku_name_en,
        s.id AS sku_id, s.buyer_fields, s.max_per_order, l.price_minor
    FROM listings l JOIN skus s ON s.id = l.sku_id JOIN products p ON p.id = l.product_id
    WHERE l.id = ANY (:listings)
""")


def _statement(narrow: str, sort: str) -> TextClause:
    # Only words of this file are put together here; what a visitor typed is always a parameter.
    return text(SHELF.format(offers=OFFERS, narrow=NARROW[narrow], order=SORTS[sort], card=CARD))


NEAR = text(RELATED.format(card=CARD))
FOR_TARGETS = text(MEANT.format(offers=OFFERS, card=CARD))
PRICED = {narrow: text(PRICES.format(offers=OFFERS, narrow=NARROW[narrow])) for narrow in NARROW}
CHOSEN = text(SHELF.format(offers=OFFERS, narrow=THESE, order=IN_ORDER, card=CARD))
STATEMENTS = {(narrow, sort): _statement(narrow, sort) for narrow in NARROW for sort in SORTS}


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of goods; `categories` are (slug, name, name in English, how many goods) of the whole shop."""

    cards: Sequence[Row[Any]]
    total: int
    categories: Sequence[tuple[str, str, str, int]]


def shelf(
    shop_id: int, *, category: str | None = None, words: str | None = None, sort: str = "", page: int = 1,
    size: int = PAGE_SIZE,
) -> Shelf:  # fmt: skip
    """A page of the open shop's goods, narrowed to a category or to a tsquery; columns as in CARD."""
    return _read(
        _narrow(category, words),
        sort,
        shop=shop_id,
        category=category,
        words=words,
        size=size,
        skip=(page - 1) * size,
    )


def prices(
    shop_id: int, *, category: str | None = None, words: str | None = None, most: int
) -> Sequence[Row[Any]]:
    """What a shelf's goods cost by the list, as the shop arranges them: enough to find what a visitor pays for each."""
    narrow = _narrow(category, words)
    values = {"shop": shop_id, "category": category, "words": words, "most": most}
    return session().execute(PRICED[narrow], values).all()


def chosen(shop_id: int, product_ids: Sequence[int]) -> Shelf:
    """These goods of the open shop, in this order; `total` counts no others."""
    return _shelf(
        session()
        .execute(
            CHOSEN,
            {"shop": shop_id, "these": list(product_ids), "few": FEW} | {"size": len(product_ids), "skip": 0},
        )
        .all()
    )


def related(shop_id: int, product_id: int, size: int) -> Sequence[Row[Any]]:
    """Other goods of a product's category, as the shop arranges them; columns as in CARD."""
    values = {"shop": shop_id, "product": product_id, "size": size, "few": FEW}
    return session().execute(NEAR, values).all()


def meant(
    shop_id: int, targets: Mapping[int, tuple[str, Sequence[int], int | None]], size: int
) -> dict[int, list[Row[Any]]]:
    """The first goods of each target (what it is of, ids, brand), by the target's number; columns as in CARD."""
    told = [
        {"nth": nth, "target_of": of, "target_ids": list(ids), "brand_id": brand}
        for nth, (of, ids, brand) in targets.items()
    ]
    found: dict[int, list[Row[Any]]] = {nth: [] for nth in targets}
    if told:
        values = {"shop": shop_id, "targets": json.dumps(told), "size": size, "few": FEW}
        for row in session().execute(FOR_TARGETS, values):
            found[row.target].append(row)
    return found


def product(shop_id: int, slug: str) -> Sequence[Row[Any]]:
    """A product's live listings, one row each, in the Skus' order; none where it is not on sale here."""
    rows = session().execute(PRODUCT, {"shop": shop_id, "slug": slug, "few": FEW}).all()
    # Two brands may use one slug; a shop that sells both shows the one it knew first.
    return [row for row in rows if row.product_id == rows[0].product_id]


def names(listing_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """What the open shop's listings are called, on sale or not."""
    rows = session().execute(NAMES, {"listings": list(listing_ids)}).all()
    return {row.listing_id: row for row in rows}


def _narrow(category: str | None, words: str | None) -> str:
    return "category" if category is not None else "search" if words is not None else "all"


def _read(narrow: str, sort: str, **values: Any) -> Shelf:
    return _shelf(session().execute(STATEMENTS[narrow, sort], values | {"few": FEW}).all())


def _shelf(rows: Sequence[Row[Any]]) -> Shelf:
    cards = [row for row in rows if row.nth is not None]
    counted = rows[0].categories if rows else None
    return Shelf(cards, cards[0].total if cards else 0, [tuple(found) for found in counted or ()])

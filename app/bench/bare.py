"""The reference of the storefront bench: bare Flask, a Jinja template and one query, answering the same bytes.

Served by the same server with as many workers: `granian … app.bench.bare:app`. BENCH_PAGES is a folder with
`home.html` and `product.html`, what the shop itself answered, cut into templates by `cut_home` and `cut_product`.
"""

import os
import re

from flask import Flask, render_template
from sqlalchemy import create_engine, text

HOME = text("""
    SELECT p.slug, p.name, p.picture, b.name AS brand, min(l.price_minor) AS price_minor FROM listings l
    JOIN products p ON p.id = l.product_id JOIN brands b ON b.id = p.brand_id
    WHERE l.shop_id = :shop AND l.status = 'live' GROUP BY p.id, b.id ORDER BY min(l.position) LIMIT 24
""")
PRODUCT = text("""
    SELECT p.slug, p.name, s.name AS sku_name, l.price_minor FROM products p JOIN listings l ON l.product_id = p.id
    JOIN skus s ON s.id = l.sku_id WHERE l.shop_id = :shop AND p.slug = :slug ORDER BY s.position
""")
CARD = re.compile(r'<article class="good.*?</article>\n?', re.DOTALL)


def cut_home(page: str) -> str:
    """A template that answers this page, its goods from one query in a loop."""
    cards = CARD.findall(page)
    head, _, tail = page.partition(cards[0])
    rest = tail.rpartition(cards[-1])[2]
    card = _quoted(cards[0])
    for pattern, name in (
        (r'href="/p/([^"]+)"', "slug"),
        (r'src="([^"]+)"', "picture"),
        (r"<a [^>]+>([^<]+)</a>", "name"),
    ):
        found = re.search(pattern, cards[0])
        if found:
            card = card.replace(found[1], f"{{% endraw %}}{{{{ good.{name} }}}}{{% raw %}}")
    return f"{_quoted(head)}{{% for good in goods %}}{card}{{% endfor %}}{_quoted(rest)}"


def cut_product(page: str, name: str) -> str:
    """A template that answers this page, its name from one query."""
    return _quoted(page).replace(name, "{% endraw %}{{ rows[0].name }}{% raw %}")


def _quoted(piece: str) -> str:
    return f"{{% raw %}}{piece}{{% endraw %}}"


def create_app() -> Flask:
    app = Flask(__name__, template_folder=os.environ["BENCH_PAGES"])
    engine = create_engine(
        os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1), pool_size=12
    )
    shop = int(os.environ["BENCH_SHOP"])

    @app.get("/")
    def home() -> str:
        with engine.connect() as connection:
            return render_template("home.html", goods=connection.execute(HOME, {"shop": shop}).all())

    @app.get("/p/<slug>")
    def product(slug: str) -> str:
        with engine.connect() as connection:
            return render_template(
                "product.html", rows=connection.execute(PRODUCT, {"shop": shop, "slug": slug}).all()
            )

    return app


app = create_app() if "BENCH_PAGES" in os.environ else None

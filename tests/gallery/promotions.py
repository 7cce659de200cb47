"""Plants promotions into a shop of a running demo, to look at. `python -m tests.gallery.promotions SHOP`."""

import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.domain.distributors.models import Shop
from app.domain.distributors.queries import as_tenant
from app.foundation import clock
from app.foundation.database import session
from app.launcher.inside import inside
from tenants.context import platform_scope, shop_scope
from tests.factories.promotions import promote

GOODS = text("""
    SELECT l.sku_id, l.product_id, p.category_id, p.brand_id, p.name, l.price_minor FROM listings l
    JOIN products p ON p.id = l.product_id WHERE l.shop_id = :shop AND l.status = 'live' ORDER BY l.position, l.id
""")


def plant(slug: str) -> None:
    with platform_scope():
        shop = as_tenant(session().query(Shop).filter_by(slug=slug).one())
    with shop_scope(shop.id):
        goods = session().execute(GOODS, {"shop": shop.id}).all()
    products = list(dict.fromkeys(row.product_id for row in goods))
    by_product = {row.product_id: row for row in reversed(goods)}
    now = clock.now()

    def on(kind: str, value: dict[str, Any], title: str, title_en: str, **facts: Any) -> None:
        promote(shop, kind, value, title=title, title_en=title_en, **facts)

    on(
        "timed_price", {"off_bps": 1500}, "双十一限时价", "11.11 timed price", target_of="product",
        target_ids=products[:6], ends_at=now + timedelta(hours=5, minutes=13),
    )  # fmt: skip
    on("timed_price", {"off_bps": 6000}, "清仓", "Clear old stock", target_of="product",
       target_ids=products[6:8], ends_at=now + timedelta(days=2, hours=3))  # fmt: skip
    on("quantity_tiers", {"tiers": [{"from": 3, "off_bps": 300}, {"from": 5, "off_bps": 500}]}, "多买多省",
       "Buy more, save more", target_of="product", target_ids=[products[8], products[0]])  # fmt: skip
    one, other = by_product[products[8]], by_product[products[9]]
    parts = [{"sku": row.sku_id, "units": 1, "off_bps": 300} for row in (one, other)]
    on("bundle_price", {"parts": parts}, "好搭档", "A good pair")
    on("threshold_coupon", {"minor": 500, "from_minor": 10000}, "满100减5", "Five off a hundred")
    on(
        "fixed_coupon",
        {"minor": 100},
        "新店立减",
        "New shop saving",
        combines=["timed_price", "quantity_tiers"],
    )
    on("percentage_coupon", {"rate_bps": 200, "most_minor": 300}, "周末券", "Weekend coupon", code="WEEKEND",
       words="周末使用", words_en="Type it in the cart", combines=["timed_price"])  # fmt: skip
    on("timed_price", {"off_bps": 2000}, "开业第二周", "Opening week two", starts_at=now + timedelta(hours=20),
       ends_at=now + timedelta(days=8))  # fmt: skip
    sys.stdout.write(", ".join(by_product[at].name for at in products[:10]) + "\n")


if __name__ == "__main__":
    with inside(who="gallery"):
        plant(sys.argv[1])

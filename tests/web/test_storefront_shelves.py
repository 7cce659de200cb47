"""What every visitor sees: shelves, products, languages; one page for all of them, and never an old one."""

import time

import pytest
from sqlalchemy import update

from app.domain.catalog.models import Listing, Product
from app.domain.catalog.rules import search_terms
from app.domain.distributors.models import Shop
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tests.factories import add_codes, make_goods, make_shop
from tests.web.conftest import text_of

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def shop(inside):
    with inside():
        return make_shop("lantern")


@pytest.fixture
def goods(inside, shop):
    with inside():
        return make_goods(shop, price=2380, codes=9)


def write(shop, statement):
    with shop_scope(shop.id), unit_of_work() as work:
        work.session.execute(statement)


def within_a_second(look):
    """Ask again until it is so; a second at most."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        if look():
            return True
        time.sleep(0.05)
    return look()


def test_home_shows_what_is_on_sale_with_its_price(visit, shop, goods):
    page = visit(shop).get("/")
    assert page.status_code == 200
    assert "Star pass" in text_of(page)
    assert "¥ 23 .80" in text_of(page)


def test_a_shop_never_shows_another_shops_goods(visit, inside, shop, goods):
    with inside():
        other = make_shop("other")
        foreign = make_goods(other)
    visitor = visit(shop)
    assert f"/p/{foreign.slug}" not in visitor.get("/").text
    assert visitor.get(f"/p/{foreign.slug}").status_code == 404


def test_a_paused_listing_is_nowhere(visit, inside, shop, goods):
    with inside():
        write(shop, update(Listing).where(Listing.id == goods.listing_id).values(status="paused"))
    visitor = visit(shop)
    assert goods.slug not in visitor.get("/").text
    assert visitor.get(f"/p/{goods.slug}").status_code == 404


def test_an_empty_shop_says_so(visit, shop):
    assert "The shelves are being filled" in text_of(visit(shop).get("/"))


def test_a_category_holds_its_own_and_an_unknown_one_is_not_there(visit, inside, shop, goods):
    visitor = visit(shop)
    slug = visitor.get("/").text.split('href="/c/', 1)[1].split('"', 1)[0]
    assert goods.slug in visitor.get(f"/c/{slug}").text
    assert visitor.get("/c/nothing-here").status_code == 404


@pytest.mark.parametrize("asked", ["星幕", "幕会", "star", "STA"])
def test_search_finds_chinese_and_english(visit, inside, shop, goods, asked):
    with inside(), platform_scope(), unit_of_work() as work:
        product = work.session.get_one(Product, goods.product_id)
        terms = " ".join(f"'{term}'" for term in search_terms(f"{product.name} {product.name_en}"))
        work.session.execute(update(Product).where(Product.id == goods.product_id).values(search=terms))
    assert goods.slug in visit(shop).get("/search", query_string={"q": asked}).text


@pytest.mark.parametrize("asked", ["'; drop table orders", "a & | ! b", "<script>alert(1)</script>", "：）"])
def test_search_bears_whatever_is_typed(visit, shop, goods, asked):
    page = visit(shop).get("/search", query_string={"q": asked})
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_sorting_turns_the_shelf_around(visit, inside, shop, goods):
    with inside():
        dear = make_goods(shop, price=99900, codes=1)
    cheap_first, dear_first = (visit(shop).get(f"/?sort={sort}").text for sort in ("cheap", "dear"))
    grid = 'class="goods"'
    assert cheap_first.index(goods.slug, cheap_first.index(grid)) < cheap_first.index(
        dear.slug, cheap_first.index(grid)
    )
    assert dear_first.index(dear.slug, dear_first.index(grid)) < dear_first.index(
        goods.slug, dear_first.index(grid)
    )


def test_a_page_beyond_the_last_is_not_there(visit, shop, goods):
    assert visit(shop).get("/?page=2").status_code == 404


def test_a_product_says_when_few_are_left_and_when_all_are_gone(visit, inside, shop):
    with inside():
        few, none = make_goods(shop, codes=2), make_goods(shop)
    visitor = visit(shop)
    assert "Only 2 left" in text_of(visitor.get(f"/p/{few.slug}"))
    assert "Sold out" in text_of(visitor.get(f"/p/{none.slug}"))


def test_what_a_brand_writes_runs_nothing(visit, inside, shop, goods):
    with inside(), platform_scope(), unit_of_work() as work:
        nasty = "**bold** <img src=x onerror=alert(1)>\n\n- one\n- <script>two</script>"
        work.session.execute(
            update(Product)
            .where(Product.id == goods.product_id)
            .values(description_en=nasty, redemption_en=nasty)
        )
    page = visit(shop).get(f"/p/{goods.slug}").text
    assert "<strong>bold</strong>" in page
    assert "<img src=x" not in page
    assert "<script>two" not in page


def test_pages_for_everybody_carry_nobodys_cookie(visit, shop, goods):
    visitor = visit(shop)
    visitor.wish(goods.listing_id, then="cart")
    for path in ("/", f"/p/{goods.slug}", "/search?q=star", "/terms", "/contact"):
        assert "Set-Cookie" not in visitor.get(path).headers, path


def test_every_page_is_shut_in_by_its_headers(visit, shop, goods):
    visitor = visit(shop)
    for path in ("/", f"/p/{goods.slug}", "/cart", "/orders", "/nothing"):
        headers = visitor.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe-inline" not in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_browser_that_holds_the_page_is_told_so(visit, shop, goods):
    visitor = visit(shop)
    first = visitor.get("/")
    again = visitor.client.get(
        "/",
        base_url=visitor.origin,
        headers={"Accept-Language": "en", "If-None-Match": first.headers["ETag"]},
    )
    assert again.status_code == 304
    assert again.data == b""


def test_a_page_travels_small_and_arrives_the_same(visit, shop, goods):
    visitor = visit(shop)
    plain = visitor.get("/")
    small = visitor.client.get(
        "/", base_url=visitor.origin, headers={"Accept-Language": "en", "Accept-Encoding": "gzip"}
    )
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < len(plain.data)


def test_two_languages_are_two_pages(visit, shop, goods):
    assert "Star pass" in visit(shop, language="en").get("/").text
    assert "星幕会员" in visit(shop, language="zh-CN").get("/").text
    assert "Star pass" in visit(shop, language="en-GB").get("/").text


def test_choosing_a_language_is_remembered_and_leaves_the_address(visit, shop, goods):
    visitor = visit(shop, language="zh-CN")
    switched = visitor.get("/search?q=star&lang=en")
    assert switched.headers["Location"] == "/search?q=star"
    assert 'lang="en"' in visitor.get("/").text


def test_choosing_a_language_never_leads_to_another_host(visit, shop):
    page = visit(shop).client.get("//evil.example/?lang=en", base_url="http://lantern.localhost:8000")
    assert not page.headers.get("Location", "/").startswith("//")


def test_a_new_price_shows_within_a_second(visit, inside, shop, goods):
    visitor = visit(shop)
    assert "¥ 23 .80" in text_of(visitor.get("/"))
    with inside():
        write(shop, update(Listing).where(Listing.id == goods.listing_id).values(price_minor=1990))
    assert within_a_second(lambda: "¥ 19 .90" in text_of(visitor.get("/")))


def test_new_stock_shows_within_a_second(visit, inside, shop):
    with inside():
        goods = make_goods(shop)
    visitor = visit(shop)
    assert "Sold out" in text_of(visitor.get(f"/p/{goods.slug}"))
    with inside():
        add_codes(goods, 9)
    assert within_a_second(lambda: "In stock" in text_of(visitor.get(f"/p/{goods.slug}")))


def test_new_colours_show_within_a_second(visit, inside, shop, goods):
    visitor = visit(shop)
    visitor.get("/")
    with inside():
        write(shop, update(Shop).where(Shop.id == shop.id).values(theme={"preset": "cobalt"}))
    assert within_a_second(lambda: "#1f4fd8" in visitor.get("/").text)


def test_an_unknown_host_is_no_shop(visit, house):
    for host in ("nobody.localhost", "evil.example", "a.b.localhost"):
        assert house.test_client().get("/", base_url=f"http://{host}").status_code == 404


def test_the_same_path_leads_elsewhere_behind_another_host(visit, house, shop):
    client = house.test_client()
    assert "Perkline" in client.get("/", base_url="http://localhost:8000").text
    assert client.get("/cart", base_url="http://localhost:8000").status_code == 404
    assert client.get("/cart", base_url="http://console.localhost:8000").status_code == 404
    assert client.get("/hooks/sandbox", base_url="http://lantern.localhost:8000").status_code == 404


def test_a_product_leads_to_others_of_its_category_and_not_to_itself(visit, inside, shop, goods):
    with inside():
        other, gone = make_goods(shop, codes=3), make_goods(shop, codes=3)
        write(shop, update(Listing).where(Listing.id == gone.listing_id).values(status="paused"))
    related = visit(shop).get(f"/p/{goods.slug}").text.split("Others also look at", 1)[1]
    assert f"/p/{other.slug}" in related
    assert f"/p/{goods.slug}" not in related
    assert f"/p/{gone.slug}" not in related

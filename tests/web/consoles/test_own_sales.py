"""A brand and the platform make flash sales and group buys for chosen shops; the shops see them and cannot touch them."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.flows import grouping
from app.foundation import clock
from app.web.console.referral_form import START
from app.web.console.typed_terms import as_field
from tests.factories import make_goods, make_shop
from tests.factories.drops import line_up
from tests.factories.others import also_in, drop_in
from tests.factories.referrals import programme
from tests.web.consoles.conftest import words_of


@pytest.fixture
def world(inside, owner, house):
    """Two shops of two distributors that sell one brand's Sku, the second dearer."""
    with inside():
        first, second = make_shop("corner"), make_shop("square")
        goods = make_goods(first, price=2000, floor=1500, supply=1200, codes=6)
        also_in(second, goods, price=2200)
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops WHERE slug = 'corner'")).scalar_one()
    return first, second, goods, firm


def form(**more: object) -> dict[str, object]:
    now = clock.now()
    return {
        "title": "周年秒杀", "title_en": "Anniversary", "price": "16.00", "units": "2", "per_buyer": "1",
        "seat_minutes": "5", "starts_at": as_field(now - timedelta(minutes=1)),
        "ends_at": as_field(now + timedelta(hours=1)), **more,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["brand", "platform"])
def test_a_flash_sale_is_tried_published_watched_and_ended_in_the_shops_that_were_chosen(
    world, staff, inside, owner, kind
):
    first, second, goods, firm = world
    visitor = staff("brand", brand_id=goods.brand_id) if kind == "brand" else staff("platform")
    new = f"/{kind}/promotions/new/flash_price"
    assert new in visitor.get(f"/{kind}/promotions/new").text
    assert f'value="{goods.sku_id}"' in visitor.get(new).text
    new = f"{new}?sku={goods.sku_id}"
    assert second.name in visitor.words(new)
    both = {"shop": [str(first.id), str(second.id)], f"units{second.id}": "9"}
    refused = visitor.post(new, form(do="preview"))
    assert refused.status_code == 422 and "Choose at least one." in words_of(refused)
    assert 'value="周年秒杀"' in refused.text, "what was typed is still there"
    seen = words_of(visitor.post(new, form(**both, do="preview")))
    assert "¥8.00" in seen and "Only 6 are in stock, 9 are wanted." in seen and "takes part" in seen
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM promotions")).scalar() == 0, "only tried"
    made = visitor.post(new, form(**both, do="publish"))
    assert made.status_code == 303
    page = re.sub(r"^https?://[^/]+", "", made.headers["Location"])
    words = visitor.words(page)
    assert f"{second.name} : Only 6 are in stock" in words and "Shop by shop" in words and first.name in words
    with inside():
        drop = drop_in(first, int(page.rpartition("/")[2]))
        line_up(first, drop)
    assert re.search(r"/flash/\d+ 2 1 1 0 0 ¥0.00", visitor.words(page)), "set aside, held, left"
    seller = staff("distributor", distributor_id=firm)
    here = "/distributor/shops/corner/promotions"
    by = "the platform" if kind == "platform" else "Brand"
    assert "Anniversary" in seller.words(f"{here}/others") and by in seller.words(f"{here}/others")
    assert "paid by" in seller.words(f"{here}/flash")
    assert "Only they change or end it" in seller.words(f"{here}/flash/{drop.id}")
    assert seller.post(f"{here}/flash/{drop.id}/end").status_code == 404
    visitor.post(f"{page}/state", {"do": "end"})
    with owner.connect() as connection:
        assert connection.execute(text("SELECT state FROM drops")).scalar() == "ended"
        assert connection.execute(text("SELECT count(*) FROM codes WHERE state = 'free'")).scalar() == 6
    assert "Over" in visitor.words(page)


@pytest.mark.parametrize("kind", ["brand", "platform"])
def test_a_group_buy_is_tried_published_and_ended_by_its_maker_alone(world, staff, inside, owner, kind):
    first, second, goods, firm = world
    visitor = staff("brand", brand_id=goods.brand_id) if kind == "brand" else staff("platform")
    new = f"/{kind}/promotions/new/group_price?sku={goods.sku_id}"
    typed = {
        "title": "品牌拼团", "price": "16.00", "units": "3", "people": "2", "hours": "24", "days": "7",
        "shop": [str(first.id), str(second.id)], f"units{second.id}": "1",
    }  # fmt: skip
    assert "Fewer pieces than one group needs." in words_of(visitor.post(new, {**typed, "do": "preview"}))
    made = visitor.post(new, {**typed, "do": "publish"})
    page = re.sub(r"^https?://[^/]+", "", made.headers["Location"])
    assert f"{second.name} : Fewer pieces" in visitor.words(page)
    assert re.search(r"Given away " + re.escape(first.name) + " 3 0 0 0 0", visitor.words(page))
    seller = staff("distributor", distributor_id=firm)
    assert "paid by" in seller.words("/distributor/shops/corner/groups")
    promotion_id = page.rpartition("/")[2]
    assert seller.post(f"/distributor/shops/corner/groups/{promotion_id}", {"do": "end"}).status_code == 404
    assert "品牌拼团" in seller.words("/distributor/shops/corner/promotions/others")
    visitor.post(f"{page}/state", {"do": "end"})
    with inside():
        grouping.end_groups()
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM codes WHERE state = 'free'")).scalar() == 6


@pytest.mark.parametrize("kind", ["brand", "platform"])
def test_a_referral_programme_is_started_shown_and_ended_by_its_maker_alone(
    world, staff, inside, owner, kind
):
    first, second, goods, firm = world
    with inside():
        programme(second)
    visitor = staff("brand", brand_id=goods.brand_id) if kind == "brand" else staff("platform")
    new = f"/{kind}/promotions/new/referral"
    assert second.name in visitor.words(new) and new in visitor.get(f"/{kind}/promotions/new").text
    typed = {name: str(value) for name, value in START.items()} | {"currency": "CNY", "title": "带朋友来"}
    assert "Choose at least one." in words_of(visitor.post(new, typed))
    assert visitor.post(new, {**typed, "shop": "999999"}).status_code == 404
    made = visitor.post(new, {**typed, "shop": [str(first.id), str(second.id)]})
    refused = words_of(visitor.post(new, {**typed, "shop": str(second.id)}))
    assert f"{second.name}: It has a referral programme already." in refused
    page = re.sub(r"^https?://[^/]+", "", made.headers["Location"])
    words = visitor.words(page)
    assert f"{second.name} : It has a referral programme already." in words and "Rewards given" in words
    seller = staff("distributor", distributor_id=firm)
    here = "/distributor/shops/corner/referrals"
    assert "paid by" in seller.words(here) and "带朋友来" in seller.words(here)
    seller.post(f"{here}/{page.rpartition('/')[2]}/state", {"to": "ended"})
    found = text("SELECT status FROM promotions WHERE owner <> 'shop'")
    with owner.connect() as connection:
        assert connection.execute(found).scalar() == "live"
    visitor.post(f"{page}/state", {"do": "end"})
    with owner.connect() as connection:
        assert connection.execute(found).scalar() == "ended"


def test_a_brand_names_no_shop_that_does_not_sell_its_goods_and_no_goods_of_others(
    world, staff, inside, owner
):
    first, _second, goods, _firm = world
    with inside():
        elsewhere = make_shop("elsewhere")
        foreign = make_goods(elsewhere, codes=2)
    visitor = staff("brand", brand_id=goods.brand_id)
    new = "/brand/promotions/new/flash_price?sku="
    assert visitor.get(f"{new}{foreign.sku_id}").status_code == 404
    sent = form(shop=[str(elsewhere.id)], do="publish")
    assert visitor.post(f"{new}{foreign.sku_id}", sent).status_code == 404
    assert visitor.post(f"{new}{goods.sku_id}", sent).status_code == 404
    assert visitor.post(f"{new}{goods.sku_id}", form(shop=[str(first.id)], do="publish")).status_code == 303
    with owner.connect() as connection:
        ((promotion_id,),) = connection.execute(text("SELECT id FROM promotions"))
    other = staff("brand", brand_id=foreign.brand_id)
    for method, address in (("get", ""), ("post", "/state")):
        answer = getattr(other, method)(f"/brand/promotions/{promotion_id}{address}")
        assert answer.status_code == 404
    assert staff("brand", "staff", brand_id=goods.brand_id).get(f"{new}{goods.sku_id}").status_code == 403


def test_every_page_is_there_in_both_languages(world, staff, inside):
    _first, _second, goods, firm = world
    visitor = staff("brand", brand_id=goods.brand_id)
    seller = staff("distributor", distributor_id=firm)
    for language in ("en", "zh_Hans"):
        for page in ("flash_price", f"flash_price?sku={goods.sku_id}"):
            joined = "&" if "?" in page else "?"
            assert visitor.get(f"/brand/promotions/new/{page}{joined}lang={language}").status_code == 200
        assert seller.get(f"/distributor/shops/corner/promotions/others?lang={language}").status_code == 200

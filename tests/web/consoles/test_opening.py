"""From signing up to a live shop, and what may go wrong on the way."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.factories import make_goods, make_shop
from tests.web.consoles.conftest import words_of

FIRM = {
    "kind": "distributor", "firm": "Daybreak Digital", "name": "Lin", "email": "lin@daybreak.example",
    "password": "morning light 77",
}  # fmt: skip


@pytest.fixture
def approving(house) -> Iterator[None]:
    """A house where firms that sign up may work at once."""
    runtime = house.extensions["perkline"]
    before = runtime.settings
    runtime.settings = replace(before, auto_approve=True)
    yield
    runtime.settings = before


@pytest.fixture
def goods(inside):
    """Two Skus of an approved brand, listed in somebody else's shop."""
    with inside():
        shop = make_shop("old-shop")
        return [make_goods(shop, price=2000, floor=1500), make_goods(shop, price=3000, floor=2500)]


def name_it(visitor, slug="daybreak", **more):
    return visitor.post(
        "/distributor/open/name", {"name": "晨光", "name_en": "Daybreak", "slug": slug, **more}
    )


def fill(visitor, goods, prices=("20.00", "30.00")):
    sent = {"sku": [one.sku_id for one in goods]}
    sent |= {f"price-{one.sku_id}": price for one, price in zip(goods, prices, strict=True)}
    return visitor.post("/distributor/open/goods", sent)


def test_a_new_distributor_has_a_live_shop_after_four_steps(browser, goods, approving):
    visitor = browser()
    assert visitor.post("/sign-up", FIRM).headers["Location"] == "/distributor/open"
    assert name_it(visitor).headers["Location"] == "/distributor/open/look"
    assert (
        visitor.post("/distributor/open/look", {"preset": "lake"}).headers["Location"]
        == "/distributor/open/goods"
    )
    assert fill(visitor, goods).headers["Location"] == "/distributor/open/live"
    assert visitor.post("/distributor/open/live").headers["Location"] == "/distributor/shops/daybreak/"
    shop = visitor.client.get(
        "/", base_url="http://daybreak.localhost:8000", headers={"Accept-Language": "en"}
    )
    assert shop.status_code == 200
    assert "Daybreak" in shop.text
    assert "#0f6d8c" in shop.text


def test_every_step_is_kept_and_can_be_gone_back_to(browser, goods, approving, owner):
    visitor = browser()
    visitor.post("/sign-up", FIRM)
    name_it(visitor)
    visitor.post("/distributor/open/look", {"preset": "ink"})
    fill(visitor, goods)
    assert visitor.get("/distributor/open").headers["Location"] == "/distributor/open/live"
    assert 'value="daybreak"' in visitor.get("/distributor/open/name").text
    name_it(visitor, "day-break")
    fill(visitor, goods[:1], ("22.00",))
    with owner.connect() as connection:
        drafts = connection.execute(text("SELECT slug FROM shops WHERE status = 'draft'")).scalars().all()
        prices = connection.execute(
            text("SELECT price_minor FROM listings JOIN shops s ON s.id = shop_id WHERE s.slug = 'day-break'")
        )
        assert drafts == ["day-break"]
        assert prices.scalars().all() == [2200]


def test_a_draft_answers_nobody(browser, goods, approving):
    visitor = browser()
    visitor.post("/sign-up", FIRM)
    name_it(visitor)
    assert visitor.client.get("/", base_url="http://daybreak.localhost:8000").status_code == 404


def test_a_taken_address_is_refused_and_another_is_proposed(browser, goods, approving):
    visitor = browser()
    visitor.post("/sign-up", FIRM)
    page = name_it(visitor, "old-shop")
    assert page.status_code == 422
    assert "old-shop-shop" in words_of(page)
    assert 'value="晨光"' in page.text
    assert "Taken by another shop" in words_of(visitor.get("/distributor/open/free?slug=old-shop"))
    assert "Free:" in words_of(visitor.get("/distributor/open/free?slug=new-shop"))


@pytest.mark.parametrize("slug", ["console", "pay", "ab", "-abc", "a_b_c", "a--b", "晨光店"])
def test_an_address_that_is_no_subdomain_or_ours_is_refused(browser, approving, slug):
    visitor = browser()
    visitor.post("/sign-up", FIRM)
    assert name_it(visitor, slug).status_code == 422


def test_a_price_below_the_floor_is_refused_with_the_floor_in_the_sentence(browser, goods, approving, owner):
    visitor = browser()
    visitor.post("/sign-up", FIRM)
    name_it(visitor)
    page = fill(visitor, goods, ("14.99", "30.00"))
    assert page.status_code == 422
    assert "no price below ¥15.00" in words_of(page)
    assert 'value="14.99"' in page.text
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM listings")).scalar_one() == len(goods)


def test_nobody_goes_live_without_anything_to_sell(browser, approving):
    visitor = browser()
    visitor.post("/sign-up", FIRM)
    name_it(visitor)
    page = visitor.post("/distributor/open/live")
    assert page.status_code == 422
    assert "at least one thing" in words_of(page)


def test_without_approval_everything_can_be_prepared_but_not_opened(browser, goods, staff):
    visitor = browser()
    visitor.post("/sign-up", FIRM)
    name_it(visitor)
    fill(visitor, goods)
    assert "has not approved you yet" in words_of(visitor.post("/distributor/open/live"))
    page = staff("platform", "manager").get("/platform/distributors?status=pending")
    firm = re.search(r'name="firm" value="(\d+)"', page.text).group(1)
    staff("platform", "manager").post("/platform/distributor/decide", {"firm": firm, "do": "approve"})
    assert visitor.post("/distributor/open/live").status_code == 303


def test_a_known_e_mail_is_said_at_its_field_and_nothing_typed_is_lost(browser, hire):
    email = hire("platform")
    page = browser().post("/sign-up", FIRM | {"email": email})
    assert page.status_code == 422
    assert "signs in with this address already" in words_of(page)
    assert 'value="Daybreak Digital"' in page.text


def test_a_weak_password_is_refused(browser):
    page = browser().post("/sign-up", FIRM | {"password": "aaaaaaaaaaaa"})
    assert page.status_code == 422
    assert "Too easy to guess" in words_of(page)

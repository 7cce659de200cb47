"""Batches of single-use codes in the distributor's console."""

import csv
import io

import pytest
from sqlalchemy import text

from tests.factories import make_shop
from tests.factories.promotions import promote
from tests.web.consoles.conftest import words_of


@pytest.fixture
def world(inside, owner):
    with inside():
        shop = make_shop("corner")
        coupon = promote(shop, "fixed_coupon", {"minor": 500}, title="开业礼", automatic=False)
        other = promote(make_shop("other"), "fixed_coupon", {"minor": 500}, automatic=False)
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops WHERE slug = 'corner'")).scalar_one()
    return f"/distributor/shops/{shop.slug}/promotions/{coupon.id}/codes", firm, coupon, other


def test_a_batch_is_made_downloaded_once_and_voided(world, staff, owner):
    at, firm, _coupon, _other = world
    visitor = staff("distributor", "staff", distributor_id=firm)
    assert "No coupon codes yet" in visitor.words(at)
    visitor.post(at, {"size": "12", "prefix": "mei"})
    assert "12 codes · MEI-… Ready to download" in " ".join(visitor.words(at).split())
    file = visitor.post(f"{at}/1/download")
    rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert rows[0][:2] == ["No.", "Coupon code"] and len({row[1] for row in rows[1:]}) == 12
    assert all(row[1].startswith("MEI-") for row in rows[1:])
    assert visitor.post(f"{at}/1/download").status_code == 303
    told = visitor.words(at)
    assert "downloaded already" in told and "Download once" not in told
    visitor.post(f"{at}/1/void")
    assert "12 codes count no more." in visitor.words(at)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT DISTINCT state FROM coupon_codes")).scalars().all() == ["void"]


def test_what_cannot_be_is_said_at_its_field_with_what_was_typed(world, staff):
    at, firm, *_ = world
    page = staff("distributor", distributor_id=firm).post(at, {"size": "100001", "prefix": "a-b"})
    assert page.status_code == 422 and 'value="100001"' in page.text
    assert "from 1 to 100000" in words_of(page) and "Letters and digits only" in words_of(page)


def test_another_shops_promotion_does_not_exist(world, staff):
    at, firm, coupon, other = world
    foreign = at.replace(f"/{coupon.id}/", f"/{other.id}/")
    assert staff("distributor", distributor_id=firm).get(foreign).status_code == 404


def test_a_viewer_sees_and_makes_nothing(world, staff):
    at, firm, *_ = world
    visitor = staff("distributor", "viewer", distributor_id=firm)
    assert visitor.get(at).status_code == 200
    assert visitor.post(at, {"size": "5"}).status_code == 403

"""A distributor makes a flash sale in one form, watches it, and ends it."""

from datetime import timedelta

from sqlalchemy import text

from app.foundation import clock
from app.web.console.typed_terms import as_field
from tests.factories import make_goods, make_shop
from tests.factories.drops import line_up, row_of
from tests.web.consoles.conftest import words_of


def test_a_sale_is_made_watched_and_ended(inside, owner, staff):
    with inside():
        shop = make_shop("corner")
        goods = make_goods(shop, price=2000, floor=1500, codes=5)
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops")).scalar_one()
    person = staff("distributor", "staff", distributor_id=firm)
    here, now = "/distributor/shops/corner/promotions", clock.now()
    assert "No flash sale yet" in person.words(f"{here}/flash")
    form = {
        "listing": goods.listing_id, "title": "周五八点抢", "price": "14.00", "units": "2", "per_buyer": "1",
        "seat_minutes": "5", "challenge": "1", "starts_at": as_field(now - timedelta(minutes=1)),
        "ends_at": as_field(now + timedelta(hours=1)),
    }  # fmt: skip
    refused = person.post(f"{here}/new/flash", form)
    assert refused.status_code == 422 and "¥15.00 or more" in words_of(refused)
    assert 'value="周五八点抢"' in refused.text, "what was typed is still there"
    made = person.post(f"{here}/new/flash", {**form, "price": "16.00"})
    assert made.status_code == 303
    live = made.headers["Location"].removeprefix("http://console.localhost:8000")
    drop_id = int(live.rpartition("/")[2])
    with inside():
        line_up(shop, row_of(shop, drop_id))
    words = person.words(live)
    assert "Held, not ordered" in words and "Running" in words and "of 2" in words
    part = person.get(live, HX_Request="true")
    assert part.text.lstrip().startswith('<div id="flash-figures"')
    person.post(f"{live}/end")
    assert "Lapsed" in person.words(live) and "Over" in person.words(live)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM codes WHERE state = 'free'")).scalar() == 5

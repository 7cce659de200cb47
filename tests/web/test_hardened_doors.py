"""What a door refuses, whatever is sent to it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from socket import AF_UNIX, SOCK_STREAM, socket
from time import monotonic

import pytest
from redis.exceptions import RedisError

from app.assembly import _redis, create_app
from app.flows.purchase import access_token
from app.foundation.database import db
from tests.factories import make_goods, make_shop
from tests.web.conftest import text_of

Inside = Callable[[], AbstractContextManager[object]]
CONSOLE = "http://console.localhost:8000"


@pytest.fixture
def shop(inside: Inside):
    with inside():
        return make_shop("lantern")


@pytest.mark.parametrize("path", ["/search?q=%00", "/p/%00", "/c/%00", "/orders/%00?key=x", "/orders/%00"])
def test_a_nul_in_an_address_is_no_fault_of_ours(shop, visit, path: str):
    assert visit(shop).get(path).status_code in {302, 404, 422, 200}


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/orders", {"number": "2611\x0022-ABCDEFGH", "email": "a@example.com"}),
        ("/cart", {"sku": "99999999999999999999999", "quantity": "1"}),
        ("/sign-in", {"email": "a\x00@example.com"}),
    ],
)
def test_what_a_database_cannot_keep_is_refused_as_input(shop, visit, path: str, form: dict[str, object]):
    assert 400 <= visit(shop).post(path, form).status_code < 500


def test_a_checkout_with_control_signs_says_which_field(shop, visit, inside: Inside):
    with inside():
        goods = make_goods(shop, codes=1)
    shopper = visit(shop)
    shopper.wish(goods.listing_id)
    assert shopper.check_out("lin\x00@example.com").status_code == 422


@pytest.mark.parametrize("path", ["/checkout", "/cart", "/orders", "/sign-in"])
def test_a_shop_reads_no_more_than_a_person_types(shop, visit, path: str):
    assert visit(shop).post(path, {"email": "x" * 70_000}).status_code == 413


def test_the_consoles_sign_in_reads_no_more_than_a_person_types(house):
    sent = house.test_client().post(
        "/sign-in",
        base_url=CONSOLE,
        data={"email": "x" * 70_000, "password": "x"},
        headers={"Origin": CONSOLE},
    )
    assert sent.status_code == 413


@pytest.fixture
def silent(tmp_path_factory: pytest.TempPathFactory):
    """A Redis that takes connections and says nothing."""
    place = str(tmp_path_factory.mktemp("r") / "s")
    with socket(AF_UNIX, SOCK_STREAM) as listening:
        listening.bind(place)
        listening.listen(8)
        yield f"unix://{place}"


def test_a_redis_that_hangs_does_not_hang_a_page(silent: str):
    client, started = _redis(silent, 0.2), monotonic()
    with pytest.raises(RedisError):
        client.ping()
    client.close()
    assert monotonic() - started < 2


def test_a_worker_waits_for_its_next_job_as_long_as_it_takes(settings):
    client = _redis(settings.redis_url, None)
    assert client.connection_pool.connection_kwargs.get("socket_timeout") is None
    client.close()


def test_under_https_cookies_belong_to_one_host_by_their_name(settings, shop):
    secure = create_app(replace(settings, scheme="https", public_port=None))
    try:
        browser = secure.test_client()
        browser.get("/checkout", base_url="https://lantern.localhost")
        answer = browser.get("/checkout", base_url="https://lantern.localhost")
        browser.post("/sign-up", base_url="https://console.localhost")
        names = {key[2] for key in browser._cookies}
        assert "__Host-device" in names
        assert "device" not in names
        assert secure.config["SESSION_COOKIE_NAME"] == "__Host-perkline"
        assert answer.status_code == 302
    finally:
        with secure.app_context():
            db.engine.dispose()
        secure.extensions["perkline"].redis.close()


def test_after_a_sign_out_the_next_person_at_this_computer_sees_nothing(shop, visit, inside: Inside):
    with inside():
        goods = make_goods(shop, codes=3)
    shopper = visit(shop)
    number = shopper.order(goods.listing_id)
    shopper.wish(goods.listing_id, then="cart")
    assert shopper.get(f"/orders/{number}").status_code == 200
    shopper.post("/sign-out")
    assert shopper.client.get_cookie("device", domain="lantern.localhost") is None
    assert shopper.get(f"/orders/{number}").status_code == 404
    assert "Your cart is empty" in text_of(shopper.get("/cart"))


def test_the_key_of_a_mailed_link_leaves_the_address_and_reaches_no_log(shop, visit, inside: Inside, caplog):
    with inside():
        goods = make_goods(shop, codes=3)
    number = visit(shop).order(goods.listing_id)
    with inside():
        key = access_token(number)
    caplog.set_level("DEBUG")
    reader = visit(shop)
    opened = reader.get(f"/orders/{number}?key={key}")
    assert opened.headers["Location"] == f"/orders/{number}"
    assert opened.headers["Referrer-Policy"] == "same-origin"
    assert reader.follow(opened).status_code == 200
    assert not [record for record in caplog.records if key in str(vars(record))]

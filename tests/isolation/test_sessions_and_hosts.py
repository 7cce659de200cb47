"""A cookie of one shop is worth nothing in another, an unknown host is nowhere, and only a page of our own may post."""

from contextvars import Context
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from tests.isolation.addresses import any_value
from tests.isolation.people import CONSOLE, staff_of
from tests.isolation.world import World


def origin_of(world: World, side: str) -> str:
    return f"http://{getattr(world, side).shop.slug}.localhost"


def send(client: FlaskClient, method: str, path: str, origin: str, **more: Any) -> TestResponse:
    """One request outside the test's own app context."""
    return Context().run(partial(client.open, path, base_url=origin, method=method, **more))


def signed_in(app: Flask, world: World, side: str) -> FlaskClient:
    """A browser that is shop A's or B's buyer there, and may see that buyer's order."""
    client = app.test_client()
    with client.session_transaction(base_url=origin_of(world, side)) as kept:
        kept["seen"] = [getattr(world, side).placed.number]
        kept["buyer"] = [1, "buyer@example.com", 0]
    return client


def cookies(client: FlaskClient, origin: str) -> str:
    kept = client.get_cookie("perkline", domain=origin.removeprefix("http://"))
    assert kept is not None
    return str(kept.value)


def test_a_buyer_sees_the_order_in_the_shop_where_it_was_bought(world: World, built_app: Flask):
    """The control of what follows."""
    client = signed_in(built_app, world, "b")
    assert send(client, "GET", f"/orders/{world.b.placed.number}", origin_of(world, "b")).status_code == 200


def test_a_session_carried_to_another_shop_is_no_session(world: World, built_app: Flask):
    there, here = origin_of(world, "a"), origin_of(world, "b")
    client, thief = signed_in(built_app, world, "a"), built_app.test_client()
    with built_app.test_request_context(base_url=there):
        stolen = cookies(client, there)
    thief.set_cookie("perkline", stolen, domain=here.removeprefix("http://"))
    with thief.session_transaction(base_url=here) as kept:
        assert dict(kept) == {}


def test_a_consoles_session_is_worth_nothing_in_a_shop_nor_a_shops_in_the_consoles(
    world: World, built_app: Flask
):
    owner = next(person for person in staff_of(world.a, "eve") if person.role == "owner")
    stolen = cookies(owner.come_in(built_app), CONSOLE)
    thief = built_app.test_client()
    thief.set_cookie("perkline", stolen, domain=f"{world.a.shop.slug}.localhost")
    with thief.session_transaction(base_url=origin_of(world, "a")) as kept:
        assert dict(kept) == {}
    buyer = signed_in(built_app, world, "a")
    with buyer.session_transaction(base_url=origin_of(world, "a")) as kept:
        kept["_user_id"], kept["_fresh"] = f"{owner.user_id}.0", True
    other = built_app.test_client()
    other.set_cookie("perkline", cookies(buyer, origin_of(world, "a")), domain="console.localhost")
    assert send(other, "GET", "/distributor/", CONSOLE).status_code == 302


def test_cookies_are_for_one_host_and_not_for_scripts(world: World, built_app: Flask):
    there = origin_of(world, "a")
    answer = send(
        built_app.test_client(),
        "POST",
        "/cart",
        there,
        data={"listing": world.a.goods.listing_id, "quantity": 1},
    )
    given = answer.headers.getlist("Set-Cookie")
    assert given
    for cookie in given:
        assert "Domain=" not in cookie
        assert "SameSite=Lax" in cookie
        assert "HttpOnly" in cookie or cookie.startswith("cart_count="), cookie


def test_a_device_of_one_shop_is_unknown_in_another(world: World, built_app: Flask, owner: Engine):
    """The device's sign is signed for one shop: carried to another it opens nothing."""
    here, there = origin_of(world, "b"), origin_of(world, "a")
    client = built_app.test_client()
    send(client, "POST", "/cart", there, data={"listing": world.a.goods.listing_id, "quantity": 1})
    kept = client.get_cookie("device", domain=there.removeprefix("http://"))
    if kept is None:
        send(client, "GET", "/checkout", there)
        kept = client.get_cookie("device", domain=there.removeprefix("http://"))
    assert kept is not None
    device = kept.value.rsplit(".", 1)[0]
    with owner.connect() as connection:
        connection.execute(
            text("UPDATE orders SET device = :device WHERE number = :number"),
            {"device": device, "number": world.b.placed.number},
        )
    thief = built_app.test_client()
    thief.set_cookie("device", kept.value, domain=here.removeprefix("http://"))
    path = f"/orders/{world.b.placed.number}/progress"
    assert send(thief, "GET", path, here).status_code != 200


@pytest.mark.parametrize(
    "host",
    ["nobody.localhost", "example.com", "localhost.example.com", "x.y.localhost", "shop..localhost", "127.0.0.2", "%2e.localhost", "-.localhost",
     "perkline.localhost.", "admin.localhost"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/orders", "/sign-in", "/healthz", "/nothing"])
def test_an_unknown_host_is_nowhere(world: World, built_app: Flask, host: str, path: str):
    assert (
        send(built_app.test_client(), "GET", path, "http://localhost", headers={"Host": host}).status_code
        == 404
    )


def test_the_host_header_decides_whatever_its_dress(world: World, built_app: Flask):
    for host in (
        f"{world.a.shop.slug.upper()}.LOCALHOST",
        f"{world.a.shop.slug}.localhost:8000",
        f"{world.a.shop.slug}.localhost.",
    ):
        assert (
            send(built_app.test_client(), "GET", "/", "http://localhost", headers={"Host": host}).status_code
            == 200
        )


def test_a_proxys_word_is_not_believed_unless_it_is_expected(world: World, built_app: Flask):
    told = {"X-Forwarded-Host": f"{world.b.shop.slug}.localhost"}
    answer = send(
        built_app.test_client(), "GET", f"/p/{world.b.goods.slug}", origin_of(world, "a"), headers=told
    )
    assert answer.status_code == 404


# ------------------------------------------------------------------ who may post


def posts(built_app: Flask) -> list[tuple[str, str]]:
    """Every address that takes an unsafe method: (door, path)."""
    found = []
    for rule in built_app.url_map.iter_rules():
        if not {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set()) or rule.endpoint.startswith(
            "hooks."
        ):
            continue
        values = {name: any_value(rule, name) for name in rule.arguments - {"door"}}
        built = rule.build(values, append_unknown=False)
        found.append((rule.subdomain or "", str(built[1]) if built else rule.rule))
    return found


def hosts(world: World, door: str) -> str:
    return {"console": "console.localhost", "pay": "pay.localhost", "base": "localhost"}.get(
        door, f"{world.a.shop.slug}.localhost"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://sibling.localhost"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://sibling.localhost"},
    ],
    ids=lambda headers: ",".join(headers.values()),
)
def test_a_post_from_another_origin_is_refused_at_every_address(
    world: World, built_app: Flask, headers: dict[str, str]
):
    client, wrong = built_app.test_client(), []
    tried = posts(built_app)
    for door, path in tried:
        host = hosts(world, door)
        if headers.get("Origin") == f"http://{host}":
            continue
        status = send(client, "POST", path, f"http://{host}", headers=headers).status_code
        wrong += [(host, path, status)] if status != 403 else []
    assert not wrong, wrong
    assert len(tried) > 30


def test_a_post_from_the_same_origin_is_let_in(world: World, built_app: Flask):
    there = origin_of(world, "a")
    for headers in ({"Origin": there}, {"Sec-Fetch-Site": "same-origin"}):
        data = {"listing": world.a.goods.listing_id, "quantity": 1}
        assert (
            send(built_app.test_client(), "POST", "/cart", there, headers=headers, data=data).status_code
            != 403
        )

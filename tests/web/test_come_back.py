"""Whom a busy house cannot let in is told so in words, and comes back by itself."""

import json
import threading
import time

import pytest
from flask import Request

from app.config import PLACES_EACH
from app.web import fair_share
from app.web.come_back import ComeBack
from app.web.fair_share import FairShare
from app.web.share import _whose
from tests.factories import make_shop


@pytest.fixture
def away(house):
    def ask(path: str = "/p/tea", method: str = "GET", language: str = "en", accept: str = "text/html"):
        said: list[object] = []
        environ = Request.from_values(
            path, method=method, headers={"Accept-Language": language, "Accept": accept}
        ).environ
        body = b"".join(
            ComeBack(house)(environ, lambda status, headers: said.extend([status, dict(headers)]))
        )
        return said[0], said[1], body.decode()

    return ask


def test_a_page_comes_back_by_itself_in_the_visitors_language(away):
    status, headers, body = away()
    assert status.startswith("503")
    assert f'<meta http-equiv="refresh" content="{headers["Retry-After"]}">' in body
    assert "need not do anything" in body
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "不需要任何操作" in away(language="zh-CN")[2]


def test_a_form_is_never_sent_again_by_itself(away):
    body = away(method="POST")[2]
    assert "http-equiv" not in body
    assert "nothing was charged" in body


def test_a_program_is_told_in_how_many_seconds(away):
    told = json.loads(away(accept="application/json")[2])["error"]
    assert told["code"] == "busy"
    assert 1 <= told["retry_seconds"] <= 3
    assert json.loads(away("/hooks/sandbox", method="POST")[2])["error"]["code"] == "busy"


def test_a_shop_is_one_shop_under_all_its_names_and_strangers_are_one(house, inside, visit):
    with inside():
        shop = make_shop("lantern")
    visit(shop).get("/cart")
    base = house.extensions["perkline"].settings.base_host
    who = lambda host, path="/": _whose(house, base, {"HTTP_HOST": host, "PATH_INFO": path})  # noqa: E731  # short
    assert who(f"lantern.{base}:8000") == shop.id
    assert who("no-such.example") == who(f"nobody.{base}") == "strangers"
    assert who(f"console.{base}") == "console"
    assert who(f"lantern.{base}", "/healthz") is None


def test_one_shops_crowd_is_turned_away_while_the_other_is_served(
    house, inside, visit, settings, monkeypatch
):
    """In the application as it is put together: every place of one shop's share is taken by somebody who does not move."""
    monkeypatch.setattr(fair_share, "COMPANY_SECONDS", 60)
    monkeypatch.setattr(fair_share, "PATIENCE_SECONDS", 60)
    with inside():
        loud, calm = make_shop("loud"), make_shop("calm")
    # The first request of a host finds out whose it is.
    for shop in (calm, loud, calm):
        visit(shop).get("/cart")
    turns = fair_share_of(house).turns
    most = settings.web_threads * PLACES_EACH // 2
    threads = [threading.Thread(target=turns.enter, args=(loud.id,), daemon=True) for _ in range(most)]
    try:
        for thread in threads:
            thread.start()
        while turns._parties[loud.id].here < most:
            time.sleep(0.01)
        assert visit(loud).get("/cart").status_code == 503
        assert visit(calm).get("/cart").status_code == 200
    finally:
        while turns._parties[loud.id].working:
            turns.leave(loud.id)


def fair_share_of(app) -> FairShare:
    """The share among what stands before the application."""
    layer = app.wsgi_app
    while not isinstance(layer, FairShare):
        layer = layer._behind
    return layer

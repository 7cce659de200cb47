"""What is handed out at the door, and what never is."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from app.web.storefront.front_desk import KEEP_UNTIL, FrontDesk
from tenants.directory import CachedDirectory

Ask = Callable[..., tuple[str, bytes]]


class Nobody:
    def by_slug(self, slug: str) -> None: ...

    def by_host(self, host: str) -> None: ...


@pytest.fixture
def directory() -> CachedDirectory:
    return CachedDirectory(Nobody())


@pytest.fixture
def desk(directory: CachedDirectory) -> tuple[Ask, list[str]]:
    asked: list[str] = []

    def house(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] != "/mine":
            environ[KEEP_UNTIL] = time.monotonic() + float(environ.get("seconds", 5))
        headers = [("Set-Cookie", "device=1")] if environ["PATH_INFO"] == "/cookie" else []
        start("200 OK", [*headers, ("X-Request-Id", "one")])
        return [str(len(asked)).encode()]

    front = FrontDesk(house, directory)

    def ask(path: str = "/", **more: Any) -> tuple[str, bytes]:
        said: list[Any] = []
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": "a.localhost", **more}
        body = b"".join(front(environ, lambda status, headers: said.append(dict(headers))))
        return said[0]["X-Request-Id"], body

    return ask, asked


def test_a_page_for_everybody_is_made_once_and_every_answer_has_its_own_number(desk) -> None:
    ask, asked = desk
    first, again = ask(), ask()
    assert first[1] == again[1]
    assert first[0] != again[0]
    assert asked == ["/"]


@pytest.mark.parametrize("path", ["/mine", "/cookie"])
def test_what_belongs_to_one_visitor_is_never_kept(desk, path: str) -> None:
    ask, asked = desk
    ask(path), ask(path)
    assert asked == [path, path]


@pytest.mark.parametrize(
    "other",
    [
        {"HTTP_HOST": "b.localhost"},
        {"QUERY_STRING": "page=2"},
        {"HTTP_ACCEPT_LANGUAGE": "en"},
        {"HTTP_COOKIE": "lang=en"},
        {"HTTP_ACCEPT_ENCODING": "gzip"},
        {"HTTP_IF_NONE_MATCH": '"x"'},
        {"REQUEST_METHOD": "HEAD"},
    ],
)
def test_whatever_makes_another_answer_asks_the_house(desk, other: dict[str, str]) -> None:
    ask, asked = desk
    ask()
    ask(**other)
    assert len(asked) == 2


def test_a_visitor_s_other_cookies_do_not_matter(desk) -> None:
    ask, asked = desk
    ask()
    ask(HTTP_COOKIE="device=abc; cart_count=3")
    assert len(asked) == 1


def test_a_page_whose_time_is_over_is_asked_for_again(desk) -> None:
    ask, asked = desk
    ask(seconds=0)
    ask()
    assert len(asked) == 2


def test_nothing_is_handed_out_once_the_directory_was_told_to_ask_again(
    desk, directory: CachedDirectory
) -> None:
    ask, asked = desk
    ask()
    directory.forget()
    ask()
    assert len(asked) == 2


def test_the_time_is_told_at_the_door_in_milliseconds_and_never_kept(desk):
    ask, asked = desk
    before = time.time() * 1000
    told = json.loads(ask("/now")[1])["now"]
    assert asked == []
    assert before - 1 <= told <= time.time() * 1000
    time.sleep(0.01)
    assert json.loads(ask("/now")[1])["now"] > told


def _while_one_fetches(crowd: int, *, keeps: Callable[[int], bool]) -> list[int]:
    """A page that has grown old is wanted by a crowd at once; how often the house was asked, and by how many at once."""
    asked, at_once, most = 0, 0, 0
    counting, stands = threading.Lock(), threading.Barrier(crowd)

    def house(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal asked, at_once, most
        with counting:
            asked, at_once = asked + 1, at_once + 1
            most = max(most, at_once)
        time.sleep(0.05)
        if keeps(asked):
            environ[KEEP_UNTIL] = time.monotonic() + (0.0 if asked == 1 else 60.0)
        start("200 OK", [("X-Request-Id", "one")])
        with counting:
            at_once -= 1
        return [b"page"]

    front = FrontDesk(house, CachedDirectory(Nobody()))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "a.localhost"}
    assert b"".join(front(dict(environ), lambda *_: None)) == b"page"

    def visit() -> None:
        stands.wait()
        assert b"".join(front(dict(environ), lambda *_: None)) == b"page"

    visitors = [threading.Thread(target=visit) for _ in range(crowd)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return [asked, most]


def test_a_page_that_has_grown_old_is_fetched_by_one_visitor_while_the_crowd_waits_at_the_door() -> None:
    assert _while_one_fetches(8, keeps=lambda _: True) == [2, 1]


def test_what_is_not_everybodys_any_more_is_waited_for_by_nobody() -> None:
    asked, most = _while_one_fetches(8, keeps=lambda asked: asked == 1)
    assert asked == 9
    assert most > 1

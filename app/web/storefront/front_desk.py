"""A page that is kept is handed over at the door, before the house has woken up.

Only what a view has said is the same for every visitor comes here, with the time
until which it may be handed out: less than a second. It is found by everything
that could make it another answer: host, address, language and compression.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from threading import Event, Lock
from typing import Any

from app.foundation import clock
from app.web.fair_share import FIRST
from app.web.language import COOKIE
from tenants.directory import CachedDirectory

MOST_KEPT = 512
PATIENCE_SECONDS = 4.0
"""So long somebody waits for a page that another visitor is fetching anew."""
KEEP_UNTIL = "perkline.keep_until"
"""A view writes here, in the request's environment, how long its answer may be handed to others."""

NOW = "/now"
"""Here countdowns ask what time it is, at every host; see look/js/countdown.js."""

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, without what belongs to one request only."""

    until: float
    edition: int
    """The shop directory's, which changes when it is told to ask again for everything."""
    status: str
    headers: list[tuple[str, str]]
    body: bytes


class FrontDesk:
    """Stands before the application and hands out what it was told to keep."""

    def __init__(self, behind: Wsgi, directory: CachedDirectory) -> None:
        self._behind, self._directory = behind, directory
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._fetching: dict[Key, Event] = {}
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == NOW:
            return tell_time(start)
        if environ["REQUEST_METHOD"] != "GET":
            return self._behind(environ, start)
        key = key_of(environ)
        found = self._fresh(key)
        if found is None and key in self._kept:
            return self._ask_once(key, environ, start)
        return self._hand_over(found, start) if found else self._ask(key, environ, start)

    def _fresh(self, key: Key) -> Answer | None:
        found = self._kept.get(key)
        if found is None or found.until <= time.monotonic() or found.edition != self._directory.edition:
            return None
        return found

    def _hand_over(self, found: Answer, start: Callable[..., Any]) -> Iterable[bytes]:
        start(found.status, [*found.headers, ("X-Request-Id", secrets.token_hex(8))])
        return [found.body]

    def _ask_once(self, key: Key, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """A page that was everybody's a moment ago: one visitor fetches it anew, the others wait here for it.

        A crowd whose page grows old in one instant would else stand in the house with it.
        """
        with self._lock:
            fetched = self._fetching.get(key)
            mine = Event() if fetched is None else None
            if mine is not None:
                self._fetching[key] = mine
        if mine is None:
            if fetched is not None:
                fetched.wait(PATIENCE_SECONDS)
            found = self._fresh(key)
            return self._hand_over(found, start) if found else self._ask(key, environ, start)
        environ[FIRST] = True
        try:
            return self._ask(key, environ, start)
        finally:
            with self._lock:
                self._fetching.pop(key, None)
            mine.set()

    def _ask(self, key: Key, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Let the application answer, and keep the answer if a view said so and nobody's cookie is in it."""
        said: list[Any] = []

        def listen(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said[:] = [status, headers]
            return start(status, headers, *more)

        edition = self._directory.edition
        answer = self._behind(environ, listen)
        until = environ.get(KEEP_UNTIL)
        if until is None or not said or any(name.lower() == "set-cookie" for name, _ in said[1]):
            with self._lock:
                self._kept.pop(key, None)  # nobody waits for what is not everybody's any more
            return answer
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        self._keep(
            key, Answer(until, edition, said[0], [one for one in said[1] if one[0] != "X-Request-Id"], body)
        )
        return [body]

    def _keep(self, key: Key, answer: Answer) -> None:
        with self._lock:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def tell_time(start: Callable[..., Any]) -> Iterable[bytes]:
    """The house's time in milliseconds since 1970, which nobody keeps."""
    body = b'{"now":%d}' % (clock.now().timestamp() * 1000)
    start("200 OK", [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"), ("X-Request-Id", secrets.token_hex(8)),
    ])  # fmt: skip
    return [body]


def key_of(environ: dict[str, Any]) -> Key:
    """What a kept answer depends on, and nothing else that a visitor sends."""
    return (
        environ.get("HTTP_HOST", ""),
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        environ.get("HTTP_ACCEPT_ENCODING", ""),
        environ.get("HTTP_IF_NONE_MATCH", ""),
        _language(environ.get("HTTP_COOKIE", "")),
    )


def _language(cookies: str) -> str:
    if COOKIE not in cookies:
        return ""
    try:
        chosen = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return cookies
    return chosen.value if chosen else ""

"""Pages that are the same for every visitor, kept for less than a second.

A change of price, stock or theme shows within one second: nothing is kept longer
than 0.8 s, and a shop's new face empties its pages at once. Where a share of buyers is
held out of a promotion, a page has one edition for each set of promotions held back.
"""

import gzip
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import blake2b
from threading import Lock

from flask import Response, current_app, g, render_template, request

from app.web import language
from app.web.look import ShopFace
from app.web.storefront import drawing, pages
from app.web.storefront.faces import face as face_here
from app.web.storefront.front_desk import KEEP_UNTIL
from tenants.directory import CachedDirectory
from tenants.hosts import host_only

SECONDS = 0.8
MOST_PAGES = 256
LONGEST_QUERY = 200
WAYS = 64

Key = tuple[int, str, bytes, str, frozenset[int]]
Shown = tuple[str, dict[str, object]]
Drawn = tuple[bytes, str]


@dataclass(slots=True)
class Kept:
    """One rendered page and the values it was drawn from; `small` is made when it is asked for a second time."""

    until: float
    face: ShopFace
    body: bytes
    etag: str
    policy: str
    seen: Shown | None = None
    small: bytes | None = None


class PageCache:
    """A bounded, least-recently-used store in this process; one visitor makes a page, the others wait for it."""

    def __init__(self, *, seconds: float = SECONDS, most: int = MOST_PAGES) -> None:
        self._seconds, self._most = seconds, most
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = Lock()
        # A page's maker holds one of these; two pages rarely share one, and then only wait for each other.
        self._ways = [Lock() for _ in range(WAYS)]

    def get(
        self, key: Key, face: ShopFace, look: Callable[[], Shown], draw: Callable[[Shown], Drawn],
        *, no_later: float = math.inf,
    ) -> Kept:  # fmt: skip
        """The page; looked at anew when its time is over, and drawn anew only if something has changed.

        What is looked at now is kept until `no_later` at most.
        """
        found = self._fresh(key, face)
        if found is not None:
            return found
        with self._ways[hash(key) % WAYS]:
            found = self._fresh(key, face)
            if found is not None:
                return found
            # As old as its first read, not as its last line.
            until = min(time.monotonic() + self._seconds, no_later)
            seen = look()
            made = self._unchanged(key, face, seen) or _drawn(face, seen, draw(seen))
            made.until = until
            self._keep(key, made)
            return made

    def _unchanged(self, key: Key, face: ShopFace, seen: Shown) -> Kept | None:
        before = self._kept.get(key)
        return before if before is not None and before.face is face and before.seen == seen else None

    def _fresh(self, key: Key, face: ShopFace) -> Kept | None:
        found = self._kept.get(key)
        if found is None or found.face is not face or found.until <= time.monotonic():
            return None
        return found

    def _keep(self, key: Key, made: Kept) -> None:
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _drawn(face: ShopFace, seen: Shown, drawn: Drawn) -> Kept:
    body, policy = drawn
    return Kept(0, face, body, blake2b(body, digest_size=12).hexdigest(), policy, seen)


def same_for_everyone(view: Callable[..., Shown]) -> Callable[..., Response]:
    """Let a view that returns (template, values) answer every visitor with one page."""

    @wraps(view)
    def answer(**parts: str) -> Response:
        draw_here = drawing.here()
        # A browser without a sign of its own draws nothing: it gets one before it is shown a price it might not get.
        g.same_for_everyone = not draw_here.promotions
        edition, face, query = drawing.held_out(), face_here(), request.query_string

        def look() -> Shown:
            return view(**parts)

        def draw(seen: Shown) -> Drawn:
            template, values = seen
            return render_template(template, shop=face, **values).encode(), pages.policy()

        if len(query) > LONGEST_QUERY:
            body, policy = draw(look())
            return _answered(Kept(0, face, body, "", policy))
        cache: PageCache = current_app.extensions["page_cache"]
        kept = cache.get((g.tenant.id, request.path, query, language.choose(), edition), face, look, draw,
                         no_later=draw_here.until)  # fmt: skip
        if draw_here.promotions:
            return _answered(kept)
        known: CachedDirectory = current_app.extensions["tenant_directory"]
        # What is handed out at the door is no older than the older of page and shop.
        until = min(kept.until, draw_here.until, known.fresh_until(g.tenant.slug, host_only(request.host)))
        request.environ[KEEP_UNTIL] = until
        return _answered(kept)

    return answer


def _answered(kept: Kept) -> Response:
    response = Response(kept.body, mimetype="text/html")
    response.headers["Content-Security-Policy"] = kept.policy
    # Browsers ask again each time, and are told when they hold it already.
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Language, Cookie, Accept-Encoding"
    if kept.etag and kept.etag in request.if_none_match:
        return _unchanged(response, kept.etag)
    if kept.etag:
        response.set_etag(kept.etag)
        if request.accept_encodings["gzip"] > 0:
            _compress(response, kept)
    return response


def _unchanged(response: Response, etag: str) -> Response:
    response.status_code = 304
    response.set_data(b"")
    response.set_etag(etag)
    return response


def _compress(response: Response, kept: Kept) -> None:
    if kept.small is None:
        kept.small = gzip.compress(kept.body, 1, mtime=0)
    response.set_data(kept.small)
    response.headers["Content-Encoding"] = "gzip"

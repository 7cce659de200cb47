"""One buyer with a fresh browser: product page, buy now, pay, wait for the goods, look at the code."""

import asyncio
import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from app.bench.line import Answer, Line
from app.domain.payments.gateway import EventKind
from app.domain.payments.sandbox_events import new_event, sign_event
from app.domain.payments.sandbox_token import read_token

QUOTE = re.compile(rb'name="quote" value="([^"]+)"')
LINE = re.compile(rb'name="line" value="(\d+)"')
CODE = re.compile(rb"BENCH-[0-9A-Z]+-[0-9]+")
TAKEN_OFF = "−¥".encode()
FIRST_LOOK, EVERY = 0.2, 0.25
LONGEST_WAIT = 30.0
PAGE = {"Accept": "text/html", "Accept-Language": "zh-CN", "Accept-Encoding": "gzip"}
PLAIN = {"Accept": "text/html", "Accept-Language": "zh-CN"}


class WentWrong(Exception):
    """A step was not answered as a buyer expects."""


class CodeGone(WentWrong):
    """Somebody else has the code by now."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the shop is and what its gateway signs with."""

    port: int
    shop_host: str
    base_host: str
    secret: str


@dataclass(slots=True)
class Bought:
    """What one purchase showed; times in seconds."""

    number: str = ""
    code: str = ""
    delivered_seconds: float = 0.0
    looks: int = 0
    steps: dict[str, float] = field(default_factory=dict)
    done_at: float = 0.0


async def buy(line: Line, ground: Ground, slug: str, listing_id: int, code: str = "") -> Bought:
    """The whole way, with a coupon's code typed at the checkout where there is one; WentWrong, or CodeGone."""
    bought = Bought()
    jar: dict[str, str] = {}
    # Everybody comes from somewhere else, through the proxy that a house of many visitors has.
    line.always = {"X-Forwarded-For": f"2001:db8:{token_hex(2)}:{token_hex(2)}::1"}
    await _timed(bought, "product", line.get(f"/p/{slug}", host=ground.shop_host, headers=PAGE), 200)
    wish = {"sku": str(listing_id), "quantity": "1", "then": "buy"}
    taken = await _timed(bought, "take", line.post("/cart", wish, host=ground.shop_host, headers=PLAIN), 303)
    jar.update(taken.cookies)
    checkout = taken.headers["location"]
    page = await _timed(
        bought, "checkout", line.get(checkout, host=ground.shop_host, headers=with_cookies(jar)), 200
    )
    jar.update(page.cookies)
    if code:
        page = await _typed(line, ground, bought, jar, code)
    form = {
        "quote": found_in(QUOTE, page),
        "email": f"{token_hex(8)}@bench.example",
        "method": "alipay",
        "passphrase": "",
    }
    ordered = line.post(checkout, form, host=ground.shop_host, headers=with_cookies(jar))
    placed = await _timed(bought, "place", ordered, 303, 409)
    if placed.status == 409:
        raise CodeGone(code)
    jar.update(placed.cookies)
    told = read_token([ground.secret], urlsplit(placed.headers["location"]).path.rpartition("/")[2])
    if told is None:
        raise WentWrong(f"not sent to pay but to {placed.headers['location']}")
    bought.number = told.order_number
    headers, body = paid_event(told, ground.secret)
    sent_at = time.perf_counter()
    event = line.send("/hooks/sandbox", body, host=ground.base_host, headers=headers)
    await _timed(bought, "event", event, 200)
    line_id = await _delivered(line, ground, bought, jar)
    bought.delivered_seconds = time.perf_counter() - sent_at
    part = {**with_cookies(jar), "X-Fragment": "1"}
    look = line.post(
        f"/orders/{bought.number}/reveal", {"line": line_id}, host=ground.shop_host, headers=part
    )
    bought.code = found_in(CODE, await _timed(bought, "reveal", look, 200))
    bought.done_at = time.monotonic()
    return bought


async def _typed(line: Line, ground: Ground, bought: Bought, jar: dict[str, str], code: str) -> Answer:
    """Type a code into the box: the checkout again, at its new price."""
    told = {"code": code, "at": "checkout", "email": ""}
    asked = line.post("/coupons/code?now=1", told, host=ground.shop_host, headers=with_cookies(jar))
    page = await _timed(bought, "coupon", asked, 200)
    jar.update(page.cookies)
    if TAKEN_OFF not in page.body:
        raise CodeGone(code)
    return page


async def _delivered(line: Line, ground: Ground, bought: Bought, jar: dict[str, str]) -> str:
    """Follow the order's page, as its script does, until the goods can be looked at."""
    until = time.monotonic() + LONGEST_WAIT
    pause = FIRST_LOOK
    while time.monotonic() < until:
        await asyncio.sleep(pause)
        pause = EVERY
        path = f"/orders/{bought.number}/progress?paid=1&seen=pending"
        asked = line.get(path, host=ground.shop_host, headers={**with_cookies(jar), "X-Fragment": "1"})
        seen = await _timed(bought, "look", asked, 200, 204)
        bought.looks += 1
        ready = LINE.search(seen.body)
        if ready is not None:
            return ready[1].decode()
    raise WentWrong(f"{bought.number} was not delivered within {LONGEST_WAIT:.0f} s")


async def _timed(bought: Bought, step: str, asked: Awaitable[Answer], *expected: int) -> Answer:
    started = time.perf_counter()
    answer = await asked
    bought.steps[step] = time.perf_counter() - started
    if answer.status not in expected:
        raise WentWrong(f"{step} answered {answer.status}: {answer.body[:300]!r}")
    return answer


def paid_event(told: Any, secret: str) -> tuple[dict[str, str], bytes]:
    event = new_event(
        EventKind.PAID, external_id=told.external_id, reference=told.reference, amount_minor=told.amount_minor,
        currency=told.currency, occurred_at=datetime.now(UTC),
    )  # fmt: skip
    headers, body = sign_event(event, secret=secret, seconds=time.time())
    return {**headers, "Content-Type": "application/json"}, body


def with_cookies(jar: dict[str, str]) -> dict[str, str]:
    return {**PLAIN, "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}


def found_in(pattern: re.Pattern[bytes], answer: Answer) -> str:
    match = pattern.search(answer.body)
    if match is None:
        raise WentWrong(f"{pattern.pattern!r} is not on the page: {answer.body[:300]!r}")
    return (match[1] if match.lastindex else match[0]).decode()

"""A live house: a web server, a relay and a worker as processes of their own, with a small shop to walk into."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine, update

from app.config import Settings
from app.domain.catalog.models import Listing
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.database import opened
from tests.factories import Goods, make_goods, make_shop

ROOT = Path(__file__).parents[2]
MOBILE = {
    "name": "mobile", "label": "手机号", "label_en": "Mobile number", "pattern": r"1[3-9]\d{9}", "required": True,
    "hint": "11 位手机号", "hint_en": "11 digits",
}  # fmt: skip


@dataclass
class LiveShop:
    """A shop that answers over HTTP, and what it sells."""

    address: str
    tenant: Tenant
    code: Goods
    link: Goods
    manual: Goods
    stop_worker: Callable[[], None]
    start_worker: Callable[[], None]


@pytest.fixture(scope="module")
def live(built_app: Flask, owner: Engine, _tables: str, settings: Settings) -> Iterator[LiveShop]:
    port = _free_port()
    environment = {**os.environ, **_told(settings, port)}
    with opened(built_app, owner, _tables):
        tenant = make_shop("lantern", notice_en="Open all holidays", notice="节日不打烊")
        code, manual = (
            make_goods(tenant, price=2380, codes=60),
            make_goods(tenant, kind="manual", unlimited=True, buyer_fields=[MOBILE]),
        )
        link = _links(tenant)
        house = _House(environment)
        try:
            house.start("relay", sys.executable, "worker.py", "relay")
            house.start("work", sys.executable, "worker.py", "work")
            granian = str(Path(sys.executable).with_name("granian"))
            house.start("web", granian, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
                        "--workers", "1", "--blocking-threads", "4", "--no-ws", "wsgi:app")  # fmt: skip
            _wait_for(f"http://127.0.0.1:{port}/readyz")
            yield LiveShop(
                f"http://lantern.localhost:{port}", tenant, code, link, manual,
                lambda: house.stop("work"), lambda: house.start("work", sys.executable, "worker.py", "work"),
            )  # fmt: skip
        finally:
            house.stop_all()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`phone(javascript=False, language="zh-CN")`: a browser of its own, 390 pixels wide unless told."""
    contexts = []

    def open_page(*, javascript: bool = True, language: str = "en-US", width: int = 390) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, locale=language, java_script_enabled=javascript,
            permissions=["clipboard-read", "clipboard-write"] if javascript else [],
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.faults = []  # type: ignore[attr-defined]  # what the page complained of
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
        return page

    yield open_page
    for context in contexts:
        context.close()


class _House:
    """Processes by name; each has its own group, so that stopping one leaves no child behind."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment, self._running = environment, {}

    def start(self, name: str, *command: str) -> None:
        self._running[name] = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def stop(self, name: str) -> None:
        running = self._running.pop(name, None)
        if running is None:
            return
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

    def stop_all(self) -> None:
        for name in list(reversed(self._running)):
            self.stop(name)


def _links(tenant: Tenant) -> Goods:
    with _secrets_are(lambda goods, at: f"https://redeem.example/{goods.sku_id}/{at}"):
        link = make_goods(tenant, kind="link", price=1690, codes=9)
    with shop_scope(tenant.id), unit_of_work() as work:
        work.session.execute(update(Listing).where(Listing.id == link.listing_id).values(position=5))
    return link


@contextmanager
def _secrets_are(made: Callable[[Goods, int], str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.factories.goods.secret_text", made)
        yield


def _told(settings: Settings, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": settings.database_url, "DATABASE_APP_URL": settings.database_app_url,
        "REDIS_URL": settings.redis_url, "SECRET_KEY": settings.secret_key, "MASTER_KEYS": settings.master_keys,
        "FINGERPRINT_KEY": settings.fingerprint_key, "SANDBOX_SECRET": settings.sandbox_secret,
        "PERKLINE_HOME": str(settings.home), "PORT": str(port), "LOG_LEVEL": "ERROR",
    }  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the live house does not answer")

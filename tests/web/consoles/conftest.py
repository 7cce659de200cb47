"""People who work in the consoles."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.identity import passwords, service
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

ORIGIN = "http://console.localhost:8000"
PASSWORD = "quiet river 42"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test signs in often; how dear a hash is has a test of its own."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    monkeypatch.setattr(passwords, "NOBODY", quick.hash("nobody"))


@dataclass
class Staff:
    """A browser at the consoles' host."""

    client: FlaskClient
    language: str = "en"
    ip: str = "203.0.113.9"

    def get(self, path: str, **headers: str) -> TestResponse:
        sent = {"Accept-Language": self.language, **_named(headers)}
        return self.client.get(
            path, base_url=ORIGIN, headers=sent, environ_overrides={"REMOTE_ADDR": self.ip}
        )

    def post(self, path: str, data: dict[str, object] | None = None, **headers: str) -> TestResponse:
        sent = {"Accept-Language": self.language, "Origin": ORIGIN, **_named(headers)}
        return self.client.post(
            path, base_url=ORIGIN, data=data or {}, headers=sent, environ_overrides={"REMOTE_ADDR": self.ip}
        )

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/sign-in", {"email": email, "password": password})

    def words(self, path: str) -> str:
        page = self.get(path)
        assert page.status_code == 200, (path, page.status_code)
        return words_of(page)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def words_of(page: TestResponse) -> str:
    """The words of a page as a person reads them."""
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture
def browser(house: Flask) -> Callable[..., Staff]:
    """`browser()`: nobody yet, with cookies of its own."""
    return lambda **more: Staff(house.test_client(), **more)


@pytest.fixture
def hire(house: Flask) -> Callable[..., str]:
    """`hire("brand", "staff", brand_id=…)`: a person with one seat; returns the e-mail."""
    number = iter(range(1, 100))

    def hired(kind: str, role: str = "owner", *, email: str | None = None, **firm: int) -> str:
        address = email or f"{role}{next(number)}@{kind}.example"
        with house.app_context(), platform_scope(), unit_of_work():
            user_id = service.register(email=address, name=f"{role} of {kind}", password=PASSWORD)
            service.give_seat(user_id, kind=kind, role=role, **firm)
        return address

    return hired


@pytest.fixture
def staff(browser: Callable[..., Staff], hire: Callable[..., str]) -> Callable[..., Staff]:
    """`staff("distributor", "owner", distributor_id=…)`: somebody signed in."""

    def signed_in(kind: str, role: str = "owner", **firm: int) -> Staff:
        one = browser()
        assert one.sign_in(hire(kind, role, **firm)).status_code == 303
        return one

    return signed_in

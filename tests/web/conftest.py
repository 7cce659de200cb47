"""A house without an open context, as a real visitor meets it, and shoppers who walk into its shops."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.flows import sandbox_pay
from tenants.directory import Tenant
from tests.database import opened
from tests.factories import run_jobs


@pytest.fixture
def house(built_app: Flask, owner: Engine, _tables: str) -> Iterator[Flask]:
    """The whole product, empty; each request opens its own context."""
    yield built_app
    with opened(built_app, owner, _tables):
        pass


@pytest.fixture
def inside(house: Flask) -> Callable[[], AbstractContextManager[object]]:
    """`with inside():` for factories and for looking at rows."""
    return house.app_context


@pytest.fixture
def work(house: Flask) -> Callable[[], None]:
    """Run every waiting job, as the workers would."""

    def run() -> None:
        with house.app_context():
            run_jobs()

    return run


@dataclass
class Shopper:
    """A browser at one shop: it keeps cookies and says where its forms come from."""

    client: FlaskClient
    origin: str
    language: str = "en"
    ip: str = "198.51.100.7"
    pages: list[TestResponse] = field(default_factory=list)

    def get(self, path: str, **more: object) -> TestResponse:
        return self._keep(
            self.client.get(path, base_url=self.origin, headers=self._headers(), **self._from(), **more)
        )

    def post(self, path: str, data: dict[str, object] | None = None, **headers: str) -> TestResponse:
        sent = {
            **self._headers(),
            "Origin": self.origin,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self._keep(
            self.client.post(path, base_url=self.origin, data=data or {}, headers=sent, **self._from())
        )

    def follow(self, response: TestResponse) -> TestResponse:
        assert 300 <= response.status_code < 400, response.status_code
        return self.get(response.headers["Location"].removeprefix(self.origin))

    def wish(self, listing_id: int, quantity: int = 1, *, then: str = "buy", **told: str) -> TestResponse:
        """Press a button of a product page."""
        fields = {f"field.{name}": value for name, value in told.items()}
        return self.post("/cart", {"sku": listing_id, "quantity": quantity, "then": then, **fields})

    def check_out(self, email: str = "lin@example.com", *, now: bool = True, **more: str) -> TestResponse:
        """Open the checkout and send its form."""
        path = "/checkout?now=1" if now else "/checkout"
        page = self.get(path)
        assert page.status_code == 200, page.text
        return self.post(path, {"quote": value_of(page, "quote"), "email": email, "method": "alipay", **more})

    def order(
        self,
        listing_id: int,
        quantity: int = 1,
        *,
        email: str = "lin@example.com",
        passphrase: str = "",
        **told: str,
    ) -> str:
        """Buy now, up to the gateway's door; the order's number."""
        self.wish(listing_id, quantity, **told)
        leave = self.check_out(email, passphrase=passphrase)
        assert leave.status_code == 303, text_of(leave)
        assert "://pay." in leave.headers["Location"]
        return number_at(self.follow_to_pay(leave))

    def follow_to_pay(self, leave: TestResponse) -> TestResponse:
        address = leave.headers["Location"]
        return self.client.get("/" + address.split("/", 3)[3], base_url=_origin(address))

    def pay(self, leave_or_page: TestResponse, **knobs: str) -> TestResponse:
        """Press the button of the pay page."""
        action = re.search(r'action="(/pay/[^"]+)"', leave_or_page.text)
        assert action
        sent = {f"knob.{name}": value for name, value in knobs.items()}
        return self.client.post(action.group(1), base_url=pay_origin(self.origin), data=sent)

    def _headers(self) -> dict[str, str]:
        return {"Accept-Language": self.language}

    def _from(self) -> dict[str, object]:
        return {"environ_overrides": {"REMOTE_ADDR": self.ip}}

    def _keep(self, response: TestResponse) -> TestResponse:
        self.pages.append(response)
        return response


@pytest.fixture
def visit(house: Flask) -> Callable[..., Shopper]:
    """`visit(shop)`: a browser of its own each time."""

    def make(shop: Tenant, *, language: str = "en", ip: str = "198.51.100.7") -> Shopper:
        return Shopper(house.test_client(), f"http://{shop.slug}.localhost:8000", language, ip)

    return make


def pay_origin(shop_origin: str) -> str:
    return "http://pay." + shop_origin.split(".", 1)[1]


def _origin(address: str) -> str:
    scheme, rest = address.split("://", 1)
    return f"{scheme}://{rest.split('/', 1)[0]}"


def value_of(page: TestResponse, name: str) -> str:
    """What a hidden field of the page holds."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, f"no field {name}"
    return html.unescape(found.group(1))


def number_at(pay_page: TestResponse) -> str:
    found = re.search(r"\b\d{6}-[0-9A-Z]{8}\b", pay_page.text)
    assert found
    return found.group(0)


def text_of(page: TestResponse) -> str:
    """The words of a page as a person reads them."""
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@dataclass
class Answered:
    """What a hook answered to the sandbox's messenger."""

    status: int


@pytest.fixture
def wire(house: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], bytes, int]]:
    """The sandbox's news reaches our hooks without a socket; what went over it is kept."""
    sent: list[tuple[dict[str, str], bytes, int]] = []

    class Wire:
        def request(self, method: str, url: str, *, body: bytes, headers: dict[str, str]) -> Answered:
            path = "/" + url.split("/", 3)[3]
            answer = house.test_client().open(
                path, base_url="http://127.0.0.1:8000", method=method, data=body, headers=headers
            )
            sent.append((headers, body, answer.status_code))
            return Answered(answer.status_code)

    monkeypatch.setattr(sandbox_pay, "POSTMAN", Wire())
    return sent

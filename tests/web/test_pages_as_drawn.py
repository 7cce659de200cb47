"""Every page, with sample data, keeps its promises: strict policy, both languages, names for everything."""

import re
from html.parser import HTMLParser

import pytest

from tests.gallery.rooms import gallery

ORDERS = [
    "awaiting_payment",
    "paid",
    "delivering",
    "delivered",
    "waiting",
    "refunding",
    "refunded",
    "expired",
    "cancelled",
]
PAGES = [
    "/", "/search?q=none", "/search", "/p/one", "/p/topup", "/cart", "/cart?empty=1", "/cart?problem=1", "/checkout",
    *(f"/orders/{state}" for state in ORDERS), "/orders/delivered?revealed=1", "/orders/refunded?late=1",
    "/orders", "/sign-in", "/sign-in?sent=1", "/confirm", "/account", "/terms", "/contact", "/fail/404", "/fail/429",
    "/fail/500", "/lost", "/pay", "/pay?method=card", "/paid", "/paid?no=1", "/console/console", "/console/wizard",
    "/console/sign_in",
]  # fmt: skip


@pytest.fixture(scope="module")
def visitor():
    return gallery().test_client()


class Page(HTMLParser):
    """The tags of a page, and what is wrong with them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


@pytest.mark.parametrize("address", PAGES)
def test_nothing_on_a_page_needs_a_policy_with_holes(visitor, address):
    answer = visitor.get(address)
    page = Page(answer.text)
    assert [tag for tag, given in page.tags if "style" in given] == []
    assert [name for _, given in page.tags for name in given if name.startswith("on")] == []
    assert [given for tag, given in page.tags if tag == "script" and not given.get("src")] == []
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", PAGES)
def test_every_button_link_and_field_has_a_name(visitor, address):
    page = Page(visitor.get(address).text)
    labelled = {given.get("for") for tag, given in page.tags if tag == "label"}
    nameless = [
        given
        for tag, given in page.tags
        if tag in {"input", "select", "textarea"}
        and given.get("type") not in {"hidden", "radio", "checkbox", "file"}
        and given.get("id") not in labelled
        and not given.get("aria-label")
        and given.get("name") not in {"brand", "state"}
    ]
    assert nameless == []
    assert [given for tag, given in page.tags if tag == "img" and "alt" not in given] == []


@pytest.mark.parametrize("address", [page for page in PAGES if "console" not in page])
def test_a_page_in_chinese_says_so_and_has_one_heading(visitor, address):
    page = Page(visitor.get(address, headers={"Accept-Language": "zh-CN"}).text)
    assert next(given["lang"] for tag, given in page.tags if tag == "html") == "zh-Hans"
    assert [tag for tag, _ in page.tags].count("h1") == 1


@pytest.mark.parametrize("state", ORDERS)
def test_an_order_that_is_settled_asks_no_more(visitor, state):
    settled = state in {"delivered", "refunded", "expired", "cancelled"}
    assert ("data-follow" in visitor.get(f"/orders/{state}").text) is not settled


def test_a_covered_order_holds_no_secret(visitor):
    assert not re.search(r"BLBL-|redeem\.example", visitor.get("/orders/delivered").text)


@pytest.mark.parametrize("kind", ["paid", "delivered", "refunding", "refunded", "waiting", "sign_in"])
@pytest.mark.parametrize("form", ["", "?text=1"])
def test_a_mail_leads_back_to_the_order(visitor, kind, form):
    assert (
        "http://lantern.localhost:8000/orders/P7K2-9QXD-M4TR?key=" in visitor.get(f"/mail/{kind}{form}").text
    )

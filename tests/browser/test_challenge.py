"""A real browser solves the challenge beside the page, and the house takes what it found."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

import app.web.look
from app.foundation import challenge
from app.web.look.furnish import content_security_policy

WORKER = Path(app.web.look.__file__).parent / "js" / "challenge-worker.js"

pytestmark = pytest.mark.browser

FORM = """
<!doctype html><html lang="en"><head><title>t</title></head><body>
<form method="get" action="/taken">{% from "look/challenge.html" import challenge %}{{ challenge("drop-1") }}
<button>Go in</button></form></body></html>
"""


@pytest.fixture
def door(built_app, live):
    """A page that asks for proof of work, as a shop's own pages would, under a shop's policy."""

    def stand(page) -> None:
        with built_app.test_request_context(base_url=live.address, headers={"Accept-Language": "en"}):
            words = built_app.jinja_env.from_string(FORM).render()
            policy = content_security_policy(built_app.jinja_env.globals["perkline_theme"])
        headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
        page.route("**/door", lambda route: route.fulfill(body=words, headers=headers))
        page.route("**/taken?*", lambda route: route.fulfill(body="taken", headers=headers))

    return stand


def test_it_solves_itself_says_so_and_is_taken(live, phone, door):
    page = phone()
    door(page)
    page.goto(f"{live.address}/door")
    expect(page.get_by_role("status")).to_have_text("Checked. You can go on.", timeout=30_000)
    found = page.locator("[name=challenge]").input_value()
    challenge.check(found, "drop-1", shop_id=live.tenant.id)
    assert page.faults == []


def test_a_form_sent_too_early_goes_by_itself_when_the_work_is_done(live, phone, door):
    page = phone()
    door(page)
    page.goto(f"{live.address}/door")
    page.get_by_role("button", name="Go in").press("Enter")
    page.wait_for_url("**/taken?challenge=ey*", timeout=30_000)


def test_where_the_browser_keeps_its_ciphers_back_the_page_uses_its_own(live, phone, door):
    page = phone()
    door(page)
    # A worker cannot be reached by an init script: its file is handed out with the door to the ciphers shut.
    shut = "Object.defineProperty(globalThis, 'crypto', { value: {} });\n"
    page.route("**/challenge-worker*", lambda route: route.fulfill(
        body=shut + WORKER.read_text(), headers={"Content-Type": "text/javascript"}))  # fmt: skip
    page.goto(f"{live.address}/door")
    expect(page.get_by_role("status")).to_have_text("Checked. You can go on.", timeout=60_000)
    challenge.check(page.locator("[name=challenge]").input_value(), "drop-1", shop_id=live.tenant.id)


def test_a_check_that_fails_says_so_and_can_be_tried_again(live, phone, door):
    page = phone()
    door(page)
    page.route("**/challenge/*", lambda route: route.abort())
    page.goto(f"{live.address}/door")
    expect(page.get_by_role("status")).to_have_text("The check did not get through.")
    page.unroute("**/challenge/*")
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Checked. You can go on.", timeout=30_000)


def test_without_javascript_it_says_what_to_do(live, phone, door):
    page = phone(javascript=False)
    door(page)
    page.goto(f"{live.address}/door")
    expect(page.get_by_text("needs JavaScript")).to_be_visible()

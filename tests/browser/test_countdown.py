"""A countdown follows the server's clock, and opens what waits for it at its end."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from app.web.look.furnish import content_security_policy

pytestmark = pytest.mark.browser

PAGE = """
<!doctype html><html lang="{{ lang }}"><head><title>t</title>
<script src="{{ asset('countdown.js') }}" defer></script></head><body>
{% from "look/countdown.html" import countdown, countdown_boxes %}
<p id="line">{{ countdown(until, id="start", over="It has begun.") }}</p>
<p id="boxes">{{ countdown_boxes(far, id="far") }}</p>
<p id="old"><time data-until="{{ until.isoformat() }}">x</time></p>
<button disabled data-opens="start">Buy</button><button disabled data-opens="far">Later</button>
<b id="soon" data-hides-after="start">soon</b><b id="on" hidden data-shows-after="start">on</b>
</body></html>
"""


@pytest.fixture
def draw(built_app, live):
    def stand(page, *, seconds: float, lang: str = "en") -> None:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        with built_app.test_request_context(base_url=live.address, headers={"Accept-Language": lang}):
            far = until + timedelta(days=2)
            words = built_app.jinja_env.from_string(PAGE).render(until=until, far=far, lang=lang)
            policy = content_security_policy(built_app.jinja_env.globals["perkline_theme"])
        headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
        page.route("**/count", lambda route: route.fulfill(body=words, headers=headers))
        page.goto(f"{live.address}/count")

    return stand


def wrong_clock(page, hours: int) -> None:
    """This visitor's own clock goes wrong by hours."""
    page.add_init_script(
        f"const real = Date.now; Date.now = () => real() + {hours} * 3600e3; window.realNow = real;"
        "addEventListener('countdown-over', event => { window.overAt ??= {}; window.overAt[event.target.id] = real(); });"
    )


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_it_opens_by_the_servers_clock_whatever_the_visitors_says(live, phone, draw, hours):
    page = phone()
    wrong_clock(page, hours)
    began = time.time()
    draw(page, seconds=6)
    expect(page.get_by_role("button", name="Buy")).to_be_disabled()
    expect(page.locator("#start")).to_have_text("00:00:03")
    expect(page.locator("#old time")).to_have_text("0:02")
    expect(page.get_by_role("button", name="Buy")).to_be_enabled(timeout=8000)
    late = page.evaluate("overAt.start") / 1000 - (began + 6)
    assert -0.05 < late < 1.5, late
    expect(page.get_by_role("button", name="Later")).to_be_disabled()
    expect(page.locator("#on")).to_be_visible()
    expect(page.locator("#soon")).to_be_hidden()
    expect(page.locator("#line [role=status]")).to_have_text("It has begun.")
    assert page.faults == []


def test_days_are_said_in_the_pages_language(live, phone, draw):
    page = phone()
    draw(page, seconds=3 * 86400 + 3600 + 2)
    expect(page.locator("#start")).to_have_text("3 days 01:00:00")
    expect(page.locator("#boxes [data-part=days]")).to_have_text("5")
    page = phone(language="zh-CN")
    draw(page, seconds=3 * 86400 + 3600 + 2, lang="zh-Hans")
    expect(page.locator("#start")).to_have_text("3天 01:00:00")


def test_seconds_are_shown_and_not_read_out(live, phone, draw):
    page = phone()
    draw(page, seconds=60)
    expect(page.locator("#start")).to_have_attribute("role", "timer")
    expect(page.locator("#line [role=status]")).to_have_text("")


def test_a_countdown_that_arrives_later_counts_too(live, phone, draw):
    page = phone()
    draw(page, seconds=60)
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', `<p id=late><time data-countdown='${"
        "new Date(Date.now() + 2500).toISOString()}' id=t></time><button disabled data-opens=t>New</button></p>`)"
    )
    expect(page.get_by_role("button", name="New")).to_be_enabled()


def test_a_server_that_does_not_tell_the_time_does_not_keep_the_button_shut(live, phone, draw):
    page = phone()
    page.route("**/now", lambda route: route.abort())
    draw(page, seconds=3)
    expect(page.get_by_role("button", name="Buy")).to_be_enabled(timeout=10_000)

"""By keyboard alone: into the line of a flash sale, also where the house is full; and a coupon at the checkout."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from app.domain.flash.service import Plan
from app.flows import drops
from app.foundation import clock
from app.foundation.actor import SYSTEM
from tenants.context import shop_scope
from tests.factories.promotions import promote

pytestmark = pytest.mark.browser


@pytest.fixture
def sale(live) -> int:
    """A flash sale that runs: five units, with proof of work."""
    now = clock.now()
    plan = Plan(live.code.listing_id, "闪购", 1990, 5, now - timedelta(minutes=1), now + timedelta(hours=1),
                difficulty=4)  # fmt: skip
    with shop_scope(live.tenant.id):
        return drops.schedule(plan, currency="CNY", actor=SYSTEM)


def tab_to(page: Page, name: str) -> None:
    """Go on by Tab until what has this name or text has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(() => { const at = document.activeElement; return [at.innerText, at.id, at.name].join('|'); })()"
        )
        if name in here:
            return
    raise AssertionError(f"{name} cannot be reached by Tab on {page.url}")


def test_who_is_told_to_wait_keeps_the_proof_and_comes_in_by_keyboard(live, phone, sale):
    page = phone(width=1280)
    proofs: list[str] = []

    def full_at_first(route: Route) -> None:
        body = route.request.post_data or ""
        proofs.append(body[body.index('name="challenge"') :].splitlines()[2])
        if len(proofs) < 3:
            route.fulfill(status=503, headers={"Retry-After": "0.1"}, body="<!doctype html>full")
        else:
            route.continue_()

    page.route(f"**/flash/{sale}/enter", full_at_first)
    page.goto(f"{live.address}/flash/{sale}")
    tab_to(page, "email")
    page.keyboard.type("keys@example.com")
    page.keyboard.press("Enter")
    expect(page.locator("[data-when=granted] button")).to_be_visible(timeout=30_000)
    assert len(proofs) == 3 and len(set(proofs)) == 1, "one proof, sent until it is taken"
    expect(page.locator("[data-crowded]")).to_be_hidden()
    page.locator("body").click(position={"x": 1, "y": 1})
    tab_to(page, page.locator("[data-when=granted] button").inner_text().strip())
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout**")
    expect(page.get_by_text("¥19.90").first).to_be_visible()
    assert all("503" in fault for fault in page.faults)


def test_a_code_is_typed_at_the_checkout_by_keyboard(live, phone):
    with shop_scope(live.tenant.id):
        promote(live.tenant, "fixed_coupon", {"minor": 200}, code="KEYS2")
    page = phone(width=1280)
    page.goto(f"{live.address}/p/{live.code.slug}")
    tab_to(page, "Buy now")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout**")
    tab_to(page, "Coupons and codes")
    page.keyboard.press("Enter")
    tab_to(page, "|code")
    page.keyboard.type("keys2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("¥21.80").first).to_be_visible()
    assert page.faults == []

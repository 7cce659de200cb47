"""Every address that takes an id, tried with a foreign one by everybody who may knock: there is nothing there.

The list of addresses is the application's own. One with an argument that is in
neither list below fails the suite, so a new address is covered or explained.
"""

import itertools
from collections.abc import Iterator
from contextvars import Context
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.routing import Rule

from tests.isolation.people import CONSOLE, staff_of
from tests.isolation.test_shops_apart import rows_of
from tests.isolation.world import BRAND, Side, World, shop_tables

# `blueprint.argument`, or `blueprint.view.argument` where a view means something else by it: that of a side.
IDS: dict[str, Any] = {
    "distributor.slug": lambda side: side.shop.slug,
    "distributor.number": lambda side: side.placed.number,
    "distributor.line_id": lambda side: side.line_id,
    "distributor.listing_id": lambda side: side.goods.listing_id,
    "brand.product_id": lambda side: side.goods.product_id,
    "brand.sku_id": lambda side: side.goods.sku_id,
    "brand.import_id": lambda side: side.import_id,
    "brand.listing_id": lambda side: side.goods.listing_id,
    "distributor.earning_id": lambda side: side.sold_id,
    "brand.earning_id": lambda side: side.supplied_id,
    "distributor.transaction_id": lambda side: side.settled_id,
    "brand.transaction_id": lambda side: side.settled_id,
    "platform.transaction_id": lambda side: side.settled_id,
    "brand.partnership_id": lambda side: side.partnership_id,
    "brand.paper_id": lambda side: side.paper_id,
    "brand.invite_id": lambda side: side.invite_id,
    "distributor.own_paper.brand_id": lambda side: side.goods.brand_id,
    "distributor.paper_id": lambda side: side.paper_id,
    "distributor.invite_id": lambda side: side.recruit_id,
    "distributor.promotion_id": lambda side: side.coupon_id,
    "distributor.move_group_offer.promotion_id": lambda side: side.group_offer_id,
    "distributor.change_referral.promotion_id": lambda side: side.referral_id,
    "distributor.promoter_id": lambda side: side.promoter_id,
    "platform.distributor_id": lambda side: 1,
    "distributor.download_coupon_codes.batch_id": lambda side: 1,
    "distributor.void_coupon_codes.batch_id": lambda side: 1,
    "brand.series": lambda side: side.series,
    "brand.promotion_id": lambda side: side.coupon_id,
    "brand.switch_id": lambda side: 1,
    "platform.promotion_id": lambda side: side.coupon_id,
    "brand.edit_own_promotion.promotion_id": lambda side: side.brand_coupon_id,
    "brand.own_promotion_state.promotion_id": lambda side: side.brand_coupon_id,
    "platform.switch_id": lambda side: 1,
    "platform.number": lambda side: side.placed.number,
    "platform.line_id": lambda side: side.line_id,
    "platform.row_id": lambda side: 1,
    "distributor.payout_id": lambda side: side.payout_ids["distributor"],
    "brand.payout_id": lambda side: side.payout_ids["brand"],
    "platform.payout_id": lambda side: side.payout_ids["brand"],
    "platform.batch_id": lambda side: 1,
    "platform.kind": lambda side: "brand",
    "storefront.group.token": lambda side: side.group_token,
    "storefront.join.token": lambda side: side.group_token,
    "distributor.drop_id": lambda side: side.drop_id,
    "storefront.drop_id": lambda side: side.drop_id,
    "storefront.number": lambda side: side.placed.number,
    "storefront.product.slug": lambda side: side.goods.slug,
}
NO_IDS = {
    "assets.built_file.name": "a public file",
    "media.picture.name": "a public picture, named by its own digest",
    "hooks.hear.gateway": "the name of a gateway; what it says is signed",
    "hooks.hear_about_payouts.carrier": "the name of a carrier; what it says is signed",
    "hooks.hear_from_supplier.name": "the name of a supplier; what it says is signed",
    "sandbox.page.token": "signed by the gateway, an outside party by intent",
    "sandbox.pay.token": "signed by the gateway, an outside party by intent",
    "distributor.opening_step.step": "a step of opening a shop, of nobody's yet",
    "distributor.partner.brand_id": "any approved brand: every distributor may look at it and ask",
    "distributor.apply_to.brand_id": "as distributor.partner",
    "console.invited.token": "128 bits that only our key makes; shows a firm's name and changes nothing by itself",
    "brand.design_own_promotion.kind": "a kind of promotion",
    "platform.design_own_promotion.kind": "a kind of promotion",
    "brand.new_own_sale.kind": "a kind of promotion; its Sku is tried with others' in the console's own tests",
    "platform.new_own_sale.kind": "a kind of promotion",
    "platform.reconciled_day.gateway": "the name of a gateway, for the platform's staff",
    "platform.reconciled_day.day": "a day, for the platform's staff",
    "platform.proof.proof_id": "a proof of all books, for the platform's staff",
    "storefront.friend.code": "a promoter's public sign; one of another shop leads to this shop's own home",
    "storefront.coupon.key": "a coupon's own link, for whoever has it; see test_coupons for another shop's",
    "storefront.claim_coupon.key": "as storefront.coupon",
    "storefront.category.slug": "a shelf of the whole platform",
    "storefront.challenge_for.purpose": "one of a few words of ours",
    "storefront.arrive.token": "128 random bits of which only a digest is kept; see test_sessions_and_hosts",
}
ORIGINS = {"console": CONSOLE, "distributor": CONSOLE, "brand": CONSOLE, "platform": CONSOLE}


def meaning(rule: Rule, argument: str) -> str | None:
    """The key under which an argument is explained, or None."""
    blueprint = rule.endpoint.split(".")[0]
    for key in (f"{rule.endpoint}.{argument}", f"{blueprint}.{argument}"):
        if key in IDS or key in NO_IDS:
            return key
    return None


def arguments(rule: Rule) -> list[str]:
    return sorted(rule.arguments - {"door"})


def rules_with_ids(app: Flask) -> Iterator[tuple[Rule, list[str]]]:
    """Every address with at least one argument that is somebody's id."""
    for rule in app.url_map.iter_rules():
        names = [name for name in arguments(rule) if (meaning(rule, name) or "") in IDS]
        if names:
            yield rule, names


def addresses(app: Flask, rule: Rule, names: list[str], mine: Side, theirs: Side) -> Iterator[str]:
    """The address with one or more ids of the other side and the rest of our own."""
    for foreign in itertools.product([True, False], repeat=len(names)):
        if any(foreign):
            sides = dict(zip(names, (theirs if is_foreign else mine for is_foreign in foreign), strict=True))
            yield fill(
                app, rule, {name: IDS[meaning(rule, name) or ""](side) for name, side in sides.items()}
            )


def fill(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    built = rule.build(dict(values), append_unknown=False)
    assert built is not None, rule
    return str(built[1])


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def everything(owner: Engine, side: Side) -> dict[str, Any]:
    """Every row of a side's shop and brand."""
    kept: dict[str, Any] = {table.name: rows_of(owner, table, side.shop.id) for table in shop_tables()}
    with owner.connect() as connection:
        for table in BRAND:
            rows = text(f"SELECT to_jsonb(t)::text FROM {table} t WHERE brand_id = :brand ORDER BY 1")
            kept[table] = connection.execute(rows, {"brand": side.goods.brand_id}).scalars().all()
    return kept


def knock(client: FlaskClient, origin: str, method: str, path: str) -> int:
    """The status of one request, made outside the test's own app context, whose `g` would outlive it."""
    send = partial(client.open, path, base_url=origin, method=method, headers={"Origin": origin})
    return Context().run(send).status_code


def test_every_argument_of_every_address_is_explained(built_app: Flask):
    unknown = [
        f"{rule.endpoint}.{name}"
        for rule in built_app.url_map.iter_rules()
        for name in arguments(rule)
        if not meaning(rule, name)
    ]
    assert unknown == []


def test_no_explanation_outlives_its_address(built_app: Flask):
    used = {meaning(rule, name) for rule in built_app.url_map.iter_rules() for name in arguments(rule)}
    assert {*IDS, *NO_IDS} - used == set()


def test_a_new_address_with_an_unknown_id_fails_the_suite(built_app: Flask):
    """The twin of the list."""
    rule = Rule("/brand/secrets/<int:secret_id>", endpoint="brand.secret")
    assert meaning(rule, "secret_id") is None


def test_staff_find_nothing_under_another_firms_ids(world: World, built_app: Flask, owner: Engine):
    before = everything(owner, world.b)
    tried, wrong = 0, []
    for person in staff_of(world.a, "ann"):
        client = person.come_in(built_app)
        for rule, names in rules_with_ids(built_app):
            if ORIGINS.get(rule.endpoint.split(".")[0]) != CONSOLE:
                continue
            for path, method in itertools.product(
                addresses(built_app, rule, names, world.a, world.b), methods(rule)
            ):
                tried += 1
                status = knock(client, CONSOLE, method, path)
                if status == 403:
                    # What a role may not do it may not do with its own either: nothing is told.
                    own = fill(
                        built_app, rule, {name: IDS[meaning(rule, name) or ""](world.a) for name in names}
                    )
                    status = 404 if knock(client, CONSOLE, method, own) == 403 else 403
                if status != 404:
                    wrong.append((person.name, method, path, status))
    assert not wrong, wrong
    assert tried > 300
    assert everything(owner, world.b) == before


def test_the_same_staff_find_their_own(world: World, built_app: Flask):
    """The control: with their own ids the owners' pages are there."""
    found = set()
    for person in staff_of(world.a, "own"):
        if person.role != "owner":
            continue
        client = person.come_in(built_app)
        for rule, names in rules_with_ids(built_app):
            if rule.endpoint.split(".")[0] == person.kind and "GET" in methods(rule):
                path = fill(
                    built_app, rule, {name: IDS[meaning(rule, name) or ""](world.a) for name in names}
                )
                assert knock(client, CONSOLE, "GET", path) == 200, path
                found.add(rule.endpoint)
    assert {
        "distributor.order",
        "distributor.shop_home",
        "brand.product",
        "brand.sku_stock",
        "brand.stock_import",
    } <= found


def test_nobody_who_has_not_signed_in_is_told_whether_something_exists(world: World, built_app: Flask):
    client = built_app.test_client()
    for rule, names in rules_with_ids(built_app):
        if ORIGINS.get(rule.endpoint.split(".")[0]) != CONSOLE:
            continue
        nothing = dict.fromkeys(names, "260101-NOTHING0" if "int:" not in rule.rule else 999999)
        nothing |= {name: "no-such-shop" for name in names if name == "slug"}
        for method in methods(rule):
            there = knock(
                client,
                CONSOLE,
                method,
                fill(built_app, rule, {n: IDS[meaning(rule, n) or ""](world.b) for n in names}),
            )
            absent = knock(client, CONSOLE, method, fill(built_app, rule, nothing))
            assert there == absent in {302, 404}, rule


@pytest.mark.parametrize("visitor", ["nobody", "a buyer", "the same address", "their device"])
def test_visitors_of_one_shop_find_nothing_of_another(
    world: World, built_app: Flask, owner: Engine, visitor: str
):
    origin, theirs = f"http://{world.a.shop.slug}.localhost", f"http://{world.b.shop.slug}.localhost"
    client = built_app.test_client()
    with owner.connect() as connection:
        email, device = connection.execute(
            text("SELECT email, device FROM orders WHERE number = :number"), {"number": world.b.placed.number}
        ).one()
    with client.session_transaction(base_url=origin) as kept:
        if visitor in {"a buyer", "the same address"}:
            kept["buyer"] = [1, "buyer@example.com" if visitor == "a buyer" else email, 0]
            kept["seen"] = [world.b.placed.number]
    if visitor == "their device":
        with built_app.test_request_context(base_url=theirs):
            client.set_cookie("device", device, domain=origin.removeprefix("http://"))
    before, wrong = everything(owner, world.b), []
    for rule, names in rules_with_ids(built_app):
        if rule.endpoint.startswith("storefront."):
            path = fill(built_app, rule, {name: IDS[meaning(rule, name) or ""](world.b) for name in names})
            wrong += [
                (method, path, status)
                for method in methods(rule)
                if (status := knock(client, origin, method, path)) != 404
            ]
    assert not wrong, wrong
    assert everything(owner, world.b) == before

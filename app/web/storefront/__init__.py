"""The shop: every address a consumer can open. Read it as the table of contents of this door."""

from flask import Blueprint

from app.web.doors import House
from app.web.storefront import (
    account,
    cart,
    challenges,
    checkout,
    coupons,
    drops,
    friend,
    group_data,
    groups,
    lookup,
    offers,
    orders,
    product,
    promote,
    shelves,
    texts,
    visitor,
)
from app.web.storefront.front_desk import FrontDesk
from app.web.storefront.page_cache import PageCache
from app.web.storefront.turnstile import Turnstile

storefront = Blueprint("storefront", __name__, template_folder="templates")

ADDRESSES = (
    # The same for every visitor, and kept for less than a second.
    ("GET", "/", shelves.home),
    ("GET", "/c/<slug>", shelves.category),
    ("GET", "/search", shelves.search),
    ("GET", "/p/<slug>", product.product),
    ("GET", "/offers", offers.offers),
    ("GET", "/terms", texts.terms),
    ("GET", "/contact", texts.contact),
    ("GET", "/flash/<int:drop_id>", drops.flash),
    # The line of a flash sale: answered without a page, and without the database where Redis answers.
    ("GET", "/flash/<int:drop_id>/place", drops.flash_place),
    ("POST", "/flash/<int:drop_id>/enter", drops.flash_enter),
    ("GET", "/flash/<int:drop_id>/task", drops.flash_task),
    ("POST", "/flash/<int:drop_id>/take", drops.flash_take),
    # Buying.
    ("GET", "/cart", cart.cart),
    ("POST", "/cart", cart.take),
    ("POST", "/cart/update", cart.update),
    ("POST", "/cart/together", cart.take_together),
    ("POST", "/cart/offers", cart.choose_offer),
    ("GET", "/checkout", checkout.checkout),
    ("POST", "/checkout", checkout.place),
    # Coupons.
    ("GET", "/coupons", coupons.coupon_centre),
    ("POST", "/coupons/code", coupons.coupon_code),
    ("GET", "/coupons/<key>", coupons.coupon),
    ("POST", "/coupons/<key>/claim", coupons.claim_coupon),
    ("GET", "/challenge/<purpose>", challenges.challenge_for),
    # An order, for whoever may see it.
    ("GET", "/orders/<number>", orders.order),
    ("GET", "/orders/<number>/progress", orders.progress),
    ("POST", "/orders/<number>/reveal", orders.reveal),
    ("POST", "/orders/<number>/pay", orders.pay),
    ("POST", "/orders/<number>/cancel", orders.cancel),
    # A friend's link, and whose it is.
    ("GET", "/r/<code>", friend.friend),
    ("GET", "/promote", promote.promote),
    ("POST", "/promote", promote.start_promoting),
    ("POST", "/promote/payout", promote.ask_for_payout),
    ("GET", "/promote/poster.png", promote.poster),
    ("POST", "/orders/<number>/leave", orders.leave),
    # Buying in a group.
    ("POST", "/groups", groups.open_group),
    ("GET", "/g/<token>", groups.group),
    ("POST", "/g/<token>/join", groups.join),
    # Finding orders again.
    ("GET", "/orders", lookup.lookup),
    ("POST", "/orders", lookup.look_up),
    ("GET", "/account", account.account),
    ("GET", "/sign-in", account.sign_in),
    ("POST", "/sign-in", account.ask),
    ("GET", "/sign-in/<token>", account.arrive),
    ("POST", "/sign-in/confirm", account.confirm),
    ("POST", "/sign-out", account.sign_out),
)

for method, address, view in ADDRESSES:
    storefront.add_url_rule(address, view.__name__, view, methods=[method])
storefront.add_app_template_global(group_data.offered, "groups_offered")
storefront.before_request(texts.switch_language)
storefront.context_processor(coupons.for_templates)
storefront.after_request(visitor.remember_device)


def open_storefront(app: House) -> None:
    """Register the door and its page cache."""
    app.stand(storefront)
    app.extensions["page_cache"] = PageCache()
    known, share = app.extensions["tenant_directory"], app.extensions["fair_share"]
    app.wsgi_app = Turnstile(app, app.wsgi_app, known, share)  # type: ignore[method-assign, assignment]  # as below
    app.wsgi_app = FrontDesk(app.wsgi_app, known)  # type: ignore[method-assign, assignment]  # Flask's own way to stand in front

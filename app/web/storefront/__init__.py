"""The shop: every address a consumer can open. Read it as the table of contents of this door."""

from flask import Blueprint

from app.web.doors import House
from app.web.storefront import (
    account,
    cart,
    checkout,
    group_data,
    groups,
    lookup,
    orders,
    product,
    shelves,
    texts,
    visitor,
)
from app.web.storefront.front_desk import FrontDesk
from app.web.storefront.page_cache import PageCache

storefront = Blueprint("storefront", __name__, template_folder="templates")

ADDRESSES = (
    # The same for every visitor, and kept for less than a second.
    ("GET", "/", shelves.home),
    ("GET", "/c/<slug>", shelves.category),
    ("GET", "/search", shelves.search),
    ("GET", "/p/<slug>", product.product),
    ("GET", "/terms", texts.terms),
    ("GET", "/contact", texts.contact),
    # Buying.
    ("GET", "/cart", cart.cart),
    ("POST", "/cart", cart.take),
    ("POST", "/cart/update", cart.update),
    ("GET", "/checkout", checkout.checkout),
    ("POST", "/checkout", checkout.place),
    # An order, for whoever may see it.
    ("GET", "/orders/<number>", orders.order),
    ("GET", "/orders/<number>/progress", orders.progress),
    ("POST", "/orders/<number>/reveal", orders.reveal),
    ("POST", "/orders/<number>/pay", orders.pay),
    ("POST", "/orders/<number>/cancel", orders.cancel),
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
storefront.after_request(visitor.remember_device)


def open_storefront(app: House) -> None:
    """Register the door and its page cache."""
    app.stand(storefront)
    app.extensions["page_cache"] = PageCache()
    app.wsgi_app = FrontDesk(app.wsgi_app, app.extensions["tenant_directory"])  # type: ignore[method-assign, assignment]  # Flask's own way to stand in front

"""Routes of the gallery: each address is a template and the sample it is drawn with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, render_template, request
from flask_babel import Babel, get_locale

from app.web.look import CATALOGUE, furnish
from app.web.look.failures import failure_of
from app.web.sandbox.page_data import PaidPage
from app.web.storefront import page_data as data
from app.web.storefront.coupons import Box
from tests.gallery import samples

WEB = Path(__file__).parents[2] / "app" / "web"
CATALOGUES = [CATALOGUE, WEB / "storefront" / "translations"]

pages = Blueprint("pages", __name__)


def gallery() -> Flask:
    app = Flask("gallery", root_path=str(Path(__file__).parent))
    app.secret_key = "gallery"
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(path) for path in CATALOGUES)
    Babel(app, locale_selector=choose_language)
    furnish(app)
    for door in ("storefront", "sandbox"):
        app.register_blueprint(Blueprint(door, door, root_path=str(WEB / door), template_folder="templates"))
    app.register_blueprint(pages)
    # What pages ask for themselves: nobody's groups, and an empty box.
    app.add_template_global(lambda _skus: (), "groups_offered")
    app.add_template_global(lambda: Box((), "/coupons/code", "cart", "", ""), "coupon_box")
    return app


def choose_language() -> str:
    if asked := request.args.get("lang"):
        return asked
    return "zh_Hans" if request.accept_languages.best_match(["zh", "en"]) == "zh" else "en"


def language() -> str:
    return str(get_locale())


def show(template: str, **values: Any) -> str:
    look, currency = request.args.get("look", "lantern"), request.args.get("currency", "CNY")
    face = samples.shop(language(), look, currency=currency)
    return render_template(template, shop=face, **values)


def page(address: str, template: str, sample: Callable[[], Any]) -> None:
    pages.add_url_rule(address, address.strip("/") or "home", lambda: show(template, page=sample()))


def cart() -> data.CartPage:
    if "empty" in request.args:
        return data.CartPage(None)
    return data.CartPage(samples.quote(language(), problem="problem" in request.args))


def search() -> data.GoodsPage:
    asked = request.args.get("q", "会员")
    return samples.search(language(), asked, found=asked != "none")


page("/", "storefront/home.html", lambda: samples.home(language()))
page("/search", "storefront/goods.html", search)
page("/cart", "storefront/cart.html", cart)
page("/checkout", "storefront/checkout.html", lambda: data.CheckoutPage(samples.quote(language()), "q1"))
page("/orders", "storefront/lookup.html", data.LookupPage)
page(
    "/sign-in",
    "storefront/sign_in.html",
    lambda: data.SignInPage("a@example.com", sent="sent" in request.args),
)
page("/account", "storefront/account.html", lambda: samples.account(language()))
page("/contact", "storefront/contact.html", lambda: None)
page(
    "/terms",
    "storefront/text.html",
    lambda: data.TextPage("Terms", samples.product(language()).description),
)
page("/pay", "sandbox/pay.html", lambda: samples.pay(request.args.get("method", "alipay")))
page("/paid", "sandbox/done.html", lambda: PaidPage("no" not in request.args, "/orders/paid", 13380, "CNY"))


@pages.get("/p/<slug>")
def product(slug: str) -> str:
    return show(
        "storefront/product.html", page=samples.product(language(), "topup" if "topup" in slug else "code")
    )


@pages.get("/orders/<state>")
def order(state: str) -> str:
    sample = samples.order(
        language(), state, late="late" in request.args, revealed="revealed" in request.args
    )
    return show("storefront/order.html", page=sample)


@pages.get("/orders/<number>/progress")
def progress(number: str) -> str:
    return show("storefront/_order.html", page=samples.order(language(), "delivered"))


@pages.post("/orders/<number>/reveal")
def reveal(number: str) -> str:
    sample = samples.order(language(), "delivered", revealed=True)
    line = next(line for line in sample.lines if line.id == int(request.form["line"]))
    if "X-Fragment" in request.headers:
        return show("storefront/_order_line.html", page=sample, line=line)
    return show("storefront/order.html", page=sample)


@pages.get("/confirm")
def confirm() -> str:
    return show("storefront/sign_in_confirm.html", token="t")


@pages.get("/fail/<int:status>")
def fail(status: int) -> str:
    return show("look/error.html", failure=failure_of(status, reference="r-7f2c91"))


@pages.get("/lost")
def lost() -> tuple[str, int]:
    return render_template("errors/page.html", status=404, message="Nothing here.", code="http_404"), 404


@pages.get("/mail/<kind>")
def mail(kind: str) -> Any:
    form = "txt" if "text" in request.args else "html"
    letter = render_template(f"mail/{kind}.{form}", **samples.mail(language()))
    return letter if form == "html" else (letter, 200, {"Content-Type": "text/plain; charset=utf-8"})


@pages.route("/console/<name>", methods=["GET", "POST"])
def console(name: str) -> str:
    return render_template(f"gallery/{name}.html", frame=samples.frame(), list=samples.listings())

"""Routes of the gallery."""

from pathlib import Path

from flask import Blueprint, Flask, render_template, request
from flask_babel import Babel, get_locale

from app.web.look import CATALOGUE, furnish
from app.web.look.failures import failure_of
from app.web.sandbox.page_data import PaidPage
from app.web.storefront.page_data import CartPage, CheckoutPage, LookupPage, SignInPage, TextPage
from tests.gallery import samples

WEB = Path(__file__).parents[2] / "app" / "web"
CATALOGUES = [CATALOGUE, WEB / "storefront" / "translations"]


def choose_language() -> str:
    if asked := request.args.get("lang"):
        return asked
    return "zh_Hans" if (request.accept_languages.best_match(["zh", "en"]) == "zh") else "en"


def gallery() -> Flask:
    app = Flask("gallery", root_path=str(Path(__file__).parent))
    app.secret_key = "gallery"
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(path) for path in CATALOGUES)
    app.config["BABEL_DOMAIN"] = "messages"
    Babel(app, locale_selector=choose_language)
    furnish(app)
    app.register_blueprint(Blueprint("storefront", "app.web.storefront", root_path=str(WEB / "storefront"), template_folder="templates"))
    app.register_blueprint(Blueprint("sandbox", "app.web.sandbox", root_path=str(WEB / "sandbox"), template_folder="templates"))

    def language() -> str:
        return str(get_locale())

    def show(template: str, **values):
        face = samples.shop(language(), request.args.get("look", "lantern"), currency=request.args.get("currency", "CNY"))
        return render_template(template, shop=face, **values)

    @app.get("/")
    def home():
        return show("storefront/home.html", page=samples.home(language()))

    @app.get("/search")
    def search():
        asked = request.args.get("q", "会员")
        return show("storefront/goods.html", page=samples.search(language(), asked, found=asked != "none"))

    @app.get("/p/<slug>")
    def product(slug):
        return show("storefront/product.html", page=samples.product(language(), "topup" if "topup" in slug else "code"))

    @app.get("/cart")
    def cart():
        quote = samples.quote(language(), problem="problem" in request.args)
        return show("storefront/cart.html", page=CartPage(None if "empty" in request.args else quote))

    @app.route("/checkout", methods=["GET", "POST"])
    def checkout():
        errors = {"email": "Please look at the e-mail again."} if request.method == "POST" else {}
        return show("storefront/checkout.html", page=CheckoutPage(samples.quote(language()), "q1", errors=errors))

    @app.get("/orders/<state>")
    def order(state):
        page = samples.order(language(), state, late="late" in request.args, revealed="revealed" in request.args)
        return show("storefront/order.html", page=page)

    @app.get("/orders/<number>/progress")
    def progress(number):
        return show("storefront/_order.html", page=samples.order(language(), "delivered"))

    @app.post("/orders/<number>/reveal")
    def reveal(number):
        page = samples.order(language(), "delivered", revealed=True)
        line = next(line for line in page.lines if line.id == int(request.form["line"]))
        if "X-Fragment" in request.headers:
            return show("storefront/_order_line.html", page=page, line=line)
        return show("storefront/order.html", page=page)

    @app.get("/orders")
    def lookup():
        return show("storefront/lookup.html", page=LookupPage(error=request.args.get("error", "")))

    @app.get("/sign-in")
    def sign_in():
        return show("storefront/sign_in.html", page=SignInPage("lin@example.com", sent="sent" in request.args))

    @app.get("/confirm")
    def confirm():
        return show("storefront/sign_in_confirm.html", token="t")

    @app.get("/account")
    def account():
        return show("storefront/account.html", page=samples.account(language()))

    @app.get("/terms")
    def terms():
        return show("storefront/text.html", page=TextPage("Terms", samples.product(language()).description))

    @app.get("/contact")
    def contact():
        return show("storefront/contact.html")

    @app.get("/fail/<int:status>")
    def fail(status):
        return show("look/error.html", failure=failure_of(status, reference="r-7f2c91"))

    @app.get("/lost")
    def lost():
        page = render_template("errors/page.html", status=404, message="Nothing here.", code="http_404")
        return page, 404

    @app.get("/mail/<kind>")
    def mail(kind):
        form = "txt" if "text" in request.args else "html"
        page = render_template(f"mail/{kind}.{form}", **samples.mail(language()))
        return page if form == "html" else (page, 200, {"Content-Type": "text/plain; charset=utf-8"})

    @app.get("/pay")
    def pay():
        return show("sandbox/pay.html", page=samples.pay(request.args.get("method", "alipay")))

    @app.get("/paid")
    def paid():
        return show("sandbox/done.html", page=PaidPage("no" not in request.args, "/orders/paid", 13380, "CNY"))

    @app.route("/console/<name>", methods=["GET", "POST"])
    def console(name):
        return render_template(f"gallery/{name}.html", frame=samples.frame(), list=samples.listings())

    return app

"""Routes of the gallery."""

from pathlib import Path

from flask import Blueprint, Flask, render_template, request
from flask_babel import Babel, get_locale

from app.web.look import CATALOGUE, PERKLINE, compose, content_security_policy, furnish
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
        page = render_template(template, shop=face, **values)
        return page, 200, {"Content-Security-Policy": content_security_policy(face.theme)}

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

    @app.route("/console/<name>", methods=["GET", "POST"])
    def console(name):
        page = render_template(f"gallery/{name}.html", frame=samples.frame(), list=samples.listings())
        return page, 200, {"Content-Security-Policy": content_security_policy(compose(PERKLINE))}

    return app

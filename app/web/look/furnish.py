"""Gives an application its layouts, filters and built files."""

from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, g, request

from app.web.look import money, times
from app.web.look.assets import assets, manifest
from app.web.look.face import ShopFace, face_of
from app.web.look.failures import failure_of
from app.web.look.icons import icon
from app.web.look.presets import PERKLINE
from app.web.look.theme import Theme, compose
from app.web.look.tongue import marked
from app.web.look.words import gettext, locale_here

CATALOGUE = Path(__file__).parent / "translations"
LANGUAGES = {"zh_Hans": "简体中文", "en": "English"}
TAGS = {"zh_Hans": "zh-Hans", "en": "en"}

look = Blueprint("look", __name__, template_folder="templates")


def furnish(app: Flask, *, pay_origin: str = "") -> None:
    """Register the `look/` templates, `/assets/…`, what templates may call, and the page's headers.

    Needs Flask-Babel on the same application. `pay_origin` is where a checkout's form may
    lead after the shop's own answer redirects there.
    """
    app.register_blueprint(look)
    app.register_blueprint(assets, subdomain=getattr(app, "any_door", None))
    app.config["PAY_ORIGIN"] = pay_origin
    app.after_request(_guard)
    manifest.load()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(money=_money, moment=_moment, day=_day, clock=_clock)
    app.jinja_env.filters.update(amount=money.plain_amount)
    app.jinja_env.filters.update(tongue=lambda words: marked(words, _page_language()))
    app.jinja_env.globals.update(
        _=gettext,
        gettext=gettext,
        icon=icon,
        asset=manifest.address,
        price_in=_price_in,
        page_language=_page_language,
        language_tag=lambda language: TAGS.get(language, language),
        language_link=lambda language: _here_with(lang=language),
        table_link=_here_with,
        page_link=lambda number: _here_with(page=number),
        sort_link=lambda key: _here_with(sort=key, page=""),
        language_names=LANGUAGES,
        perkline_theme=compose(PERKLINE),
        wear=_wear,
        face_of=face_of,
        face_here=face_here,
        failure_of=failure_of,
    )


def face_here() -> ShopFace | None:
    """The face of the shop this request is at; none at the consoles and the pay page."""
    tenant = g.get("tenant")
    if tenant is None:
        return None
    return face_of(tenant, home=request.host_url, locale=locale_here())


def content_security_policy(theme: Theme, *, pay_origin: str = "") -> str:
    """The header for a page of this theme: own files and the theme's style sheet, nothing else."""
    return (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        f"style-src 'self' {theme.csp_source}; script-src 'self'; worker-src 'self'; connect-src 'self'; "
        "img-src 'self' data: https:; font-src 'self'; manifest-src 'self'; "
        f"form-action 'self' {pay_origin}".rstrip()
    )


def _wear(theme: Theme) -> Theme:
    """Note which theme the page is drawn in, so that its header admits that style sheet."""
    g.worn_theme = theme
    return theme


def _guard(answer: Response) -> Response:
    """Headers of a drawn page, where its view has set none of its own."""
    theme = g.get("worn_theme")
    if theme is not None and answer.mimetype == "text/html":
        policy = content_security_policy(theme, pay_origin=current_app.config["PAY_ORIGIN"])
        answer.headers.setdefault("Content-Security-Policy", policy)
        answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    return answer


def _page_language() -> str:
    return TAGS.get(locale_here(), "en")


def _money(minor: int, currency: str, *, exact: bool = False) -> str:
    return money.money(minor, currency, locale_here(), exact=exact)


def _price_in(currency: str) -> money.Prices:
    return money.price_in(currency, locale_here())


def _moment(at, zone: str = "Asia/Shanghai") -> str:
    return times.moment(at, locale_here(), zone)


def _day(on) -> str:
    return times.day(on, locale_here())


def _clock(at, zone: str = "Asia/Shanghai") -> str:
    return times.clock(at, locale_here(), zone)


def _here_with(**changes: object) -> str:
    """This address with some of its query changed; an empty value leaves the query."""
    asked = {**request.args.to_dict(), **{key: str(value) for key, value in changes.items()}}
    return "?" + urlencode({key: value for key, value in asked.items() if value})

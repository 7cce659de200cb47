"""Terms, contact, and the switch between languages."""

from urllib.parse import urlencode

from flask import Response, g, redirect, request
from flask_babel import gettext

from app.web import language
from app.web.rich_text import rich_text
from app.web.storefront import page_data as data
from app.web.storefront.page_cache import Shown, same_for_everyone
from app.web.storefront.pages import in_language

YEAR = 365 * 86400


@same_for_everyone
def terms() -> Shown:
    kept = g.tenant.settings
    own = in_language(str(kept.get("terms") or ""), str(kept.get("terms_en") or ""))
    if not own:
        return "storefront/terms.html", {}
    return "storefront/text.html", {"page": data.TextPage(gettext("Terms and refunds"), rich_text(own))}


@same_for_everyone
def contact() -> Shown:
    return "storefront/contact.html", {}


def switch_language() -> Response | None:
    """Before each page: `?lang=en` is remembered, and leaves the address."""
    wanted = request.args.get("lang")
    if wanted is None or request.method != "GET" or g.get("tenant") is None:
        return None
    query = urlencode([(key, value) for key, value in request.args.items(multi=True) if key != "lang"])
    # Two slashes in front would name another host.
    path = "/" + request.path.lstrip("/")
    answer = redirect(f"{path}?{query}" if query else path)
    if wanted in (g.tenant.languages or language.LANGUAGES):
        answer.set_cookie(language.COOKIE, wanted, max_age=YEAR, samesite="Lax")
    return answer  # type: ignore[return-value]  # a redirect is a Response

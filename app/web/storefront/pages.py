"""How every page of a shop is answered."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, make_response, render_template, request

from app.foundation.runtime import settings
from app.web import language
from app.web.look import ShopFace, content_security_policy
from app.web.shop_face import face_of

STRIPE = "https://checkout.stripe.com"


def face() -> ShopFace:
    """The open shop in the visitor's language."""
    return face_of(g.tenant, language.choose())


def show(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for one visitor: never kept by anybody."""
    response = make_response(render_template(template, shop=face(), **values), status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = policy()
    return response


def policy() -> str:
    """The shop's content security policy; its forms may lead to the gateway's page."""
    return content_security_policy(face().theme, pay_host=_pay_host())


def wants_fragment() -> bool:
    """Whether a script of ours asks for a part of a page."""
    return "X-Fragment" in request.headers


def in_language(words: str, english: str) -> str:
    return english or words if language.choose() == "en" else words or english


def here(path: str) -> str:
    """A full address in this shop as the visitor reached it."""
    return f"{settings().scheme}://{request.host}{path}"


def _pay_host() -> str:
    if settings().gateway == "stripe":
        return STRIPE
    address = urlsplit(settings().host_url(f"pay.{settings().base_host}"))
    return f"{address.scheme}://{address.netloc}"

"""How every page of a shop is answered."""

from typing import Any

from flask import Response, current_app, make_response, render_template, request

from app.foundation.runtime import settings
from app.web import language
from app.web.look import content_security_policy
from app.web.storefront.faces import face


def show(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for one visitor: never kept by anybody."""
    response = make_response(render_template(template, shop=face(), **values), status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = policy()
    return response


def policy() -> str:
    """The shop's content security policy; its forms may lead to the gateway's page."""
    return content_security_policy(face().theme, pay_origin=current_app.config["PAY_ORIGIN"])


def wants_fragment() -> bool:
    """Whether a script of ours asks for a part of a page."""
    return "X-Fragment" in request.headers


def in_language(words: str, english: str) -> str:
    return english or words if language.choose() == "en" else words or english


def here(path: str) -> str:
    """A full address in this shop as the visitor reached it."""
    return f"{settings().scheme}://{request.host}{path}"

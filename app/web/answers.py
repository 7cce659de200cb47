"""From an error's kind to a status, and to a page or a line of JSON."""

import logging

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from app.foundation.errors import InvalidInput, Kind, ProductError
from app.foundation.logs import request_id
from app.web.wording import error_text

log = logging.getLogger(__name__)

STATUS = {
    Kind.INVALID: 422,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.EXHAUSTED: 410,
    Kind.UPSTREAM: 502,
    Kind.BUG: 500,
}
BY_CODE = {"too_many_requests": 429, "line_crowded": 429, "too_many_from_address": 429, "busy": 503}


def install(app: Flask) -> None:
    app.register_error_handler(ProductError, product_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(DataError, unkeepable)
    app.register_error_handler(Exception, unforeseen)


def status_of(error: ProductError | type[ProductError]) -> int:
    """The HTTP status that an error's kind stands for, or its code where that says more."""
    return BY_CODE.get(error.code, STATUS[error.kind])


def product_error(error: ProductError) -> Response:
    response = make_response(answer(status_of(error), error.code, error_text(error), error.param))
    if "retry_seconds" in error.facts:
        response.headers["Retry-After"] = str(error.facts["retry_seconds"])
    return response


def http_error(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
    if error.code is None or error.code < 400:
        return error
    code = "cross_origin" if error.description == "cross_origin" else f"http_{error.code}"
    return answer(error.code, code, gettext("This page does not exist.") if error.code == 404 else error.name)


def unkeepable(error: DataError) -> Response:
    """Typed by somebody, and nothing that a database can hold: a NUL in a text, a number beyond all numbers."""
    log.warning("input that cannot be kept", extra={"error": type(error.orig).__name__})
    return product_error(InvalidInput(reason="unkeepable"))


def unforeseen(error: Exception) -> tuple[Response | str, int]:
    log.error("unforeseen error", exc_info=error)
    return answer(
        500, "bug", gettext("Something went wrong on our side. Nothing was charged twice; please try again.")
    )


def answer(status: int, code: str, message: str, param: str | None = None) -> tuple[Response | str, int]:
    """JSON for programs, a page in the shop's look for people."""
    if wants_json():
        told = {
            "type": "error",
            "code": code,
            "message": message,
            "param": param,
            "request_id": request_id.get(),
        }
        return jsonify(error=told), status
    page = render_template("errors/page.html", status=status, code=code, message=message, door=g.get("door"))
    return page, status


def wants_json() -> bool:
    if request.path.startswith(("/api/", "/hooks/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and not request.accept_mimetypes.accept_html

"""The supplier's doors: signed requests in, signed answers out. See docs/supplier-protocol.md."""

import csv
import io
import json
import time
from dataclasses import dataclass
from datetime import date
from threading import Event
from typing import Any, cast

from flask import Blueprint, Flask, Response, abort, current_app, g, request

from app.domain.fulfilment.bill import COLUMNS
from app.domain.fulfilment.signing import BadSignature, check_request, sign_answer
from app.sandbox.supplier.desk import COST_PERCENT, Desk, told
from app.sandbox.supplier.faults import Fault
from app.sandbox.supplier.messenger import is_allowed
from app.sandbox.supplier.settings import INSTANCES, SupplierSettings
from app.sandbox.supplier.store import Store
from app.sandbox.supplier.wanted import RefusedError, Wanted

PRODUCTS = ("mobile-cn", "game-points", "voucher-video-month")
FACE_VALUES_MINOR = (1000, 2000, 3000, 5000, 10000, 20000)
UNREADABLE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
doors = Blueprint("supplier", __name__)


@dataclass(frozen=True, slots=True)
class House:
    """What the doors need of the rest."""

    store: Store
    desk: Desk
    settings: SupplierSettings
    stopping: Event


def create_supplier(house: House) -> Flask:
    """Both instances behind one app, by path prefix."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["house"] = house
    app.register_blueprint(doors)
    return app


@doors.before_request
def only_signed_requests() -> Response | None:
    if request.path == "/healthz":
        return None
    g.nonce = request.headers.get("Supplier-Nonce", "")
    try:
        nonce = check_request(
            [house().settings.secret], dict(request.headers), method=request.method, path=request.path,
            query=request.query_string.decode("latin-1"), body=request.get_data(), now=time.time(),
        )  # fmt: skip
    except BadSignature as error:
        return refusal(401, "outside_window" if error.reason == "outside_window" else "bad_signature")
    return None if house().store.keep_nonce(nonce, time.time()) else refusal(401, "nonce_used")


@doors.errorhandler(RefusedError)
def refused(error: RefusedError) -> Response:
    return refusal(error.status, error.code)


@doors.get("/healthz")
def health() -> Response:
    return Response("ok\n", mimetype="text/plain")


@doors.post("/<instance>/v1/orders")
def place(instance: str) -> Response:
    wanted, here = Wanted.read(body_object()), house()
    if not is_allowed(wanted.callback_url, here.settings.callback_base):
        raise RefusedError(422, "invalid_field")
    order, fault, new = here.desk.take(known(instance), wanted, time.time())
    if fault is Fault.SLOW:
        here.stopping.wait(here.settings.slow_seconds)
    if fault in (Fault.LOST, Fault.TIMEOUT_AFTER_SUCCESS):
        here.stopping.wait(here.settings.hang_seconds)
    if order is None or fault in (Fault.UNKNOWN, Fault.TIMEOUT_AFTER_SUCCESS):
        return Response(UNREADABLE, status=502, mimetype="text/html")
    return answer(201 if new else 200, told(order, with_voucher=True))


@doors.get("/<instance>/v1/orders/<reference>")
def ask(instance: str, reference: str) -> Response:
    order = house().desk.find(known(instance), reference)
    if order is None:
        raise RefusedError(404, "order_not_found")
    return answer(200, told(order, with_voucher=True))


@doors.get("/<instance>/v1/balance")
def balance(instance: str) -> Response:
    left = house().desk.balance(known(instance))
    return answer(200, {"amount_minor": left, "currency": house().settings.currency})


@doors.get("/<instance>/v1/prices")
def prices(instance: str) -> Response:
    percent = COST_PERCENT[known(instance)]
    wanted = [(product, face) for product in PRODUCTS for face in FACE_VALUES_MINOR]
    rows = [
        {
            "product": product,
            "face_value_minor": face,
            "cost_minor": face * percent // 100,
            "currency": house().settings.currency,
        }
        for product, face in wanted
    ]
    return answer(200, {"prices": rows})


@doors.get("/<instance>/v1/bills/<day>")
def bill(instance: str, day: str) -> Response:
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise RefusedError(404, "no_such_day") from error
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for order in house().desk.finished_on(known(instance), day):
        writer.writerow({**dict(order), **told(order, with_voucher=False)})
    return signed(Response(sheet.getvalue(), mimetype="text/csv"))


@doors.post("/control/faults")
def control_faults() -> Response:
    wanted = body_object()
    fault, times = wanted.get("fault"), wanted.get("times")
    if fault not in [None, *Fault] or not isinstance(times, int | None):
        raise RefusedError(422, "invalid_field")
    house().desk.set_fault(known(str(wanted.get("supplier"))), fault and Fault(fault), times)
    return answer(200, {"supplier": wanted["supplier"], "fault": fault, "times": times})


def house() -> House:
    return cast("House", current_app.extensions["house"])


def known(instance: str) -> str:
    """The instance's name, or 404."""
    if instance not in INSTANCES:
        abort(404)
    return instance


def body_object() -> dict[str, Any]:
    """The request's JSON object, or raise RefusedError."""
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        raise RefusedError(422, "invalid_field")
    return body


def answer(status: int, body: dict[str, Any]) -> Response:
    return signed(Response(json.dumps(body), status=status, mimetype="application/json"))


def refusal(status: int, code: str) -> Response:
    return answer(status, {"error": {"code": code}})


def signed(response: Response) -> Response:
    """Put the supplier's signature on an answer, bound to the nonce it answers."""
    headers = sign_answer(
        house().settings.secret, status=response.status_code, nonce=g.nonce, body=response.get_data(),
        timestamp=int(time.time()),
    )  # fmt: skip
    response.headers.update(headers)
    return response

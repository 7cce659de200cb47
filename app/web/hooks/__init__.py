"""Where gateways and suppliers tell us what happened. They sign what they send; nothing else is believed."""

from flask import Blueprint, Response, jsonify, request

from app.domain.fulfilment.errors import ForgedCallback
from app.domain.payments.errors import ForgedEvent
from app.flows.hear_carrier import hear_carrier
from app.flows.hear_gateway import hear_gateway
from app.flows.top_up import hear_supplier
from app.foundation import figures

hooks = Blueprint("hooks", __name__, url_prefix="/hooks")

MOST_BYTES = 256 * 1024


@hooks.post("/<gateway>")
def hear(gateway: str) -> tuple[Response, int]:
    """Store the events and answer at once; the work comes from the outbox. A forgery is counted and changes nothing."""
    request.max_content_length = MOST_BYTES
    try:
        new = hear_gateway(gateway, dict(request.headers), request.get_data())
    except ForgedEvent as error:
        figures.forged_events.labels(gateway).inc()
        return jsonify(error={"type": "error", "code": error.code}), 400
    return jsonify(received=new), 200


@hooks.post("/payouts/<carrier>")
def hear_about_payouts(carrier: str) -> tuple[Response, int]:
    """What whoever carries payouts says of a transfer or an account; twice and out of order change nothing."""
    request.max_content_length = MOST_BYTES
    try:
        meant = hear_carrier(carrier, dict(request.headers), request.get_data())
    except ForgedEvent as error:
        figures.forged_events.labels(carrier).inc()
        return jsonify(error={"type": "error", "code": error.code}), 400
    return jsonify(received=meant), 200


@hooks.post("/supplier/<name>")
def hear_from_supplier(name: str) -> tuple[Response, int]:
    """A supplier's news of a top-up; late, twice and out of order change nothing."""
    request.max_content_length = MOST_BYTES
    try:
        hear_supplier(
            name,
            dict(request.headers),
            request.get_data(),
            path=request.path,
            query=request.query_string.decode("latin1"),
        )
    except ForgedCallback as error:
        figures.forged_events.labels("supplier").inc()
        return jsonify(error={"type": "error", "code": error.code}), 400
    return jsonify(received=True), 200

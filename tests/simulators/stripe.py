"""A stateful Stripe for Checkout Sessions and Refunds, strict where the real one is.

It knows the parameters our API version takes, keeps the first answer of every
idempotency key and refuses the key with other contents, and signs its events.
"""

import hashlib
import hmac
import json
import time
from itertools import count
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.simulators.stripe_objects import example

SESSION_PARAMS = frozenset({
    "adaptive_pricing", "allowed_payment_method_types", "branding_settings", "cancel_url", "client_reference_id",
    "customer_email", "expires_at", "line_items", "locale", "metadata", "mode", "payment_intent_data",
    "payment_method_options", "success_url",
})  # fmt: skip
REFUND_PARAMS = frozenset({"amount", "metadata", "payment_intent"})
LOCALES = frozenset({"auto", "en", "zh", "zh-HK", "zh-TW"})
METHODS_OF = {"usd": ["card", "alipay", "wechat_pay"], "cny": ["card", "alipay", "wechat_pay"]}


class StripeError(Exception):
    """An error as Stripe writes it."""

    def __init__(self, status: int, kind: str, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.told = status, {"type": kind, "message": message, "code": code}


class _Quiet(WSGIRequestHandler):
    def log(self, *_told: object) -> None:
        """Say nothing."""


class StripeSimulator:
    """Serves on a free port of this machine from start() to stop()."""

    def __init__(self, *, secret_key: str, webhook_secret: str, version: str) -> None:
        self.secret_key, self.webhook_secret, self.version = secret_key, webhook_secret, version
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[str, Response]] = {}
        self.calls: list[tuple[str, str]] = []
        self.fail_next: list[int] = []  # answer so many requests with these statuses, after the work is done
        self.refund_status = "succeeded"
        self.paid_with: dict[str, dict[str, Any]] = {}  # what paid: by intent, the expandable parts of it
        self._numbers, self._lock = count(1), Lock()
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()

    def pay(
        self, session_id: str, *, paid: bool = True, details: dict[str, Any] | None = None, method: Any = None
    ) -> dict[str, Any]:
        """The buyer finishes the page; with Alipay and others the money may come later (paid=False).

        `details`: the charge's payment_method_details, the official example's card where none are given.
        """
        session = self.sessions[session_id]
        session["status"], session["url"] = "complete", None
        session["payment_intent"] = f"pi_{next(self._numbers)}"
        charge = example("charge", **({"payment_method_details": details} if details else {}))
        self.paid_with[session["payment_intent"]] = {"latest_charge": charge, "payment_method": method}
        if paid:
            session["payment_status"] = "paid"
        return session

    def event(self, kind: str, thing: dict[str, Any], **changes: Any) -> tuple[dict[str, str], bytes]:
        """A signed event about an object."""
        number = next(self._numbers)
        told = example(
            "event", id=f"evt_{number}", type=kind, created=int(time.time()), livemode=False,
            api_version=self.version, data={"object": thing},
        ) | changes  # fmt: skip
        body = json.dumps(told).encode()
        return signed(self.webhook_secret, body, int(time.time())), body

    def _app(self) -> Flask:  # noqa: C901 - one small door after another
        app = Flask(__name__, static_folder=None)

        @app.errorhandler(StripeError)
        def refused(error: StripeError) -> tuple[dict[str, Any], int]:
            return {"error": error.told}, error.status

        @app.before_request
        def admit() -> None:
            self.calls.append((request.method, request.path))
            if request.headers.get("Authorization") != f"Bearer {self.secret_key}":
                raise StripeError(401, "invalid_request_error", "Invalid API Key provided")
            if request.headers.get("Stripe-Version") != self.version:
                raise StripeError(400, "invalid_request_error", "not the pinned version")

        @app.post("/v1/checkout/sessions")
        def create_session() -> Response:
            return self._once(self._create_session)

        @app.get("/v1/checkout/sessions/<name>")
        def retrieve_session(name: str) -> Response:
            return self._say(self._expanded(self._session(name), ""))

        @app.post("/v1/checkout/sessions/<name>/expire")
        def expire_session(name: str) -> Response:
            session = self._session(name)
            if session["status"] != "open":
                raise StripeError(
                    400, "invalid_request_error", "Only Checkout Sessions with a status in open can"
                )
            session["status"], session["url"] = "expired", None
            return self._say(session)

        @app.get("/v1/checkout/sessions")
        def list_sessions() -> Response:
            intent = request.args["payment_intent"]
            found = [one for one in self.sessions.values() if one["payment_intent"] == intent]
            return self._list([self._expanded(one, "data.") for one in found])

        @app.get("/v1/payment_intents/search")
        def search_intents() -> Response:
            wanted = request.args["query"].removeprefix("metadata['reference']:'").removesuffix("'")
            paid = [
                example("payment_intent", id=one["payment_intent"])
                for one in self.sessions.values()
                if one["payment_intent"] and one["metadata"]["reference"] == wanted
            ]
            return self._list(paid, kind="search_result")

        @app.post("/v1/refunds")
        def create_refund() -> Response:
            return self._once(self._create_refund)

        @app.get("/v1/refunds")
        def list_refunds() -> Response:
            intent = request.args["payment_intent"]
            return self._list([one for one in self.refunds.values() if one["payment_intent"] == intent])

        return app

    def _once(self, work: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            raise StripeError(400, "invalid_request_error", "every POST of ours carries a key")
        body = request.get_data(as_text=True)
        with self._lock:
            if key in self.answers:
                first_body, answer = self.answers[key]
                if first_body != body:
                    raise StripeError(
                        400, "idempotency_error", "Keys can only be used with the same parameters"
                    )
                return answer
            answer = self._say(work(nested(body)))
            if self.fail_next:
                answer = Response('{"error": {"type": "api_error"}}', status=self.fail_next.pop(0))
            self.answers[key] = (body, answer)
            return answer

    def _create_session(self, asked: dict[str, Any]) -> dict[str, Any]:
        _only(asked, SESSION_PARAMS)
        expires_at = int(asked.get("expires_at", time.time() + 86400))
        if not 1800 <= expires_at - time.time() <= 86400:
            raise StripeError(
                400, "invalid_request_error", "The expires_at timestamp must be 30 minutes to 24 hours"
            )
        if asked["locale"] not in LOCALES:
            raise StripeError(400, "invalid_request_error", "Invalid locale")
        items = asked["line_items"].values()
        currencies = {item["price_data"]["currency"] for item in items}
        [currency] = currencies
        if currency != currency.lower():
            raise StripeError(400, "invalid_request_error", "Invalid currency")
        total = sum(int(item["quantity"]) * int(item["price_data"]["unit_amount"]) for item in items)
        allowed = asked["allowed_payment_method_types"].values()
        name = f"cs_test_{next(self._numbers)}"
        session = example(
            "checkout.session", id=name, amount_subtotal=total, amount_total=total, currency=currency,
            client_reference_id=asked["client_reference_id"], metadata=asked["metadata"], mode=asked["mode"],
            expires_at=expires_at, livemode=False, payment_intent=None, payment_status="unpaid", status="open",
            success_url=asked["success_url"], cancel_url=asked["cancel_url"], locale=asked["locale"],
            payment_method_types=[one for one in METHODS_OF.get(currency, ["card"]) if one in allowed],
            url=f"{self.url}/c/pay/{name}", customer_email=asked.get("customer_email"),
        )  # fmt: skip
        self.sessions[name] = session
        return session

    def _create_refund(self, asked: dict[str, Any]) -> dict[str, Any]:
        _only(asked, REFUND_PARAMS)
        intent, amount = asked["payment_intent"], int(asked["amount"])
        [session] = [one for one in self.sessions.values() if one["payment_intent"] == intent]
        back = sum(one["amount"] for one in self.refunds.values() if one["payment_intent"] == intent)
        if back >= session["amount_total"]:
            message = "has already been refunded"
            raise StripeError(400, "invalid_request_error", message, code="charge_already_refunded")
        if back + amount > session["amount_total"]:
            message = "Refund amount is greater than unrefunded amount"
            raise StripeError(400, "invalid_request_error", message, code="amount_too_large")
        refund = example(
            "refund", id=f"re_{next(self._numbers)}", amount=amount, currency=session["currency"],
            payment_intent=intent, metadata=asked["metadata"], status=self.refund_status,
        )  # fmt: skip
        self.refunds[refund["id"]] = refund
        return refund

    def _session(self, name: str) -> dict[str, Any]:
        if name not in self.sessions:
            message = f"No such checkout.session: {name}"
            raise StripeError(404, "invalid_request_error", message, code="resource_missing")
        return self.sessions[name]

    def _expanded(self, session: dict[str, Any], under: str) -> dict[str, Any]:
        """The session with what was asked to be expanded, and nothing else, in place of its number."""
        asked = [one for name, one in request.args.items(multi=True) if name.startswith("expand[")]
        parts = {path.removeprefix(f"{under}payment_intent.") for path in asked}
        intent = session["payment_intent"]
        if not asked or intent is None:
            return session
        charge = self.paid_with[intent]["latest_charge"]
        method = (self.paid_with[intent]["payment_method"] or {}).get("id", "pm_1")
        whole = example("payment_intent", id=intent) | {
            "latest_charge": charge["id"],
            "payment_method": method,
        }
        found = {part: thing for part, thing in self.paid_with[intent].items() if part in parts and thing}
        return session | {"payment_intent": whole | found}

    def _list(self, things: list[dict[str, Any]], *, kind: str = "list") -> Response:
        return self._say({"object": kind, "data": things, "has_more": False, "url": request.path})

    def _say(self, thing: dict[str, Any]) -> Response:
        return Response(json.dumps(thing), mimetype="application/json")


def signed(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Stripe's own signature header, made without its SDK."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={timestamp},v1={mac}"}


def nested(body: str) -> dict[str, Any]:
    """Form fields such as a[b][0]=c as a tree."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body):
        *path, last = name.replace("]", "").split("[")
        branch = tree
        for step in path:
            branch = branch.setdefault(step, {})
        branch[last] = value
    return tree


def _only(asked: dict[str, Any], known: frozenset[str]) -> None:
    strange = sorted(set(asked) - known)
    if strange:
        message = f"Received unknown parameter: {strange[0]}"
        raise StripeError(400, "invalid_request_error", message, code="parameter_unknown")

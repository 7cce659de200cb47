"""The client of a supplier that speaks docs/supplier-protocol.md over HTTP."""

import json
import secrets as random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from app.domain.fulfilment.errors import SupplierUnavailable
from app.domain.fulfilment.gateway import Balance, Hearing, Outcome, Price, TopupRequest
from app.domain.fulfilment.signing import BadSignature, check_answer, sign_request
from app.domain.fulfilment.wire import order_body, read_asked, read_placed
from app.foundation import clock

# Together under the fifteen seconds after which the first question is due.
TIMEOUT = Timeout(connect=3, read=8)


@dataclass(frozen=True, slots=True)
class Account:
    """Where a supplier answers and how we sign. `callback_url` is ours, for its news."""

    name: str
    base_url: str
    key: str
    secret: str = field(repr=False)
    callback_url: str = ""


class _NotSentError(Exception):
    """No byte of the request left this machine."""


class _UnsureError(Exception):
    """Sent, and no answer that can be trusted came back; `args[0]` is a stable word."""


class HttpSupplier:
    """A Supplier over signed HTTP. Safe to share between threads; never retries by itself."""

    def __init__(
        self,
        account: Account,
        *,
        timeout: Timeout = TIMEOUT,
        seconds: Callable[[], float] = time.time,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._account = account
        # The signature needs the wall clock; a rehearsal may move the house's.
        self._seconds, self._now = seconds, now
        self._pool = PoolManager(timeout=timeout, retries=False, maxsize=8)
        self._origin = urlsplit(account.base_url.rstrip("/"))

    @property
    def name(self) -> str:
        return self._account.name

    def place(self, request: TopupRequest) -> Outcome:
        if self._now() >= request.send_before:
            return Outcome(Hearing.NOT_SENT, reason="too_late_to_send")
        body = order_body(request, self._account.callback_url)
        try:
            status, answer = self._exchange("POST", "/v1/orders", body)
        except _NotSentError:
            return Outcome(Hearing.NOT_SENT, reason="no_connection")
        except _UnsureError as unsure:
            return Outcome(Hearing.UNKNOWN, reason=str(unsure))
        return read_placed(status, answer, request.reference)

    def ask(self, reference: str) -> Outcome:
        try:
            status, answer = self._exchange("GET", f"/v1/orders/{reference}")
        except _NotSentError:
            return Outcome(Hearing.UNKNOWN, reason="no_connection")
        except _UnsureError as unsure:
            return Outcome(Hearing.UNKNOWN, reason=str(unsure))
        return read_asked(status, answer, reference)

    def balance(self) -> Balance:
        told = self._question("/v1/balance")
        try:
            return Balance(int(told["amount_minor"]), str(told["currency"]))
        except (KeyError, TypeError, ValueError) as error:
            raise SupplierUnavailable(supplier=self.name, reason="unreadable") from error

    def prices(self) -> tuple[Price, ...]:
        told = self._question("/v1/prices")
        try:
            return tuple(Price(**row) for row in told["prices"])
        except (KeyError, TypeError) as error:
            raise SupplierUnavailable(supplier=self.name, reason="unreadable") from error

    def bill(self, day: date) -> str:
        return self._answered(f"/v1/bills/{day.isoformat()}").decode()

    def _question(self, path: str) -> dict[str, Any]:
        try:
            told = json.loads(self._answered(path))
        except ValueError as error:
            raise SupplierUnavailable(supplier=self.name, reason="unreadable") from error
        return told if isinstance(told, dict) else {}

    def _answered(self, path: str) -> bytes:
        try:
            status, body = self._exchange("GET", path)
        except (_NotSentError, _UnsureError) as error:
            raise SupplierUnavailable(supplier=self.name, reason=str(error)) from error
        if status != 200:
            raise SupplierUnavailable(supplier=self.name, reason=f"http_{status}")
        return body

    def _exchange(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send one signed request and return the supplier's signed answer."""
        full_path, nonce = self._origin.path + path, random.token_urlsafe(18)
        headers = sign_request(
            self._account.secret, key=self._account.key, method=method, path=full_path, query="",
            body=body, timestamp=int(self._seconds()), nonce=nonce,
        )  # fmt: skip
        url = f"{self._origin.scheme}://{self._origin.netloc}{full_path}"
        if body:
            headers["content-type"] = "application/json"
        try:
            response = self._pool.request(method, url, body=body or None, headers=headers, redirect=False)
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise _NotSentError("no_connection") from error
        except HTTPError as error:
            raise _UnsureError("no_answer") from error
        try:
            check_answer(
                [self._account.secret], dict(response.headers), status=response.status, nonce=nonce,
                body=response.data, now=self._seconds(),
            )  # fmt: skip
        except BadSignature as error:
            raise _UnsureError(f"answer_not_signed_{response.status}") from error
        return response.status, response.data

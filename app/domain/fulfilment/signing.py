"""The signature that both sides put on every message: HMAC-SHA256, sixty seconds, a nonce.

Written out in docs/supplier-protocol.md. Pure: the time comes in as a number.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlencode

WINDOW_SECONDS = 60
KEY, TIMESTAMP, NONCE, SIGNATURE = (
    "supplier-key",
    "supplier-timestamp",
    "supplier-nonce",
    "supplier-signature",
)
TIME_PATTERN = re.compile(r"[0-9]{9,11}")
NONCE_PATTERN = re.compile(r"[A-Za-z0-9_-]{16,64}")


class BadSignature(Exception):
    """The message is not what its sender signed, or not now; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sign_request(
    secret: str, *, key: str, method: str, path: str, query: str, body: bytes, timestamp: int, nonce: str
) -> dict[str, str]:
    """The headers that make a request ours."""
    text = _request_text(method, path, query, str(timestamp), nonce, body)
    return {KEY: key, TIMESTAMP: str(timestamp), NONCE: nonce, SIGNATURE: _mac(secret, text)}


def check_request(
    secrets: Sequence[str],
    headers: Mapping[str, str],
    *,
    method: str,
    path: str,
    query: str,
    body: bytes,
    now: float,
) -> str:
    """Return the nonce of a request signed by one of the secrets within the window, or raise BadSignature.

    The caller keeps the nonce for twice the window and refuses it a second time.
    """
    given = _lowered(headers)
    timestamp, nonce = _fresh(given, now), given.get(NONCE, "")
    if not NONCE_PATTERN.fullmatch(nonce):
        raise BadSignature("nonce")
    text = _request_text(method, path, query, timestamp, nonce, body)
    _compare(secrets, text, given.get(SIGNATURE, ""))
    return nonce


def sign_answer(secret: str, *, status: int, nonce: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that make an answer the supplier's, to the request of that nonce and no other."""
    text = _answer_text(status, nonce, str(timestamp), body)
    return {TIMESTAMP: str(timestamp), NONCE: nonce, SIGNATURE: _mac(secret, text)}


def check_answer(
    secrets: Sequence[str], headers: Mapping[str, str], *, status: int, nonce: str, body: bytes, now: float
) -> None:
    """Raise BadSignature unless the supplier gave this answer to the request of this nonce just now."""
    given = _lowered(headers)
    timestamp = _fresh(given, now)
    if given.get(NONCE) != nonce:
        raise BadSignature("nonce")
    _compare(secrets, _answer_text(status, nonce, timestamp, body), given.get(SIGNATURE, ""))


def _request_text(method: str, path: str, query: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    plain_path = quote(unquote(path), safe="/-._~")
    pairs = urlencode(sorted(parse_qsl(query, keep_blank_values=True)), quote_via=quote)
    return _lines(method.upper(), plain_path, pairs, timestamp, nonce, body)


def _answer_text(status: int, nonce: str, timestamp: str, body: bytes) -> bytes:
    return _lines("ANSWER", str(status), timestamp, nonce, body)


def _lines(*parts: str | bytes) -> bytes:
    *words, body = parts
    digest = hashlib.sha256(body if isinstance(body, bytes) else body.encode()).hexdigest()
    return "\n".join([*(str(word) for word in words), digest]).encode()


def _mac(secret: str, text: bytes) -> str:
    return "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _fresh(headers: Mapping[str, str], now: float) -> str:
    timestamp = headers.get(TIMESTAMP, "")
    if not TIME_PATTERN.fullmatch(timestamp):
        raise BadSignature("timestamp")
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise BadSignature("outside_window")
    return timestamp


def _compare(secrets: Sequence[str], text: bytes, signature: str) -> None:
    # Every secret is tried, so that the time taken does not tell which one fits. A
    # setting left empty is no secret: everybody knows it.
    fits = [
        hmac.compare_digest(_mac(secret, text).encode(), signature.encode())
        for secret in secrets
        if secret.strip()
    ]
    if not any(fits):
        raise BadSignature("signature")


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

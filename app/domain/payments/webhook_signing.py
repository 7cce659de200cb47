"""Signatures of our own events, in the manner of Standard Webhooks: id, time, HMAC-SHA256.

Source: the Standard Webhooks specification (standardwebhooks.com). Pure: the
time comes in as a number. Several secrets may be valid while one replaces another.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

TOLERANCE_SECONDS = 300
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,128}")
TIME_PATTERN = re.compile(r"[0-9]{9,11}")


class BadSignature(Exception):
    """The message is not what its sender signed, or not now; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sign(secret: str, *, event_id: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers of a signed event."""
    return {
        "content-type": "application/json",
        ID: event_id,
        TIMESTAMP: str(timestamp),
        SIGNATURE: _signature(secret, event_id, str(timestamp), body),
    }


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """Return the event's id when one of the secrets signed it within five minutes, or raise BadSignature."""
    given = {name.lower(): value for name, value in headers.items()}
    event_id, timestamp = given.get(ID, ""), given.get(TIMESTAMP, "")
    if not ID_PATTERN.fullmatch(event_id):
        raise BadSignature("id")
    if not TIME_PATTERN.fullmatch(timestamp):
        raise BadSignature("timestamp")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("outside_tolerance")
    offered = given.get(SIGNATURE, "").split(" ")
    # Every pair is tried, so that the time taken does not tell which one fits. A
    # setting left empty is no secret: everybody knows it.
    fits = [
        hmac.compare_digest(_signature(secret, event_id, timestamp, body).encode(), signature.encode())
        for secret in secrets
        if secret.strip()
        for signature in offered
    ]
    if not any(fits):
        raise BadSignature("signature")
    return event_id


def _signature(secret: str, event_id: str, timestamp: str, body: bytes) -> str:
    text = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), text, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    # The specification's secrets are base64 behind "whsec_"; any other text is a key as it stands.
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True) or secret.encode()
        except binascii.Error:
            pass
    return secret.encode()

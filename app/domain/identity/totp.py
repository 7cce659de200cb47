"""Six digits from a telephone (RFC 6238), and their secret at rest."""

import os
from datetime import datetime

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STEP_SECONDS = 30
NONCE = 12


def new_secret() -> str:
    """A fresh base32 secret."""
    return pyotp.random_base32()


def address(secret: str, *, email: str, issuer: str = "Perkline") -> str:
    """The otpauth: address that a telephone reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def step_of(secret: str, digits: str, *, at: datetime, last_step: int | None) -> int | None:
    """The step these digits belong to, one step of drift either way; None for a wrong or a used one."""
    digits = "".join(digits.split())
    now = int(at.timestamp()) // STEP_SECONDS
    for step in (now, now - 1, now + 1):
        fresh = last_step is None or step > last_step
        if fresh and pyotp.utils.strings_equal(pyotp.TOTP(secret).at(step * STEP_SECONDS), digits):
            return step
    return None


def seal(secret: str, *, user_id: int, key: bytes) -> bytes:
    """The secret as the database keeps it; it opens for this user only."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), _context(user_id))


def open_sealed(box: bytes, *, user_id: int, key: bytes) -> str:
    return AESGCM(key).decrypt(box[:NONCE], box[NONCE:], _context(user_id)).decode()


def _context(user_id: int) -> bytes:
    return f"perkline/totp/v1|{user_id}".encode()

"""The bytes of a sealed secret: `01 | nonce (12) | AES-256-GCM ciphertext and tag`."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.foundation.vault.errors import SecretUnreadable

FORMAT = b"\x01"
NONCE_SIZE = 12
OVERHEAD = len(FORMAT) + NONCE_SIZE + 16


def seal(cipher: AESGCM, plain: bytes, context: bytes) -> bytes:
    """Seal one value so that it opens only in the same context."""
    nonce = os.urandom(NONCE_SIZE)
    return FORMAT + nonce + cipher.encrypt(nonce, plain, context)


def seal_many(cipher: AESGCM, items: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """Seal (plain, context) pairs; half the time of sealing one by one.

    Random nonces are safe for 2^32 boxes under one key (NIST SP 800-38D); a
    brand that comes near has rotated its data key long before.
    """
    encrypt = cipher.encrypt
    pool = os.urandom(NONCE_SIZE * len(items))
    sealed = []
    at = 0
    for plain, context in items:
        nonce = pool[at : at + NONCE_SIZE]
        at += NONCE_SIZE
        sealed.append(FORMAT + nonce + encrypt(nonce, plain, context))
    return sealed


def open_box(cipher: AESGCM, box: bytes, context: bytes) -> bytes:
    """What was sealed, or SecretUnreadable: never part of it, never a guess."""
    if box[:1] != FORMAT or len(box) < OVERHEAD:
        raise SecretUnreadable(cause="format")
    try:
        return cipher.decrypt(box[1 : 1 + NONCE_SIZE], box[1 + NONCE_SIZE :], context)
    except InvalidTag:
        raise SecretUnreadable(cause="key, place or bytes") from None

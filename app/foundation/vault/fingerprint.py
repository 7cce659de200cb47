"""Find a code again without opening anything: a keyed fingerprint.

The key never rotates and is one for the whole platform, so a code that any
brand has ever brought is recognised, and the database's unique index refuses
it. Without the key, fingerprints tell nothing, not even of short codes.

Two spellings of one code share a fingerprint: white space is dropped, and
full-width letters and digits count as plain ones (Unicode NFKC). Case and
hyphens stay, because some brands' codes differ in nothing else.
"""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.foundation.vault.secret import UNIT_SEPARATOR, Secret

# 128 bits: a billion codes meet by chance once in 10^20.
FINGERPRINT_SIZE = 16


class Fingerprinter:
    """Computes fingerprints under a key derived from one setting."""

    def __init__(self, setting: str) -> None:
        if len(setting) < 16:
            raise ValueError("the fingerprint setting is shorter than 16 characters")
        key = HKDF(SHA256(), 32, salt=None, info=b"perkline/fingerprint/v1").derive(setting.encode())
        # Copying a keyed state is a quarter cheaper than keying one per code.
        self._keyed = blake2b(key=key, digest_size=FINGERPRINT_SIZE)

    def of(self, secret: Secret) -> bytes:
        """The same 16 bytes for every spelling of the same code."""
        text = secret.card
        if secret.password is not None:
            text = f"{text}{UNIT_SEPARATOR}{secret.password}"
        state = self._keyed.copy()
        state.update(normalised(text).encode())
        return state.digest()


def normalised(text: str) -> str:
    """Fold full-width and compatibility characters, which makes every space plain; drop those."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.replace(" ", "")

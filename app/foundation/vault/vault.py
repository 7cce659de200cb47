"""Seal and open a brand's codes under its data key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hmac import compare_digest
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.foundation.vault.box import open_box, seal, seal_many
from app.foundation.vault.errors import SecretUnreadable
from app.foundation.vault.fingerprint import Fingerprinter
from app.foundation.vault.master import KEY_SIZE, MasterKeys
from app.foundation.vault.secret import Secret

KEYS_IN_MEMORY = 256
CODE = "code"


@dataclass(frozen=True, slots=True)
class DataKey:
    """One version of a brand's key, wrapped: what the database keeps of it."""

    brand_id: int
    version: int
    wrapped: bytes
    master_key_id: str

    def context(self) -> bytes:
        return b"perkline/data-key/v1|%d|%d" % (self.brand_id, self.version)


class Sealed(NamedTuple):
    """A code as it enters the database."""

    fingerprint: bytes
    box: bytes


class Vault:
    """Everything that turns a Secret into bytes and back; holds no database.

    A box opens only for its brand. It is not tied to a row's id, so that rows
    can be written in bulk; its fingerprint ties it instead: given the row's,
    `open` refuses a box that was copied there from another row, and the
    fingerprint itself is unique.
    """

    def __init__(self, masters: MasterKeys, fingerprints: Fingerprinter) -> None:
        self.masters = masters
        self._fingerprints = fingerprints
        self._cipher = lru_cache(KEYS_IN_MEMORY)(self._unwrapped)

    def new_key(self, brand_id: int, version: int) -> DataKey:
        """A fresh random data key, wrapped under the current master key."""
        key = DataKey(brand_id, version, b"", self.masters.current_id)
        return replace(key, wrapped=self.masters.wrap(os.urandom(KEY_SIZE), key.context()))

    def rewrap(self, key: DataKey) -> DataKey:
        """The same data key under the current master key; boxes stay as they are."""
        plain = self.masters.unwrap(key.master_key_id, key.wrapped, key.context())
        wrapped = self.masters.wrap(plain, key.context())
        return replace(key, wrapped=wrapped, master_key_id=self.masters.current_id)

    def fingerprint(self, secret: Secret) -> bytes:
        return self._fingerprints.of(secret)

    def seal(self, key: DataKey, secret: Secret) -> Sealed:
        """What the database keeps of a code."""
        [box] = self.seal_many(key, [secret])
        return Sealed(self.fingerprint(secret), box)

    def seal_many(self, key: DataKey, secrets: Iterable[Secret]) -> list[bytes]:
        """The boxes of many codes, in their order."""
        payloads = [secret.to_bytes() for secret in secrets]
        return seal_many(self._cipher(key), payloads, _context(key.brand_id, CODE))

    def open(self, key: DataKey, box: bytes, *, fingerprint: bytes | None = None) -> Secret:
        """The code, or SecretUnreadable, also when it is not the code of that fingerprint."""
        secret = Secret.from_bytes(self.open_bytes(key, box, CODE))
        if fingerprint is not None and not compare_digest(fingerprint, self.fingerprint(secret)):
            raise SecretUnreadable(cause="fingerprint")
        return secret

    def reseal_many(self, rows: Sequence[tuple[DataKey, Sealed]], under: DataKey) -> list[bytes]:
        """The same codes under another version of the brand's key, each checked on the way."""
        return self.seal_many(
            under,
            (self.open(key, box, fingerprint=fingerprint) for key, (fingerprint, box) in rows),
        )

    def seal_bytes(self, key: DataKey, plain: bytes, purpose: str) -> bytes:
        """Seal anything else of a brand's; it opens only for the same purpose."""
        return seal(self._cipher(key), plain, _context(key.brand_id, purpose))

    def open_bytes(self, key: DataKey, box: bytes, purpose: str) -> bytes:
        return open_box(self._cipher(key), box, _context(key.brand_id, purpose))

    def _unwrapped(self, key: DataKey) -> AESGCM:
        return AESGCM(self.masters.unwrap(key.master_key_id, key.wrapped, key.context()))


def _context(brand_id: int, purpose: str) -> bytes:
    return f"perkline/v1|{brand_id}|{purpose}".encode()

"""Seal and open codes under a brand's data key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.foundation.vault.box import open_box, seal, seal_many
from app.foundation.vault.fingerprint import Fingerprinter
from app.foundation.vault.master import KEY_SIZE, MasterKeys
from app.foundation.vault.secret import Secret

KEYS_IN_MEMORY = 256


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

    A box is bound to its brand and to its fingerprint. Fingerprints are unique,
    so a box copied onto another row cannot open there, while rows still may be
    written in bulk before they have an id.
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
        fingerprint = self.fingerprint(secret)
        context = _code_context(key.brand_id) + fingerprint
        return Sealed(fingerprint, seal(self._cipher(key), secret.to_bytes(), context))

    def seal_many(self, key: DataKey, found: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """Boxes for pairs of fingerprint and `Secret.to_bytes()`, in their order."""
        prefix = _code_context(key.brand_id)
        return seal_many(self._cipher(key), [(plain, prefix + mark) for mark, plain in found])

    def open(self, key: DataKey, sealed: Sealed) -> Secret:
        """The code, or SecretUnreadable."""
        return Secret.from_bytes(self._plain(key, sealed))

    def reseal(self, key: DataKey, sealed: Sealed, under: DataKey) -> bytes:
        """The box of the same code under another version of the brand's key."""
        context = _code_context(under.brand_id) + sealed.fingerprint
        return seal(self._cipher(under), self._plain(key, sealed), context)

    def seal_bytes(self, key: DataKey, plain: bytes, purpose: bytes) -> bytes:
        """Seal anything else of a brand's, such as the key of an uploaded file, for one purpose."""
        return seal(self._cipher(key), plain, _purpose_context(key.brand_id, purpose))

    def open_bytes(self, key: DataKey, box: bytes, purpose: bytes) -> bytes:
        return open_box(self._cipher(key), box, _purpose_context(key.brand_id, purpose))

    def _plain(self, key: DataKey, sealed: Sealed) -> bytes:
        context = _code_context(key.brand_id) + sealed.fingerprint
        return open_box(self._cipher(key), sealed.box, context)

    def _unwrapped(self, key: DataKey) -> AESGCM:
        return AESGCM(self.masters.unwrap(key.master_key_id, key.wrapped, key.context()))


def _code_context(brand_id: int) -> bytes:
    return b"perkline/code/v1|%d|" % brand_id


def _purpose_context(brand_id: int, purpose: bytes) -> bytes:
    return b"perkline/bytes/v1|%d|" % brand_id + purpose

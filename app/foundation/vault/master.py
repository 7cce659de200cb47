"""Master keys: few, in the settings, and used for nothing but wrapping keys."""

from __future__ import annotations

import base64
import binascii
import os
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.foundation.vault.box import open_box, seal
from app.foundation.vault.errors import MasterKeysInvalid, MasterKeyUnknown

KEY_SIZE = 32


class MasterKeys:
    """The master keys of MASTER_KEYS, `id:base64,id:base64`; the first one wraps.

    Older ones stay listed until `perkline keys rotate` has wrapped everything
    again; after that they can be deleted from the setting.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys or any(len(key) != KEY_SIZE for key in keys.values()):
            raise MasterKeysInvalid("MASTER_KEYS needs at least one key of 32 bytes")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.current_id = next(iter(keys))

    @classmethod
    def parse(cls, setting: str) -> Self:
        """Read the setting, or raise MasterKeysInvalid without echoing it."""
        keys: dict[str, bytes] = {}
        for position, pair in enumerate(filter(None, setting.split(",")), start=1):
            name, _, encoded = pair.strip().partition(":")
            if not name or name in keys:
                raise MasterKeysInvalid(f"key {position} of MASTER_KEYS has no id, or a used one")
            try:
                keys[name] = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise MasterKeysInvalid(f"key {position} of MASTER_KEYS is no base64") from None
        return cls(keys)

    @staticmethod
    def generate(name: str) -> str:
        """A new `id:base64` pair to put first into MASTER_KEYS."""
        return f"{name}:{base64.b64encode(os.urandom(KEY_SIZE)).decode()}"

    def __repr__(self) -> str:
        return f"MasterKeys(current={self.current_id!r}, held={sorted(self._ciphers)})"

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """Seal under the current master key; keep `current_id` beside the answer."""
        return seal(self._ciphers[self.current_id], plain, context)

    def unwrap(self, master_key_id: str, wrapped: bytes, context: bytes) -> bytes:
        cipher = self._ciphers.get(master_key_id)
        if cipher is None:
            raise MasterKeyUnknown(id=master_key_id)
        return open_box(cipher, wrapped, context)

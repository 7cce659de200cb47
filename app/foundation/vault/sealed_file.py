"""A file that is never in plain text on a disk, read back at any place.

`PLF1`, then segments of 64 KiB, each sealed with AES-256-GCM under a key that
belongs to this file alone. The nonce is the segment's number, and the context
says whether it is the last: cutting, swapping or extending is noticed.
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.foundation.vault.errors import SecretUnreadable

MAGIC = b"PLF1"
SEGMENT = 64 * 1024
TAG = 16
KEY_SIZE = 32


def new_file_key() -> bytes:
    """A key for one file. Using it for a second file would repeat nonces."""
    return os.urandom(KEY_SIZE)


class SealedWriter:
    """Seals what is written to it; the file is whole only after `close`."""

    def __init__(self, target: BinaryIO, key: bytes) -> None:
        self._target, self._cipher = target, AESGCM(key)
        self._pending, self._number = bytearray(), 0
        target.write(MAGIC)

    def write(self, data: bytes) -> None:
        self._pending += data
        # The last segment is only known at the end, so one always stays behind.
        while len(self._pending) > SEGMENT:
            self._flush(SEGMENT, last=False)

    def close(self) -> None:
        self._flush(len(self._pending), last=True)

    def _flush(self, size: int, *, last: bool) -> None:
        plain = bytes(self._pending[:size])
        del self._pending[:size]
        self._target.write(self._cipher.encrypt(_nonce(self._number), plain, _context(last)))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file, from where `source` stands, like a plain one; holds one open segment."""

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        self._source, self._cipher = source, AESGCM(key)
        self._start = source.tell() + len(MAGIC)
        magic = source.read(len(MAGIC))
        size = source.seek(0, io.SEEK_END) - self._start
        if magic != MAGIC or size < TAG:
            raise SecretUnreadable(cause="no sealed file")
        self._segments = -(-size // (SEGMENT + TAG))
        self.size = size - self._segments * TAG
        self._at, self._held_number, self._held = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        number, within = divmod(self._at, SEGMENT)
        if self._at >= self.size and self.size:
            return 0
        piece = self._segment(number)[within : within + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _segment(self, number: int) -> bytes:
        if number != self._held_number:
            self._source.seek(self._start + number * (SEGMENT + TAG))
            sealed = self._source.read(SEGMENT + TAG)
            context = _context(number == self._segments - 1)
            try:
                self._held = self._cipher.decrypt(_nonce(number), sealed, context)
            except InvalidTag:
                raise SecretUnreadable(cause="changed or cut file") from None
            self._held_number = number
        return self._held


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _context(last: bool) -> bytes:
    return b"last" if last else b"more"

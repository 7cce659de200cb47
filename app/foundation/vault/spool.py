"""Room for an upload while its form is being read: beyond a little memory, sealed on disk."""

from __future__ import annotations

import io
import tempfile
from typing import BinaryIO, cast

from app.foundation.vault.sealed_file import SealedReader, SealedWriter, new_file_key

IN_MEMORY = 256 * 1024


class SealedSpool(io.RawIOBase):
    """Written once, then read at any place; its key dies with it.

    What a form parser would put into a plain temporary file may be a brand's
    codes, and a deleted file can still be found on the disk.
    """

    def __init__(self) -> None:
        self._key = new_file_key()
        self._target = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
        self._writer: SealedWriter | None = SealedWriter(self._target, self._key)
        self._reader: io.BufferedReader | None = None

    def writable(self) -> bool:
        return self._writer is not None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # any bytes a form parser has
        if self._writer is None:
            raise io.UnsupportedOperation("a spool is written once")
        self._writer.write(bytes(data))
        return len(data)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        return self._reading().readinto(buffer)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._reading().seek(offset, whence)

    def tell(self) -> int:
        return self._reading().tell()

    def close(self) -> None:
        self._target.close()
        super().close()

    def _reading(self) -> io.BufferedReader:
        """The end of writing is the first wish to read."""
        if self._reader is None:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._target.seek(0)
            self._reader = io.BufferedReader(SealedReader(self._target, self._key))
        return self._reader

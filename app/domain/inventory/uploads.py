"""The file a brand sent, kept sealed until its codes are in, then gone.

What is kept: the box of a key that belongs to this file alone, then the sealed
file. It is never in plain text on a disk, in the database or in a queue.
"""

from __future__ import annotations

import io
import tempfile
from typing import BinaryIO

from sqlalchemy import text

from app.domain.inventory.errors import FileTooLarge, UploadGone
from app.foundation.database import session
from app.foundation.vault import DataKey, SealedReader, SealedWriter, Vault, new_file_key

PURPOSE = b"stock-file"
BOX_SIZE = 1 + 12 + 32 + 16
PIECE = 4 * 1024 * 1024
LARGEST = 64 * 1024 * 1024

READ = text("SELECT substring(source FROM :start FOR :size) FROM stock_imports WHERE id = :id")


def sealed_upload(vault: Vault, key: DataKey, source: BinaryIO) -> bytes:
    """What the database keeps of a file, or FileTooLarge."""
    file_key = new_file_key()
    target = io.BytesIO()
    target.write(vault.seal_bytes(key, file_key, PURPOSE))
    writer = SealedWriter(target, file_key)
    while piece := source.read(PIECE):
        writer.write(piece)
        if target.tell() > LARGEST:
            raise FileTooLarge(param="file", megabytes=LARGEST // 1024**2)
    writer.close()
    return target.getvalue()


def fetch_upload(import_id: int) -> BinaryIO:
    """The sealed file of an import, copied piece by piece to a nameless file on this machine."""
    sealed = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    start = 1
    while piece := session().execute(READ, {"id": import_id, "start": start, "size": PIECE}).scalar():
        sealed.write(piece)
        start += PIECE
    if start == 1:
        sealed.close()
        raise UploadGone(import_id=import_id)
    return sealed


def opened_upload(vault: Vault, key: DataKey, sealed: BinaryIO) -> io.BufferedReader:
    """The plain file, opened segment by segment while it is read."""
    sealed.seek(0)
    file_key = vault.open_bytes(key, sealed.read(BOX_SIZE), PURPOSE)
    return io.BufferedReader(SealedReader(sealed, file_key), buffer_size=64 * 1024)

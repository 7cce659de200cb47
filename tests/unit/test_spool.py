"""An upload on its way through the form parser."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from flask import Flask, request
from openpyxl import Workbook, load_workbook

from app.foundation.vault.spool import SealedSpool
from app.web.uploads import SealedUploads

NEEDLE = b"NEEDLE-CARD-0001\n"
LARGE = NEEDLE * 100_000


def test_a_spool_reads_like_what_was_written() -> None:
    spool = SealedSpool()
    spool.write(LARGE[:1_000])
    spool.write(LARGE[1_000:])
    assert spool.seek(0, io.SEEK_END) == len(LARGE)
    assert spool.seek(0) == 0
    assert spool.read() == LARGE
    spool.seek(len(NEEDLE))
    assert spool.readline() == NEEDLE
    with pytest.raises(io.UnsupportedOperation):
        spool.write(b"more")
    spool.close()


def test_a_large_upload_lies_sealed_on_the_disk() -> None:
    app = Flask("uploads")
    app.request_class = SealedUploads
    seen: list[bytes] = []

    @app.post("/")
    def take() -> str:
        upload = request.files["file"]
        spooled = upload.stream._target  # type: ignore[attr-defined]
        on_disk = Path(f"/proc/self/fd/{spooled.fileno()}")
        seen.append(on_disk.read_bytes() if on_disk.exists() else os.pread(spooled.fileno(), len(LARGE), 0))
        return str(upload.read() == LARGE)

    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="codes.txt"\r\n\r\n'
    body = head + LARGE + b"\r\n--edge--\r\n"
    answer = app.test_client().post("/", data=body, content_type="multipart/form-data; boundary=edge")
    assert answer.text == "True"
    assert len(seen[0]) > len(LARGE)
    assert NEEDLE not in seen[0]


def test_a_spreadsheet_opens_from_a_spool() -> None:
    book, plain = Workbook(), io.BytesIO()
    book.active.append(["A1"])
    book.save(plain)
    with SealedSpool() as spool:
        spool.write(plain.getvalue())
        spool.seek(0)
        assert load_workbook(spool).active["A1"].value == "A1"

"""One program of the import bench: receives the file like the web, or imports it like a worker.

Each is a process of its own, so that its memory is its own. The figures go to
standard output as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app import create_app
from app.domain.inventory import imports, keys
from app.flows import import_stock as flow
from app.flows.import_stock import Delivered
from app.foundation.actor import SYSTEM
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from app.foundation.vault import Sealed
from tenants.context import brand_scope, platform_scope

OPENED = 200


def receive(brand_id: int, sku_id: int, path: str) -> dict[str, Any]:
    """Keep the file and confirm it, as the brand's console does."""
    started = time.perf_counter()
    with brand_scope(brand_id):
        with Path(path).open("rb") as source:
            told = Delivered(sku_id, batch_name="bench", file_name=Path(path).name)
            import_id = flow.receive_file(source, told, actor=SYSTEM)
        flow.confirm_import(import_id, actor=SYSTEM)
    return {"import_id": import_id, "seconds": time.perf_counter() - started}


def work(brand_id: int, import_id: int) -> dict[str, Any]:
    """Import it, as the job does, and count what came of it."""
    with brand_scope(brand_id):
        started = time.perf_counter()
        flow.import_stock(import_id)
        seconds = time.perf_counter() - started
        with unit_of_work():
            row = imports.get(import_id)
    return {"seconds": seconds, "state": row.state, "rss_mb": peak_rss_mb(), **imports.counts(row)}


def check(path: str) -> dict[str, Any]:
    """Open some codes picked at random and look for them in the file."""
    sample = text("SELECT data_key_id, fingerprint, secret FROM codes TABLESAMPLE SYSTEM (1) LIMIT 20000")
    with platform_scope(), unit_of_work() as work:
        rows = random.sample(work.session.execute(sample).all(), OPENED)
        key = keys.key_of(rows[0].data_key_id)
    opened = {runtime().vault.open(key, Sealed(row.fingerprint, row.secret)) for row in rows}
    lines = {f"{secret.card},{secret.password}" for secret in opened}
    with Path(path).open() as source:
        found = sum(line.rstrip("\n") in lines for line in source)
    return {"opened": found, "sampled": OPENED}


def peak_rss_mb() -> float:
    """The most memory this program has held; what its parent held does not count."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("this system does not tell")


PROGRAMS: dict[str, Callable[..., dict[str, Any]]] = {"receive": receive, "work": work, "check": check}


def main() -> None:
    program, *arguments = sys.argv[1:]
    with create_app().app_context():
        told = PROGRAMS[program](*(int(word) if word.isdigit() else word for word in arguments))
        told.setdefault("rss_mb", peak_rss_mb())
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

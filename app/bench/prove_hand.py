"""The program that proves in the bench: a process of its own, so that its memory is its own."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from statistics import median
from typing import Any

import psutil
from sqlalchemy import create_engine, text

from app import create_app
from app.bench.import_hand import peak_rss_mb
from app.config import load
from app.flows.prove import ROOM, prove
from app.foundation.database import session
from tenants.context import platform_scope

PLAIN = text("""
    SELECT account, brand_id, distributor_id, currency, count(*), sum(amount_minor) FROM ledger_entries
    GROUP BY account, brand_id, distributor_id, currency
""")


def plain_seconds() -> float:
    """One aggregate over the entries, as the proof's role."""
    with platform_scope():
        session().connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session().execute(ROOM)
        began = time.perf_counter()
        session().execute(PLAIN).all()
        seconds = time.perf_counter() - began
        session().rollback()
        return seconds


CENT = text("""
    UPDATE ledger_entries SET amount_minor = amount_minor + 1
    WHERE id = (SELECT max(id) / 2 FROM ledger_entries) RETURNING id
""")


class Backends(threading.Thread):
    """Watches what the database's processes have for themselves, in megabytes, all together."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.over = 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            self.most = max(self.most, sum(map(_own_mb, psutil.process_iter(["name"]))))


def _own_mb(process: psutil.Process) -> float:
    try:
        if process.name() != "postgres" or os.environ["PERKLINE_HOME"] not in " ".join(_family(process)):
            return 0.0
        memory: Any = process.memory_info()
        return float(memory.rss - memory.shared) / 2**20
    except psutil.Error:
        return 0.0


def _family(process: psutil.Process) -> list[str]:
    above = process.parent()
    return process.cmdline() + (above.cmdline() if above is not None else [])


def cent_is_found() -> bool:
    """Whether a proof finds one entry with a cent too much, written by the owner: a blind proof is fast."""
    owner = create_engine(os.environ["DATABASE_URL"])
    try:
        with owner.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            entry = connection.execute(CENT).scalar_one()
        return any(one.get("entry") == entry for one in prove().differences)
    finally:
        owner.dispose()


def main(turns: int) -> dict[str, Any]:
    proofs, plains = [], []
    backends = Backends()
    with create_app(load(os.environ)).app_context():
        backends.start()
        for _ in range(turns):
            plains.append(plain_seconds())
            began = time.perf_counter()
            proof = prove()
            proofs.append(time.perf_counter() - began)
        backends.over.set()
        most, found = peak_rss_mb(), cent_is_found()
    return {
        "proven": proof.entries, "cent_found": found,
        "transactions": proof.transactions, "differences": len(proof.differences),
        "prove_seconds": round(median(proofs), 2), "plain_seconds": round(median(plains), 2),
        "ratio": round(median(plains) / median(proofs), 3),
        "best_ratio": round(min(plains) / min(proofs), 3),
        "peak_rss_mb": round(most),
        "backends_mb": round(backends.most),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))

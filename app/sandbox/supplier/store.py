"""The supplier's memory: one SQLite file, one writer at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from app.sandbox.supplier.settings import INSTANCES

NONCES_KEPT_SECONDS = 180
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    instance TEXT NOT NULL,
    reference TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    number TEXT NOT NULL UNIQUE,
    product TEXT NOT NULL,
    face_value_minor INTEGER NOT NULL,
    cost_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    callback_url TEXT NOT NULL,
    fault TEXT,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'succeeded', 'failed')),
    reason TEXT,
    voucher TEXT,
    accepted_at REAL NOT NULL,
    at REAL NOT NULL,
    finish_at REAL,
    PRIMARY KEY (instance, reference)
);
CREATE INDEX IF NOT EXISTS orders_due ON orders (finish_at) WHERE finish_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    body BLOB NOT NULL,
    due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_at);
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, seen_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS balances (instance TEXT PRIMARY KEY, amount_minor INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
    instance TEXT NOT NULL,
    fault TEXT NOT NULL,
    times INTEGER,
    PRIMARY KEY (instance)
);
"""


class Store:
    """Opens the file, and gives one transaction at a time to whoever asks."""

    def __init__(self, path: Path, *, opening_balance_minor: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        # Survives a kill; only a power cut could take the last orders.
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)
        with self.transaction() as rows:
            for instance in INSTANCES:
                rows.execute(
                    "INSERT OR IGNORE INTO balances VALUES (?, ?)", (instance, opening_balance_minor)
                )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; nobody else writes meanwhile."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def keep_nonce(self, nonce: str, seen_at: float) -> bool:
        """Remember a nonce; False when it was used before."""
        with self.transaction() as rows:
            rows.execute("DELETE FROM nonces WHERE seen_at < ?", (seen_at - NONCES_KEPT_SECONDS,))
            kept = rows.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?)", (nonce, seen_at))
            return kept.rowcount == 1

    def close(self) -> None:
        with self._lock:
            self._database.close()

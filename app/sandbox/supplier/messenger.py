"""The supplier's own hands: a thread that finishes orders and carries callbacks to the customer."""

import logging
import secrets
import sqlite3
import time
from threading import Event, Thread
from urllib.parse import urlsplit

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from app.domain.fulfilment.signing import sign_request
from app.sandbox.supplier.desk import Desk
from app.sandbox.supplier.settings import SupplierSettings
from app.sandbox.supplier.store import Store

log = logging.getLogger("sandbox.supplier")
RETRY_SECONDS = (1, 5, 30, 120)
BEAT_SECONDS = 0.1


def is_allowed(url: str, callback_base: str) -> bool:
    """Callbacks go to this machine or to the configured base, and nowhere else."""
    if not url:
        return True
    try:
        where = urlsplit(url)
        host = where.hostname or ""
        plain = where.scheme in ("http", "https") and where.username is None and where.port != 0
    except ValueError:  # a port beyond all ports, a broken IPv6 address
        return False
    if not plain:
        return False
    if host in ("127.0.0.1", "::1", "localhost") or host.endswith(".localhost"):
        return True
    base = urlsplit(callback_base)
    same_origin = (where.scheme, where.netloc) == (base.scheme, base.netloc)
    return bool(callback_base) and same_origin and where.path.startswith(base.path)


class Messenger:
    """Runs until stopped; what is not delivered stays in the file for the next start."""

    def __init__(self, store: Store, desk: Desk, settings: SupplierSettings) -> None:
        self._store, self._desk, self._settings = store, desk, settings
        self._stopping = Event()
        self._pool = PoolManager(timeout=Timeout(connect=2, read=5), retries=False)
        self._thread = Thread(target=self._work, name="messenger", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being carried, then return."""
        self._stopping.set()
        self._thread.join(timeout=8)
        self._pool.clear()

    def _work(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            try:
                self._desk.finish_due(time.time())
                self._carry_due(time.time())
            except sqlite3.Error:
                log.exception("the file could not be read or written; the next beat tries again")

    def _carry_due(self, now: float) -> None:
        with self._store.transaction() as rows:
            due = rows.execute(
                "SELECT * FROM callbacks WHERE due_at <= ? ORDER BY due_at, id LIMIT 50", (now,)
            ).fetchall()
        for callback in due:
            if self._stopping.is_set():
                return
            arrived = self._carry(callback["url"], callback["body"])
            self._note(callback["id"], callback["tries"], arrived=arrived, now=now)

    def _note(self, callback_id: int, tries: int, *, arrived: bool, now: float) -> None:
        with self._store.transaction() as rows:
            if arrived or tries >= len(RETRY_SECONDS):
                rows.execute("DELETE FROM callbacks WHERE id = ?", (callback_id,))
                return
            rows.execute(
                "UPDATE callbacks SET tries = tries + 1, due_at = ? WHERE id = ?",
                (now + RETRY_SECONDS[tries], callback_id),
            )

    def _carry(self, url: str, body: bytes) -> bool:
        where = urlsplit(url)
        headers = sign_request(
            self._settings.secret, key=self._settings.key, method="POST", path=where.path, query=where.query,
            body=body, timestamp=int(time.time()), nonce=secrets.token_urlsafe(18),
        )  # fmt: skip
        headers |= {"content-type": "application/json", "host": where.netloc}
        try:
            answer = self._pool.request("POST", _reachable(url), body=body, headers=headers, redirect=False)
        except HTTPError:
            log.info("callback did not arrive")
            return False
        return 200 <= answer.status < 300


def _reachable(url: str) -> str:
    # Not every resolver knows that names under localhost are this machine.
    where = urlsplit(url)
    if not (where.hostname or "").endswith(".localhost"):
        return url
    port = f":{where.port}" if where.port else ""
    return where._replace(netloc=f"127.0.0.1{port}").geturl()

"""Taking an order, crediting it, and telling the customer: the supplier's business."""

import json
import secrets
import sqlite3
from datetime import UTC, datetime
from typing import Any

from app.sandbox.supplier.faults import Fault, chosen_fault
from app.sandbox.supplier.settings import SupplierSettings
from app.sandbox.supplier.store import Store
from app.sandbox.supplier.wanted import RefusedError, Wanted

COST_PERCENT = {"alpha": 97, "beta": 98}


class Desk:
    """The counter of both instances."""

    def __init__(self, store: Store, settings: SupplierSettings) -> None:
        self._store, self._settings = store, settings

    def take(
        self, instance: str, wanted: Wanted, now: float
    ) -> tuple[sqlite3.Row | None, Fault | None, bool]:
        """Record an order once; return (order, fault, new). Without an order it was lost on purpose."""
        known = self.find(instance, wanted.reference)
        fault = None if known else self._fault_for(instance, wanted)
        if fault is Fault.LOST:
            return None, fault, True
        with self._store.transaction() as rows:
            known = _find(rows, instance, wanted.reference)
            if known is not None:
                if known["fingerprint"] != wanted.fingerprint():
                    raise RefusedError(409, "reference_conflict")
                return known, None, False
            self._refuse(wanted, fault)
            self._record(rows, instance, wanted, fault, now)
            return _find(rows, instance, wanted.reference), fault, True

    def find(self, instance: str, reference: str) -> sqlite3.Row | None:
        with self._store.transaction() as rows:
            return _find(rows, instance, reference)

    def balance(self, instance: str) -> int:
        with self._store.transaction() as rows:
            found = rows.execute(
                "SELECT amount_minor FROM balances WHERE instance = ?", (instance,)
            ).fetchone()
            return int(found["amount_minor"])

    def finished_on(self, instance: str, day: str) -> list[sqlite3.Row]:
        """The orders that reached a final state on that UTC day."""
        opens = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
        with self._store.transaction() as rows:
            return rows.execute(
                "SELECT * FROM orders WHERE instance = ? AND state != 'accepted' AND at >= ? AND at < ?"
                " ORDER BY at, reference",
                (instance, opens, opens + 86400),
            ).fetchall()

    def set_fault(self, instance: str, fault: Fault | None, times: int | None) -> None:
        """Meet every following order (or so many) with this fault; None takes it away."""
        with self._store.transaction() as rows:
            rows.execute("DELETE FROM faults WHERE instance = ?", (instance,))
            if fault is not None:
                rows.execute("INSERT INTO faults VALUES (?, ?, ?)", (instance, fault, times))

    def _fault_for(self, instance: str, wanted: Wanted) -> Fault | None:
        with self._store.transaction() as rows:
            queued = _queued_fault(rows, instance)
        return queued or chosen_fault(instance, wanted.face_value_minor, wanted.fields)

    def _refuse(self, wanted: Wanted, fault: Fault | None) -> None:
        if wanted.currency != self._settings.currency:
            raise RefusedError(422, "currency_not_sold")
        if wanted.product.startswith("not-sold"):
            raise RefusedError(422, "product_not_sold")
        if fault is Fault.REJECT:
            raise RefusedError(422, "rejected")
        if fault is Fault.OUT_OF_FUNDS:
            raise RefusedError(402, "out_of_funds")

    def _record(
        self, rows: sqlite3.Connection, instance: str, wanted: Wanted, fault: Fault | None, now: float
    ) -> None:
        cost = wanted.face_value_minor * COST_PERCENT[instance] // 100
        paid = rows.execute(
            "UPDATE balances SET amount_minor = amount_minor - ? WHERE instance = ? AND amount_minor >= ?",
            (cost, instance, cost),
        )
        if paid.rowcount != 1:
            raise RefusedError(402, "out_of_funds")
        at_once = fault is Fault.TIMEOUT_AFTER_SUCCESS
        later = self._settings.credit_seconds + (self._settings.slow_seconds if fault is Fault.SLOW else 0)
        values = {
            "instance": instance, "reference": wanted.reference, "fingerprint": wanted.fingerprint(),
            "number": f"{instance[0].upper()}{secrets.randbelow(10**12):012d}", "product": wanted.product,
            "face_value_minor": wanted.face_value_minor, "cost_minor": cost, "currency": wanted.currency,
            "callback_url": wanted.callback_url, "fault": fault,
            "state": "succeeded" if at_once else "accepted",
            "voucher": _voucher(wanted.product) if at_once else None,
            "accepted_at": now, "at": now, "finish_at": None if at_once else now + later,
        }  # fmt: skip
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        rows.execute(f"INSERT INTO orders ({names}) VALUES ({marks})", values)  # noqa: S608 - our own names

    def finish_due(self, now: float) -> None:
        """Give every order whose time has come its final state, and write down the callbacks it is owed."""
        with self._store.transaction() as rows:
            due = rows.execute("SELECT * FROM orders WHERE finish_at <= ?", (now,)).fetchall()
            for order in due:
                failed = order["fault"] == Fault.FAIL_LATER
                rows.execute(
                    "UPDATE orders SET state = ?, reason = ?, voucher = ?, at = ?, finish_at = NULL"
                    " WHERE instance = ? AND reference = ?",
                    (
                        "failed" if failed else "succeeded", "operator_refused" if failed else None,
                        None if failed else _voucher(order["product"]), now,
                        order["instance"], order["reference"],
                    ),
                )  # fmt: skip
                if failed:
                    rows.execute(
                        "UPDATE balances SET amount_minor = amount_minor + ? WHERE instance = ?",
                        (order["cost_minor"], order["instance"]),
                    )
                _write_callbacks(rows, _find(rows, order["instance"], order["reference"]), now)


def told(order: sqlite3.Row, *, with_voucher: bool) -> dict[str, Any]:
    """An order as the protocol shows it."""
    voucher = json.loads(order["voucher"]) if order["voucher"] else None
    return {
        "reference": order["reference"],
        "number": order["number"],
        "state": order["state"],
        "reason": order["reason"],
        "at": datetime.fromtimestamp(order["at"], UTC).isoformat(),
        "voucher": voucher if with_voucher else None,
        "voucher_waiting": voucher is not None and not with_voucher,
    }


def _find(rows: sqlite3.Connection, instance: str, reference: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = rows.execute(
        "SELECT * FROM orders WHERE instance = ? AND reference = ?", (instance, reference)
    ).fetchone()
    return found


def _queued_fault(rows: sqlite3.Connection, instance: str) -> Fault | None:
    queued = rows.execute("SELECT fault, times FROM faults WHERE instance = ?", (instance,)).fetchone()
    if queued is None:
        return None
    if queued["times"] is not None:
        rows.execute("UPDATE faults SET times = times - 1 WHERE instance = ?", (instance,))
        rows.execute("DELETE FROM faults WHERE instance = ? AND times <= 0", (instance,))
    return Fault(queued["fault"])


def _voucher(product: str) -> str | None:
    if not product.startswith("voucher"):
        return None
    return json.dumps(
        {"number": f"{secrets.randbelow(10**16):016d}", "password": f"{secrets.randbelow(10**6):06d}"}
    )


def _write_callbacks(rows: sqlite3.Connection, order: sqlite3.Row | None, now: float) -> None:
    if order is None or not order["callback_url"] or order["fault"] == Fault.SILENT:
        return
    news = told(order, with_voucher=False)
    accepted_at = datetime.fromtimestamp(order["accepted_at"], UTC).isoformat()
    bodies = [news]
    match order["fault"]:
        case Fault.DUPLICATE_CALLBACK:
            bodies = [news, news]
        case Fault.OUT_OF_ORDER_CALLBACK:
            bodies = [news, news | {"state": "accepted", "at": accepted_at, "voucher_waiting": False}]
        case Fault.CONTRADICT:
            later = datetime.fromtimestamp(now + 1, UTC).isoformat()
            bodies = [news, news | {"state": "failed", "reason": "reversed", "at": later}]
    for place, body in enumerate(bodies):
        rows.execute(
            "INSERT INTO callbacks (url, body, due_at) VALUES (?, ?, ?)",
            (order["callback_url"], json.dumps(body).encode(), now + place * 0.2),
        )

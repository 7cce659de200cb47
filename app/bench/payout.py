"""How fast firms are paid: planned, reserved, transferred through the sandbox carrier, recorded and told.

The reference is PostgreSQL alone: every row a paid payout leaves behind, written by raw SQL into tables of the same
shape with the same indexes and no triggers, in batches of the same size.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import create_engine, text

from app.bench import machine
from app.bench.house import BenchHouse, bench_house
from app.domain.payouts.rules import last_signs
from app.domain.payouts.sealing import Details, place_of, seal
from app.flows import pay_out
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from app.jobs.run import run_batch
from tenants.context import platform_scope

PAYEES = 10_000
AVAILABLE = 123_400
BATCH = 50

FIRMS = text("""
    INSERT INTO distributors (name, status, contact_email)
    SELECT 'Bench ' || n, 'approved', 'bench' || n || '@example.com' FROM generate_series(1, :payees) n RETURNING id
""")
ACCOUNT = text("""
    INSERT INTO payout_accounts
        (distributor_id, method, currency, holder, shown, details, master_key_id, contact_email, status, verified_at)
    VALUES (:firm, 'sandbox', 'CNY', 'Bench', :shown, :details, :master, 'bench@example.com', 'verified', now())
""")
PLANS = text("""
    INSERT INTO payout_plans (distributor_id, currency, every, next_at)
    SELECT distributor_id, currency, 'daily', now() - interval '1 minute' FROM payout_accounts
""")
EARNED = text("""
    WITH t AS (
        INSERT INTO ledger_transactions (key, kind, currency, size, moved_minor, occurred_at)
        SELECT 'bench:' || id, 'maturity', 'CNY', 2, :minor, now() FROM distributors
        RETURNING id, substr(key, 7)::bigint AS firm)
    INSERT INTO ledger_entries (transaction_id, position, account, distributor_id, currency, amount_minor, occurred_at)
    SELECT id, 1, 'buyer_liability', NULL, 'CNY', -:minor, now() FROM t UNION ALL
    SELECT id, 2, 'distributor_available', firm, 'CNY', :minor, now() FROM t
""")
SEND = text("SELECT id FROM outbox WHERE kind = 'send_payouts' ORDER BY id LIMIT 1")
# By firm: one that was forgotten does not hide one that was paid twice.
MISSED = text("""
    SELECT :payees - count(DISTINCT p.distributor_id) FROM sandbox_transfers t
    JOIN payouts p ON p.key = t.key AND p.state = 'paid'
    WHERE t.amount_minor = p.net_minor AND p.amount_minor = :minor
""")
TWICE = text("""
    SELECT (SELECT count(*) FROM (SELECT destination FROM sandbox_transfers GROUP BY 1 HAVING count(*) > 1) sent)
         + (SELECT count(*) FROM (SELECT distributor_id FROM payouts WHERE state IN ('reserved', 'sent', 'paid')
            GROUP BY 1 HAVING count(*) > 1) planned)
         + (SELECT count(*) FROM (SELECT payout_id FROM ledger_transactions WHERE kind = 'payout_paid' GROUP BY 1
            HAVING count(*) > 1) repeated)
         + (SELECT count(*) FROM sandbox_transfers t WHERE NOT EXISTS (SELECT 1 FROM payouts p WHERE p.key = t.key))
""")
LEFT = text("""
    SELECT count(*) FROM (SELECT 1 FROM ledger_entries WHERE distributor_id IS NOT NULL GROUP BY distributor_id, account
    HAVING account <> 'distributor_held' AND sum(amount_minor) <> 0) off
""")
TABLES = (
    "payouts",
    "payout_steps",
    "ledger_transactions",
    "ledger_entries",
    "mails",
    "sandbox_transfers",
    "outbox",
)


def run(*, payees: int = PAYEES) -> dict[str, Any]:
    """The figures of one day of paying so many firms, by one process, in a house that is thrown away."""
    with bench_house(PAYOUT_REVIEW_FIRST="0") as house:
        _plant(payees)
        house.tidy()
        planned, sent = _pay()
        reference = _reference_seconds(house, payees)
        seconds = planned + sent
        faults = _faults(payees)
        return {
            "payees": payees,
            "payouts_per_second": round(payees / seconds, 1),
            "reference_per_second": round(payees / reference, 1),
            "ratio": round(reference / seconds, 3),
            "plan_seconds": round(planned, 2),
            "send_seconds": round(sent, 2),
            **faults,
            "broken": machine.broken(**faults),
            **machine.notes(),
        }


def _plant(payees: int) -> None:
    masters = runtime().vault.masters
    with platform_scope(), unit_of_work() as work:
        firms = work.session.execute(FIRMS, {"payees": payees}).scalars().all()
        rows = []
        for firm in firms:
            number = f"acct_bench_{firm:08d}"
            place = place_of(brand_id=None, distributor_id=firm, currency="CNY", method="sandbox")
            box = seal(masters, Details(number), place)
            rows.append(
                {"firm": firm, "shown": last_signs(number), "details": box, "master": masters.current_id}
            )
        work.session.execute(ACCOUNT, rows)
        work.session.execute(PLANS)
        work.session.execute(EARNED, {"minor": AVAILABLE})


def _pay() -> tuple[float, float]:
    """Seconds of planning and reserving, and of handing over and recording."""
    began = time.perf_counter()
    pay_out.plan_payouts()
    planned = time.perf_counter()
    while (row := _due()) is not None:
        run_batch([row])
    return planned - began, time.perf_counter() - planned


def _due() -> int | None:
    with platform_scope(), unit_of_work() as work:
        found: int | None = work.session.execute(SEND).scalar()
        return found


def _faults(payees: int) -> dict[str, int]:
    """Each of these is nought, or the bench has found a fault."""
    with platform_scope(), unit_of_work() as work:
        return {
            "paid_twice": int(work.session.execute(TWICE).scalar_one()),
            "missed": int(work.session.execute(MISSED, {"payees": payees, "minor": AVAILABLE}).scalar_one()),
            "left_over": int(work.session.execute(LEFT).scalar_one()),
        }


def _reference_seconds(house: BenchHouse, payees: int) -> float:
    """The time raw SQL takes for the same rows, in batches of the same size."""
    owner = create_engine(house.settings.database_url)
    try:
        with owner.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"CREATE TABLE ref_{table} (LIKE {table} INCLUDING ALL)"))
        return _write_reference(owner, payees)
    finally:
        owner.dispose()


def _write_reference(owner: Any, payees: int) -> float:
    began = time.perf_counter()
    for start in range(0, payees, BATCH):
        values = {"least": start, "most": start + BATCH}
        with owner.begin() as connection:
            for statement in RESERVED:
                connection.execute(statement, values)
        with owner.begin() as connection:
            connection.execute(SENT, values)
            connection.execute(OUTSIDE, values)
        with owner.begin() as connection:
            for statement in PAID:
                connection.execute(statement, values)
    return time.perf_counter() - began


# One batch of the rows that the run has left, into the tables beside; the last of them is the outside party's.
RESERVED = (
    text("INSERT INTO ref_payouts SELECT * FROM payouts WHERE id > :least AND id <= :most"),
    text("""
        INSERT INTO ref_payout_steps SELECT * FROM payout_steps
        WHERE payout_id > :least AND payout_id <= :most AND step IN ('planned', 'reserved')
    """),
    text("""
        INSERT INTO ref_ledger_transactions SELECT * FROM ledger_transactions
        WHERE payout_id > :least AND payout_id <= :most AND kind = 'payout_reserved'
    """),
    text("""
        INSERT INTO ref_ledger_entries SELECT e.* FROM ledger_entries e
        JOIN ledger_transactions t ON t.id = e.transaction_id
        WHERE t.payout_id > :least AND t.payout_id <= :most AND t.kind = 'payout_reserved'
    """),
)
SENT = text("UPDATE ref_payouts SET state = 'sent' WHERE id > :least AND id <= :most")
PAID = (
    text("UPDATE ref_payouts SET state = 'paid' WHERE id > :least AND id <= :most"),
    text("""
        INSERT INTO ref_payout_steps SELECT * FROM payout_steps
        WHERE payout_id > :least AND payout_id <= :most AND step IN ('sent', 'paid')
    """),
    text("""
        INSERT INTO ref_ledger_transactions SELECT * FROM ledger_transactions
        WHERE payout_id > :least AND payout_id <= :most AND kind = 'payout_paid'
    """),
    text("""
        INSERT INTO ref_ledger_entries SELECT e.* FROM ledger_entries e
        JOIN ledger_transactions t ON t.id = e.transaction_id
        WHERE t.payout_id > :least AND t.payout_id <= :most AND t.kind = 'payout_paid'
    """),
    text("INSERT INTO ref_mails SELECT * FROM mails WHERE id > :least AND id <= :most"),
    text("""
        INSERT INTO ref_outbox SELECT * FROM outbox
        WHERE key IN (SELECT 'mail:' || id FROM mails WHERE id > :least AND id <= :most)
    """),
)
OUTSIDE = text(
    "INSERT INTO ref_sandbox_transfers SELECT * FROM sandbox_transfers WHERE id > :least AND id <= :most"
)

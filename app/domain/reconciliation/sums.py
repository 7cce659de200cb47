"""One pass over each table, and what follows from it: which checks certainly hold, without a join.

Two lists of (id, amount) are the same, but for one case in a million, where their amounts weighted by a
hash of the id sum to the same. What these sums do not show to hold is asked row by row (checks).
"""

# ruff: noqa: S608 - its SQL is made of constants

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.domain.commissions.rules import ROLES
from app.domain.ledger.proof import WEIGHT, Books
from app.domain.reconciliation import checks
from app.domain.reconciliation.check import Check
from app.foundation.database import session


def _w(column: str) -> str:
    return WEIGHT.format(column)


NAMED = "(hashtext({}) & 1048575)"
MONTHLY = _w("brand_id * 1000003 + distributor_id * 1009 + (month - '2000-01-01'::date)")
COVERED = """WITH covered AS (SELECT gateway AS g, min(occurred_at) AS since, max(occurred_at) AS until
    FROM gateway_report_lines WHERE kind IN ('payment', 'refund') GROUP BY 1)"""
FIRMS = ("seller", "upline1", "upline2")


def _minor(role: str) -> str:
    """What a settlement's parts give to a role (`->>` takes half the time of a subscript)."""
    return f"(parts -> {ROLES.index(role)} ->> 'minor')::bigint"


PARTS_READ = {role: _minor(role) for role in ROLES if role not in FIRMS} | {
    "firms": "(" + " + ".join(f"coalesce({_minor(role)}, 0)" for role in FIRMS) + ")"
}
QUESTIONS = {
    "paid": f"""{COVERED} SELECT upper(coalesce(received_currency, currency)) AS currency,
        sum(received_minor * {_w("id")}) AS ids, sum(received_minor * {_w("order_id")}) AS orders,
        sum((received_minor - credit_minor) * {NAMED.format("reference")})
        FILTER (WHERE received_at BETWEEN since AND until) AS names
        FROM payments LEFT JOIN covered ON g = gateway WHERE state = 'received' AND received_minor > 0 GROUP BY 1""",
    "refunded": f"""SELECT upper(currency) AS currency, kind, sum(amount_minor * {_w("id")}) AS ids,
        sum(amount_minor * {_w("order_id")}) AS orders, sum(amount_minor * {NAMED.format("external_id")}) AS names
        FROM refunds WHERE state = 'succeeded' GROUP BY 1, 2""",
    "lines": f"""SELECT sum((net_minor + funded_platform_minor) * {_w("id")}) AS moved, sum(net_minor * {_w("id")})
    AS ids,
        sum((net_minor + funded_brand_minor + funded_platform_minor) * {_w("id")}) AS bases,
        sum((net_minor + funded_platform_minor) * {_w("order_id")}) AS orders FROM order_lines WHERE settled""",
    "settled": f"""SELECT currency, sum(net_minor * {_w("order_line_id")}) AS ids, sum(net_minor *
    {_w("transaction_id")}) AS nets, count(*) FILTER (WHERE net_minor > 0) AS sold,
        sum(base_minor * {_w("order_line_id")}) FILTER (WHERE net_minor > 0) AS bases,
        sum((net_minor - returned_minor) * {_w("order_id")}) AS orders,
        sum(returned_minor * {_w("order_line_id")}) AS returned,
        sum((base_minor - coalesce(base_minor * returned_minor / nullif(net_minor, 0), 0)) * {MONTHLY})
            FILTER (WHERE counted) AS volumes,
        {
        ", ".join(f"sum({minor} * {_w('transaction_id')}) AS {name}" for name, minor in PARTS_READ.items())
    } FROM settlements GROUP BY 1""",
    "volumes": f"SELECT sum(volume_minor * {MONTHLY}) AS volumes FROM volumes",
    "earned": f"""SELECT brand_id, distributor_id, currency, sum(amount_minor * {_w("transaction_id")}) AS moved,
        sum(amount_minor - taken_back_minor) FILTER (WHERE matured_by IS NULL) AS held,
        sum(amount_minor - taken_back_minor) FILTER (WHERE matured_by IS NOT NULL) AS available,
        sum(taken_back_minor * {_w("id")}) AS taken FROM earnings GROUP BY 1, 2, 3""",
    "given_back": f"""SELECT (brand_id IS NULL) AS firm, sum(amount_minor * {_w("transaction_id")}) AS moved,
        sum(amount_minor * {_w("earning_id")}) AS taken FROM earning_returns GROUP BY 1""",
    "returned": f"""SELECT e.account, sum(e.amount_minor * {_w("e.transaction_id")}) AS moved,
        sum(e.amount_minor * {_w("t.order_line_id")}) AS lines FROM ledger_transactions t
        CROSS JOIN LATERAL (SELECT * FROM ledger_entries WHERE transaction_id = t.id OFFSET 0) e
        WHERE t.kind IN ('return', 'return_undone') GROUP BY 1""",
    "payouts": f"""SELECT brand_id, distributor_id, currency, state, sum(amount_minor) AS minor, sum(amount_minor *
    {_w("id")}) AS ids
        FROM payouts GROUP BY 1, 2, 3, 4""",
    "rewards": f"""SELECT brand_id, distributor_id, currency, sum(amount_minor) AS minor, sum(amount_minor *
    {_w("transaction_id")}) AS moved, count(*) AS moves FROM promoter_moves GROUP BY 1, 2, 3""",
    "credits": f"""SELECT kind, distributor_id, NULL::bigint AS brand_id, currency, sum(amount_minor) AS minor,
    sum(amount_minor * {_w("transaction_id")}) AS moved FROM credit_moves GROUP BY 1, 2, 4""",
    "reported": f"""SELECT kind, sum(CASE kind WHEN 'payment' THEN amount_minor * {NAMED.format("reference")}
        ELSE -amount_minor * {NAMED.format("external_id")} END) AS names,
        sum(fee_minor * {NAMED.format("'gateway_fee:' || gateway || ':' || line_id")}) FILTER (WHERE fee_minor <>
        0 AND kind <> 'chargeback') AS fees,
        count(*) FILTER (WHERE amount_minor < 0 AND kind = 'payment') AS strange FROM gateway_report_lines GROUP
        BY 1""",
    "unfinished": f"""SELECT sum((
            (SELECT coalesce(sum(received_minor), 0) FROM payments p WHERE p.order_id = o.id AND p.state = 'received')
          - (SELECT coalesce(sum(amount_minor), 0) FROM refunds r WHERE r.order_id = o.id AND r.state = 'succeeded')
          - (SELECT coalesce(sum(net_minor - returned_minor), 0) FROM settlements s WHERE s.order_id = o.id)) *
          {_w("o.id")}) AS orders
        FROM orders o WHERE state IN ('paid', 'refunding', 'attention')""",
}


@dataclass(frozen=True, slots=True)
class Sums:
    """What the passes said: rows by question."""

    rows: dict[str, list[dict[str, Any]]]

    def of(self, question: str, column: str, **only: object) -> int:
        """A column over the rows that are as said."""
        rows = self.rows[question]
        return sum(
            int(row[column] or 0) for row in rows if all(row[key] == value for key, value in only.items())
        )


def read() -> Sums:
    """Every pass, in the caller's snapshot."""
    rows = {name: session().execute(text(question)).mappings() for name, question in QUESTIONS.items()}
    return Sums({name: [dict(row) for row in found] for name, found in rows.items()})


def doubtful(books: Books, sums: Sums) -> list[Check]:
    """The checks that these sums do not show to hold."""
    balances, buyers = _balances(books, sums), _buyers(books, sums)
    holds = {
        checks.PAYMENTS: _payments(books, sums),
        checks.REFUNDS: _refunds(books, sums),
        checks.SETTLEMENTS: buyers and _settlements(books, sums),
        checks.PARTS: _parts(books, sums),
        checks.EARNINGS: balances and _earnings(books, sums),
        checks.TAKEN: sums.of("earned", "taken") == -sums.of("given_back", "taken"),
        checks.BALANCES: balances,
        checks.RETURNS: sums.of("settled", "returned")
        == sums.of("returned", "lines", account="buyer_liability"),
        checks.VOLUMES: sums.of("settled", "volumes") == sums.of("volumes", "volumes"),
        checks.LIABILITIES: buyers and _liabilities(books, sums),
        checks.PAYOUTS: _payouts(books, sums),
        checks.REPORTED: _reported(sums),
        checks.REWARDS: _rewards(books, sums),
        checks.GATEWAY_FEES: books.of("keys", "gateway_fee") == sums.of("reported", "fees"),
    }
    return [check for check in checks.ALL if not holds.get(check, False)]


def _payments(books: Books, sums: Sums) -> bool:
    cleared = (
        books.of("moved", "refund", "chargeback", "gateway_fee")
        - books.of("moved", "payment", "refund_undone", "chargeback_undone")
        - sums.of("credits", "moved", kind="spent")
    )  # fmt: skip
    return {one.currency: (one.facts, one.orders) for one in books.facts if one.kind == "payment"} == {
        row["currency"]: (int(row["ids"]), int(row["orders"])) for row in sums.rows["paid"]
    } and books.weighted("gateway_clearing") == cleared


def _refunds(books: Books, sums: Sums) -> bool:
    wanted = {
        (row["kind"], row["currency"]): (int(row["ids"]), int(row["orders"])) for row in sums.rows["refunded"]
    }
    posted: dict[tuple[str, str], tuple[int, int]] = {}
    for one in books.facts:
        kind, _, undone = ("credit", "", "") if one.kind == "credit_returned" else one.kind.partition("_")
        if kind in {"refund", "chargeback"} or one.kind == "credit_returned":
            sign, (ids, orders) = (-1 if undone else 1), posted.get((kind, one.currency), (0, 0))
            posted[kind, one.currency] = (ids + sign * one.facts, orders + sign * one.orders)
    return {key: figures for key, figures in posted.items() if any(figures)} == wanted


def _settlements(books: Books, sums: Sums) -> bool:
    return (
        books.of("facts", "settlement") == sums.of("lines", "moved")
        and books.of("orders", "settlement") == sums.of("lines", "orders")
        and sums.of("settled", "ids") == sums.of("lines", "ids")
        and sums.of("settled", "bases") == sums.of("lines", "bases")
        and {one.currency for one in books.facts if one.kind == "settlement"}
        == {row["currency"] for row in sums.rows["settled"] if row["sold"]}
    )  # fmt: skip


def _buyers(books: Books, sums: Sums) -> bool:
    """Nothing but payments, refunds, settlements and returns touched what buyers are owed."""
    return books.weighted("buyer_liability") == (
        books.of("moved", "payment", "refund_undone", "chargeback_undone")
        - books.of("moved", "refund", "chargeback", "credit_returned") - sums.of("settled", "nets")
        + sums.of("returned", "moved", account="buyer_liability")
    )  # fmt: skip


def _parts(books: Books, sums: Sums) -> bool:
    fees = books.of("moved", "gateway_fee")
    return (
        sums.of("settled", "platform") + sums.of("returned", "moved", account="platform_revenue")
        == books.weighted("platform_revenue")
        and sums.of("settled", "gateway") + sums.of("returned", "moved", account="gateway_fees") - fees
        == books.weighted("gateway_fees")
        and sums.of("settled", "supplier") == sums.of("earned", "moved", distributor_id=None)
        and sums.of("settled", "firms") == sums.of("earned", "moved", brand_id=None)
    )


def _earnings(books: Books, sums: Sums) -> bool:
    """All that firms have, wherever it stands, is what they earned less what was taken and what was paid out."""
    owned = sum(
        one.weighted for one in books.accounts if one.brand_id is not None or one.distributor_id is not None
    )
    paid = books.of("moved", "payout_paid") - books.of("moved", "payout_returned")
    given = sum(
        sums.of(table, "moved") - sums.of(table, "moved", distributor_id=None, brand_id=None)
        for table in ("rewards", "credits")
    )
    return owned == sums.of("earned", "moved") + sums.of("given_back", "moved") - paid - given


def _rewards(books: Books, sums: Sums) -> bool:
    """Every movement of a promoter's money stands in the books, and nothing else does."""
    posted = sum(one.transactions for one in books.facts if one.kind.startswith("reward"))
    return books.weighted("promoter_payable") == sums.of("rewards", "moved") and posted == sums.of(
        "rewards", "moves"
    )


def _balances(books: Books, sums: Sums) -> bool:
    wanted: dict[tuple[str, int | None, int | None, str], int] = {}

    def add(state: str, row: dict[str, Any], minor: int) -> None:
        kind = "brand_" if row["brand_id"] is not None else "distributor_"
        key = (kind + state, row["brand_id"], row["distributor_id"], row["currency"])
        wanted[key] = wanted.get(key, 0) + minor

    for row in sums.rows["earned"]:
        add("held", row, int(row["held"] or 0))
        add("available", row, int(row["available"] or 0))
    for row in sums.rows["payouts"]:
        if row["state"] in {"reserved", "sent", "paid"}:
            add("available", row, -int(row["minor"]))
        if row["state"] in {"reserved", "sent"}:
            add("in_transit", row, int(row["minor"]))
    for row in (*sums.rows["rewards"], *sums.rows["credits"]):
        if row["distributor_id"] is not None or row["brand_id"] is not None:
            add("available", row, -int(row["minor"]))
    posted = {
        (one.account, one.brand_id, one.distributor_id, one.currency): one.total
        for one in books.accounts if one.brand_id is not None or one.distributor_id is not None
    }  # fmt: skip
    return _without_nought(wanted.items()) == _without_nought(posted.items())


def _without_nought(found: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    return {key: minor for key, minor in found if minor}


def _liabilities(books: Books, sums: Sums) -> bool:
    open_orders = sums.of("unfinished", "orders")
    undone = books.of("orders", "refund_undone", "chargeback_undone")
    posted = books.of("orders", "payment") + undone
    posted -= books.of("orders", "refund", "chargeback", "credit_returned")
    return posted - sums.of("settled", "orders") == open_orders


def _payouts(books: Books, sums: Sums) -> bool:
    left = sum(sums.of("payouts", "ids", state=state) for state in ("reserved", "sent", "paid"))
    reserved = books.of("facts", "payout_reserved") - books.of("facts", "payout_failed", "payout_returned")
    return reserved == left and (
        books.of("facts", "payout_paid") - books.of("facts", "payout_returned")
        == sums.of("payouts", "ids", state="paid")
    )


def _reported(sums: Sums) -> bool:
    return (
        sums.of("paid", "names") == sums.of("reported", "names", kind="payment")
        and sums.of("refunded", "names", kind="refund") == sums.of("reported", "names", kind="refund")
        and not sums.of("reported", "strange")
    )

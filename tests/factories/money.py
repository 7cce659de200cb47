"""Rules of pay, fees and uplines for tests, and the books as a test reads them. Money in minor units."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select, text

from app.domain.commissions.models import FeeRule, RateRule
from app.domain.distributors.models import Distributor, Shop
from app.domain.ledger.posting import Posting, Side, post
from app.domain.orders.queries import lines_of
from app.domain.payments.gateway import EventKind, PaymentEvent
from app.domain.payments.models import Payment
from app.domain.payments.sandbox_token import external_id_for
from app.flows.give_back import give_back
from app.flows.hear_gateway import store_events
from app.flows.mature import mature_earnings
from app.flows.purchase import Placed
from app.foundation import clock, ids
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant
from tests.factories.goods import Goods
from tests.factories.orders import run_jobs

STAFF = Actor("staff", 1, "林夏")
FROM = timedelta(days=900)
count = itertools.count(1)


def set_rule(goods: Goods, kind: str, *, ends_in_days: int | None = None, **value: Any) -> None:
    """A rule of the goods' brand, in force since long ago; of the Sku where it is margin."""
    with platform_scope(), unit_of_work() as work:
        ends_at = clock.now() + timedelta(days=ends_in_days) if ends_in_days else None
        work.session.add(
            RateRule(
                brand_id=goods.brand_id, series=f"s-{next(count)}", version=1, kind=kind, value=value, ends_at=ends_at,
                sku_id=goods.sku_id, starts_at=clock.now() - FROM,
            )
        )  # fmt: skip


def set_fee(kind: str, *, rate_bps: int = 0, fixed_minor: int = 0) -> None:
    with platform_scope(), unit_of_work() as work:
        work.session.add(
            FeeRule(kind=kind, rate_bps=rate_bps, fixed_minor=fixed_minor, starts_at=clock.now() - FROM)
        )


def seller_of(shop: Tenant) -> int:
    with platform_scope():
        found = session().execute(select(Shop.distributor_id).where(Shop.id == shop.id)).scalar_one()
        session().rollback()
        return int(found)


def add_uplines(shop: Tenant, steps: int) -> list[int]:
    """So many distributors above the shop's, nearest first."""
    made, below = [], seller_of(shop)
    for _ in range(steps):
        with platform_scope(), unit_of_work() as work:
            above = Distributor(name=f"上级 {next(count)}", status="approved", contact_email="u@example.com")
            work.session.add(above)
            work.session.flush()
            work.session.get_one(Distributor, below).upline_id = above.id
            made.append(int(above.id))
            below = int(above.id)
    return made


def line_ids(shop: Tenant, placed: Placed) -> list[int]:
    with shop_scope(shop.id):
        found = [int(line.id) for line in lines_of(placed.order_id)]
        session().rollback()
        return found


def give(shop: Tenant, placed: Placed, minor: int, *, line: int = 0, run: bool = True) -> int:
    """Give a part of a delivered line back, all the way; the refund's id."""
    line_id = line_ids(shop, placed)[line]
    with shop_scope(shop.id):
        refund_id = give_back(
            placed.order_id, line_id, minor, reason="不能用", key=ids.token(),
            seen_left_minor=left_of(placed.order_id, line_id), actor=STAFF,
        )  # fmt: skip
    if run:
        run_jobs()
    return refund_id


LEFT = text("""
    SELECT l.net_minor - coalesce((
        SELECT sum(CASE WHEN r.order_line_id = l.id THEN r.amount_minor
                        WHEN r.order_line_id IS NULL THEN coalesce((r.shares ->> l.id::text)::bigint, 0) ELSE 0 END)
        FROM refunds r WHERE r.payment_id = o.payment_id AND r.state <> 'failed'), 0)
    FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE l.id = :line AND o.id = :order
""")


def left_of(order_id: int, line_id: int) -> int:
    found = session().execute(LEFT, {"line": line_id, "order": order_id}).scalar_one()
    session().rollback()
    return int(found)


def dispute(
    shop: Tenant, placed: Placed, kind: EventKind = EventKind.DISPUTE, *, amount: int | None = None,
    dispute_id: str = "dp_1", status: str = "needs_response", event_id: str = "", fee: int | None = None, run: bool = True,
    currency: str | None = None,
) -> None:  # fmt: skip
    """News of a dispute, as a gateway tells it."""
    with shop_scope(shop.id):
        payment = session().get_one(Payment, placed.payment_id)
        reference, owed, owed_in = payment.reference, payment.asked_minor, payment.currency
        session().rollback()
    raw = {
        "dispute_id": f"{dispute_id}-{shop.id}",
        "status": status,
        "reason": "fraudulent",
        "fee_minor": fee,
    }
    event = PaymentEvent(
        event_id=event_id or f"evt_{ids.token()}", kind=kind, account="sandbox", occurred_at=clock.now(),
        reference=reference, external_id=external_id_for(reference), amount_minor=owed if amount is None else amount,
        currency=currency or owed_in, raw=raw,
    )  # fmt: skip
    store_events("sandbox", [event])
    if run:
        run_jobs()


@dataclass(frozen=True)
class Books:
    """The ledger as the owner's connection sees it, past every wall."""

    owner: Engine

    def ask(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(question), values)]

    def accounts(self) -> dict[str, int]:
        """What each account holds, those at zero left out."""
        rows = self.ask(
            "SELECT account, sum(amount_minor)::bigint FROM ledger_entries GROUP BY 1 HAVING sum(amount_minor) <> 0"
        )
        return dict(rows)  # type: ignore[arg-type]

    def parts(self) -> dict[str, int]:
        """What each role still has of everything, by its earnings."""
        return dict(
            self.ask(
                "SELECT role, sum(amount_minor - taken_back_minor)::bigint FROM earnings GROUP BY 1 ORDER BY 1"
            )
        )  # type: ignore[arg-type]

    def check(self, *, finished: bool = True) -> None:
        """Everything that must hold at any moment; `finished`: no order is under way, so buyers are owed nothing."""
        self.check_parts()
        owed = self.ask(OWED)
        assert [row for row in owed if row[1] != row[2]] == []
        if finished:
            assert [row for row in owed if row[1]] == []

    def check_parts(self) -> None:
        """What must hold even while jobs are on their way."""
        for question in (
            SUMS,
            UNBALANCED,
            EARNINGS_AND_BOOKS,
            RETURNS_AND_EARNINGS,
            VOLUMES,
            LINES_AND_PARTS,
        ):
            assert self.ask(question) == [], question


def mature() -> None:
    """Let a week and a day pass for what is held."""
    clock.travel(timedelta(days=8))
    mature_earnings()
    clock.travel_back()


def pay_out(shop: Tenant, books: "Books") -> None:
    """As if the seller had been paid all that is available to it."""
    seller = seller_of(shop)
    ((minor,),) = books.ask(
        "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'distributor_available'"
        " AND distributor_id = :seller", seller=seller,
    )  # fmt: skip
    with platform_scope(), unit_of_work():
        sides = [Side("distributor_available", -minor, distributor_id=seller), Side("bank_clearing", minor)]
        post(Posting("payout:test", "payout", "CNY", clock.now(), sides))


def brackets(*steps: tuple[int, int]) -> list[dict[str, int]]:
    return [{"from_minor": start, "rate_bps": rate} for start, rate in steps]


SUMS = "SELECT currency, sum(amount_minor) FROM ledger_entries GROUP BY 1 HAVING sum(amount_minor) <> 0"
UNBALANCED = """
    SELECT t.id FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    GROUP BY t.id, t.size HAVING sum(e.amount_minor) <> 0 OR count(*) <> t.size
"""
# Held and available of each firm are what is left of its earnings, before and after they matured (payouts aside).
EARNINGS_AND_BOOKS = """
    WITH books AS (
        SELECT brand_id, distributor_id, currency, account LIKE '%held' AS held, sum(amount_minor) AS minor
        FROM ledger_entries WHERE account LIKE '%held' OR account LIKE '%available' OR account LIKE '%in_transit'
        GROUP BY 1, 2, 3, 4
    ), parts AS (
        SELECT brand_id, distributor_id, currency, matured_by IS NULL AS held, sum(amount_minor - taken_back_minor) AS minor
        FROM earnings GROUP BY 1, 2, 3, 4
    ), paid AS (
        SELECT brand_id, distributor_id, currency, false AS held, sum(amount_minor) AS minor FROM payouts
        WHERE state = 'paid' GROUP BY 1, 2, 3
    )
    SELECT brand_id, distributor_id, currency, held, sum(minor) FROM (
        SELECT * FROM books UNION ALL SELECT brand_id, distributor_id, currency, held, -minor FROM parts
        UNION ALL SELECT * FROM paid
    ) AS all_of_it GROUP BY 1, 2, 3, 4 HAVING sum(minor) <> 0
"""
RETURNS_AND_EARNINGS = """
    SELECT e.id FROM earnings e LEFT JOIN earning_returns r ON r.earning_id = e.id
    GROUP BY e.id HAVING e.taken_back_minor <> -coalesce(sum(r.amount_minor), 0)
"""
VOLUMES = """
    WITH counted AS (
        SELECT brand_id, distributor_id, currency, month,
            sum(base_minor - base_minor * returned_minor / nullif(net_minor, 0)) AS minor
        FROM settlements WHERE counted GROUP BY 1, 2, 3, 4
    )
    SELECT v.brand_id, v.distributor_id, v.volume_minor, c.minor FROM volumes v
    LEFT JOIN counted c USING (brand_id, distributor_id, currency, month) WHERE v.volume_minor <> coalesce(c.minor, 0)
"""
# What all parties have of a line is what its buyer has left in it, and the platform's share of its discounts.
LINES_AND_PARTS = """
    SELECT s.order_line_id FROM settlements s JOIN order_lines l ON l.id = s.order_line_id
    WHERE s.net_minor - s.returned_minor + l.funded_platform_minor - l.funded_platform_minor * s.returned_minor / nullif(s.net_minor, 0)
       <> (SELECT sum(e.amount_minor - e.taken_back_minor) FROM earnings e WHERE e.order_line_id = s.order_line_id)
        + (SELECT sum((p ->> 'minor')::bigint - coalesce((p ->> 'returned')::bigint, 0)) FROM jsonb_array_elements(s.parts) p
           WHERE p ->> 'role' IN ('platform', 'gateway'))
"""
# By order: what the books owe its buyer, and what was paid, went back and was split says so too.
OWED = """
    SELECT o.id,
        coalesce((SELECT sum(e.amount_minor) FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
                  WHERE t.order_id = o.id AND e.account = 'buyer_liability'), 0)::bigint,
        (coalesce((SELECT sum(p.received_minor - p.refunded_minor) FROM payments p WHERE p.order_id = o.id), 0)
         - coalesce((SELECT sum(s.net_minor - s.returned_minor) FROM settlements s WHERE s.order_id = o.id), 0))::bigint
    FROM orders o
"""

"""Two runs at once never reserve the same money, with a twin whose lock is gone."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.flows import bank_batches, pay_out
from app.foundation import runtime
from app.foundation.actor import SYSTEM
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tests.concurrency.race import ask, changed_function, race
from tests.factories.payouts import make_payee, make_payees, planned

pytestmark = pytest.mark.concurrency

RESERVE = text("UPDATE payouts SET state = 'reserved' WHERE id = :id")
LOOKED = (r"IF v_available < p\.amount_minor", "PERFORM pg_sleep(0.5);\n    IF v_available < p.amount_minor")
NO_LOCK = (r"PERFORM pg_advisory_xact_lock\(.*?0\)\);", "PERFORM 1; -- ")


@pytest.fixture
def quiet(app, monkeypatch):
    monkeypatch.setattr(
        app.extensions["perkline"], "settings", replace(runtime.settings(), payout_review_first=0)
    )


def check_reserved_once(app, owner) -> None:
    payee = make_payee(100_000)
    wanted = [planned(payee, 100_000, f"k{at}") for at in range(4)]

    def reserve(payout_id: int):
        def run() -> str:
            with platform_scope(), unit_of_work() as work:
                work.session.execute(RESERVE, {"id": payout_id})
            return "reserved"

        return run

    ends = race(app, *(reserve(payout_id) for payout_id in wanted))
    assert ends.count("reserved") == 1, ends
    assert all(isinstance(end, IntegrityError) for end in ends if end != "reserved"), ends
    available = "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'distributor_available'"
    assert ask(owner, available) == [(0,)]


def test_four_reservations_of_the_same_money_leave_one(app, owner):
    with changed_function(owner, "money.payout_may_go", LOOKED):
        check_reserved_once(app, owner)


def test_without_the_firms_lock_the_same_money_is_reserved_twice(app, owner):
    """The twin."""
    with (
        changed_function(owner, "money.payout_may_go", LOOKED),
        changed_function(
            owner, "money.lock_owner", (r"(?s)PERFORM pg_advisory_xact_lock\(.*?, 0\)\);", "PERFORM 1;")
        ),
        pytest.raises(AssertionError),
    ):
        check_reserved_once(app, owner)


def test_four_ticks_at_once_plan_each_firm_once(quiet, app, owner):
    make_payees(40)
    ends = race(app, *[pay_out.plan_payouts] * 4)
    assert sum(end for end in ends if isinstance(end, int)) == 40, ends
    assert ask(
        owner,
        "SELECT count(*), count(DISTINCT distributor_id), sum(amount_minor)::bigint FROM payouts WHERE state = 'reserved'",
    ) == [(40, 40, 4_000_000)]


def test_two_exports_at_once_put_each_payout_into_one_batch(quiet, app, owner):
    for _ in range(6):
        make_payee(method="bank", number="6222020200112230")
    pay_out.plan_payouts()
    ends = race(app, *[lambda: bank_batches.export("CNY", by=None, actor=SYSTEM)] * 2)
    assert not any(isinstance(end, DBAPIError) for end in ends), ends
    assert ask(owner, "SELECT sum(count)::bigint, sum(total_minor)::bigint FROM bank_batches") == [
        (6, 600_000)
    ]
    assert ask(owner, "SELECT count(*) FROM payouts WHERE state = 'sent' AND batch_id IS NOT NULL") == [(6,)]

"""What the database refuses, whoever asks: steps out of order, money that is not there, another firm's rows."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.flows import pay_out
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, distributor_scope
from tests.concurrency.race import ask
from tests.factories import run_jobs
from tests.factories.payouts import make_payee, planned


@pytest.mark.parametrize(
    "step",
    [
        "UPDATE payouts SET state = 'paid'",
        "UPDATE payouts SET state = 'sent'",
        "UPDATE payouts SET amount_minor = 1, net_minor = 1",
        (
            "INSERT INTO payouts (key, distributor_id, account_id, method, currency, amount_minor, net_minor, due_at, state)"
            " SELECT 'x', distributor_id, account_id, method, currency, 1, 1, now(), 'paid' FROM payouts"
        ),
    ],
)
def test_raw_sql_takes_no_step_out_of_order(app, owner: Engine, step: str):
    planned(make_payee(), 100, "k")
    with owner.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text(step))


def test_raw_sql_cannot_reserve_more_than_there_is(app, owner: Engine):
    payee = make_payee(100)
    planned(payee, 100, "a")
    planned(payee, 1, "b")
    with owner.connect() as connection:
        with pytest.raises(IntegrityError, match="more than"):
            connection.execute(text("UPDATE payouts SET state = 'reserved'"))
        connection.execute(text("UPDATE payouts SET state = 'reserved' WHERE key = 'a'"))
    reserved = "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'distributor_in_transit'"
    assert ask(owner, reserved) == [(100,)]


def test_another_firms_payouts_and_accounts_are_invisible_by_raw_sql(app):
    mine, theirs = make_payee(), make_payee()
    brand = make_payee(kind="brand")
    pay_out.plan_payouts()
    run_jobs()
    for scope, payee in (
        (distributor_scope(mine.firm.distributor_id), mine), (distributor_scope(theirs.firm.distributor_id), theirs),
        (brand_scope(brand.firm.brand_id), brand),
    ):  # fmt: skip
        with scope, unit_of_work() as work:
            for table in ("payouts", "payout_accounts", "payout_plans", "payout_steps"):
                found = work.session.execute(
                    text(f"SELECT DISTINCT brand_id, distributor_id FROM {table}")
                ).all()
                assert found == [(payee.firm.brand_id, payee.firm.distributor_id)], table


@pytest.mark.parametrize(
    "words",
    [
        "SELECT details FROM payout_accounts",
        "SELECT external_id FROM payout_accounts",
        "UPDATE payouts SET state = 'cancelled'",
        "UPDATE payout_plans SET on_hold = true",
        "UPDATE payout_plans SET next_at = now()",
        "UPDATE payout_accounts SET status = 'verified'",
        "UPDATE payout_accounts SET cooling_until = NULL",
        (
            "INSERT INTO payout_accounts (distributor_id, method, currency, holder, shown, contact_email, status)"
            " SELECT distributor_id, method, 'USD', holder, shown, contact_email, 'verified' FROM payout_accounts"
        ),
        (
            "INSERT INTO payout_accounts (distributor_id, method, currency, holder, shown, contact_email)"
            " SELECT distributor_id, method, currency, holder, shown, contact_email FROM payout_accounts"
        ),
        "SELECT * FROM bank_batches",
        "SELECT * FROM sandbox_transfers",
    ],
)
def test_a_firm_cannot_verify_release_or_pay_itself(app, words: str):
    payee = make_payee()
    with distributor_scope(payee.firm.distributor_id), pytest.raises(DBAPIError), unit_of_work() as work:
        work.session.execute(text(words))

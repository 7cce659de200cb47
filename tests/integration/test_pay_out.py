"""Money goes out to firms: on time, once, and every step stands in the books."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.domain.ledger.queries import balances_of
from app.domain.payouts import carriers
from app.domain.payouts.errors import CarrierUnavailable, PayoutNeedsAnother
from app.domain.payouts.gateway import Answer, State
from app.domain.payouts.sandbox_carrier import SandboxCarrier
from app.flows import bank_batches, pay_out, review_payouts
from app.flows.sandbox_transfers import Transfers
from app.foundation import runtime
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, StaleState
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tests.concurrency.race import ask
from tests.factories import run_jobs
from tests.factories.payouts import Payee, give, make_payee, payouts

STAFF = Actor("staff", id=1, name="Ann")


@pytest.fixture(autouse=True)
def _settings(app, monkeypatch):
    """No payout waits for a first look, unless a test is about that."""
    quiet = replace(runtime.settings(), payout_review_first=0)
    monkeypatch.setattr(app.extensions["perkline"], "settings", quiet)


@pytest.fixture
def staff(app, owner: Engine) -> list[int]:
    """Two people of the platform."""
    people = "INSERT INTO users (email, name, password_hash) VALUES ('a@x.io', 'Ann', 'x'), ('b@x.io', 'Bo', 'x') RETURNING id"
    with owner.connect() as connection:
        return list(connection.execute(text(people)).scalars())


def balance(payee: Payee) -> tuple[int, int]:
    """(available, on its way)"""
    with platform_scope(), unit_of_work():
        found = {row.currency: row for row in balances_of(**payee.firm.values())}
    row = found.get(payee.currency)
    return (row.available_minor, row.in_transit_minor) if row else (0, 0)


def kinds(owner: Engine) -> list[str]:
    return [
        row[0]
        for row in ask(owner, "SELECT kind FROM ledger_transactions WHERE payout_id IS NOT NULL ORDER BY id")
    ]


def states() -> list[str]:
    return [payout.state for payout in payouts()]


@pytest.mark.parametrize("kind", ["brand", "distributor"])
def test_all_that_is_available_is_paid_when_its_day_has_come(app, owner: Engine, kind: str):
    payee = make_payee(123_456, kind=kind)
    assert pay_out.plan_payouts() == 1
    assert balance(payee) == (0, 123_456)
    run_jobs()
    [paid] = payouts()
    assert (paid.state, paid.amount_minor, paid.net_minor) == ("paid", 123_456, 123_456)
    assert balance(payee) == (0, 0)
    assert kinds(owner) == ["payout_reserved", "payout_paid"]
    assert ask(owner, "SELECT step FROM payout_steps ORDER BY id") == [
        ("planned",),
        ("reserved",),
        ("sent",),
        ("paid",),
    ]
    assert ask(owner, "SELECT kind, recipient, state FROM mails") == [
        ("payout_paid", "firm@example.com", "sent")
    ]
    assert ask(owner, "SELECT key, amount_minor FROM sandbox_transfers") == [(paid.key, 123_456)]


def test_a_second_run_plans_nothing_again(app):
    make_payee()
    assert [pay_out.plan_payouts(), pay_out.plan_payouts()] == [1, 0]
    run_jobs()
    assert pay_out.plan_payouts() == 0


def test_a_fee_stays_with_the_platform(app, owner: Engine):
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO fee_rules (kind, rate_bps, fixed_minor, starts_at) VALUES ('payout', 0, 300, now() - interval '1 day')"
            )
        )
    make_payee(10_000)
    pay_out.plan_payouts()
    run_jobs()
    entries = "SELECT account, amount_minor FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id WHERE t.kind = 'payout_paid' ORDER BY position"
    assert ask(owner, entries) == [
        ("distributor_in_transit", -10_000),
        ("gateway_clearing", 9_700),
        ("payout_fees", 300),
    ]
    assert ask(owner, "SELECT amount_minor FROM sandbox_transfers") == [(9_700,)]


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("available", 0),
        ("available", 99),
        ("available", -500),
        ("status", "unverified"),
        ("status", "refused"),
    ],
)
def test_nothing_is_planned_of_a_debt_below_the_minimum_or_to_an_account_nobody_verified(app, change, value):
    make_payee(**{change: value})
    assert pay_out.plan_payouts() == 0


def test_a_debt_is_carried_over_and_taken_from_the_next_payout(app, moved_clock):
    payee = make_payee(-2_000)
    assert pay_out.plan_payouts() == 0
    give(payee, 5_000)
    moved_clock(days=1)
    assert pay_out.plan_payouts() == 1
    assert payouts()[0].amount_minor == 3_000


def test_a_changed_account_is_paid_when_it_has_cooled_down(app, owner: Engine, moved_clock):
    make_payee()
    with owner.connect() as connection:
        connection.execute(text("UPDATE payout_accounts SET cooling_until = now() + interval '2 hours'"))
        connection.execute(text("UPDATE payout_plans SET every = 'monthly', day = 28"))
        connection.execute(text("UPDATE payout_plans SET next_at = now() - interval '1 minute'"))
    assert pay_out.plan_payouts() == 0
    moved_clock(hours=2, minutes=1)
    assert pay_out.plan_payouts() == 1


def test_a_firm_on_hold_is_not_paid(app, owner: Engine):
    make_payee()
    with owner.connect() as connection:
        connection.execute(text("UPDATE payout_plans SET on_hold = true"))
    assert pay_out.plan_payouts() == 0


@pytest.mark.parametrize("method", ["sandbox", "bank"])
def test_what_is_reserved_stays_while_its_firm_is_on_hold(app, owner: Engine, moved_clock, method: str):
    make_payee(method=method, number="6222020200112230")
    pay_out.plan_payouts()
    with owner.connect() as connection:
        connection.execute(text("UPDATE payout_plans SET on_hold = true"))
    run_jobs()
    with pytest.raises(InvalidInput):
        bank_batches.export("CNY", by=None, actor=STAFF)
    assert states() == ["reserved"]
    with owner.connect() as connection:
        connection.execute(text("UPDATE payout_plans SET on_hold = false"))
    moved_clock(minutes=6)
    if method == "bank":
        bank_batches.export("CNY", by=None, actor=STAFF)
    else:
        assert pay_out.ask_about_payouts() == 1
        run_jobs()
    assert states() == ["sent" if method == "bank" else "paid"]


def test_a_firm_without_a_plan_follows_the_platforms(app, owner: Engine, moved_clock):
    make_payee(due=False)
    with owner.connect() as connection:
        connection.execute(text("DELETE FROM payout_plans"))
    assert pay_out.plan_payouts() == 0  # its clock begins
    [(follows, monday)] = ask(
        owner,
        "SELECT follows, extract(isodow FROM next_at AT TIME ZONE 'Asia/Shanghai')::int FROM payout_plans",
    )
    assert (follows, monday) == (True, 1)
    moved_clock(days=7)
    assert pay_out.plan_payouts() == 1


def test_a_transfer_that_fails_puts_the_money_back(app, owner: Engine):
    payee = make_payee(number="acct_fail_0001")
    pay_out.plan_payouts()
    run_jobs()
    assert states() == ["failed"]
    assert balance(payee) == (100_000, 0)
    assert kinds(owner) == ["payout_reserved", "payout_failed"]
    assert ask(owner, "SELECT kind FROM mails") == [("payout_failed",)]


def test_money_that_came_back_is_available_again_with_its_fee(app, owner: Engine, moved_clock):
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO fee_rules (kind, rate_bps, fixed_minor, starts_at) VALUES ('payout', 0, 300, now() - interval '1 day')"
            )
        )
    payee = make_payee(number="acct_return_0001")
    pay_out.plan_payouts()
    run_jobs()
    assert states() == ["paid"]
    moved_clock(hours=7)
    assert pay_out.look_for_returns() == 1
    run_jobs()
    assert states() == ["returned"]
    assert balance(payee) == (100_000, 0)
    assert kinds(owner) == ["payout_reserved", "payout_paid", "payout_returned"]
    assert ask(
        owner, "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'payout_fees'"
    ) == [(0,)]
    assert ask(owner, "SELECT kind FROM mails ORDER BY id") == [("payout_paid",), ("payout_returned",)]


def test_what_had_no_answer_is_asked_about_under_the_same_key(app, owner: Engine, monkeypatch, moved_clock):
    class Silent(SandboxCarrier):
        def transfer(self, transfer):
            super().transfer(transfer)  # the money moves, the answer is lost
            raise CarrierUnavailable(carrier="sandbox", reason="timeout")

    make_payee()
    with monkeypatch.context() as patch:
        patch.setitem(carriers._carriers, "sandbox", Silent(Transfers()))
        pay_out.plan_payouts()
        run_jobs()
        assert states() == ["sent"]
        assert pay_out.ask_about_payouts() == 0  # not at once
    moved_clock(minutes=6)
    assert pay_out.ask_about_payouts() == 1
    run_jobs()
    assert states() == ["paid"]
    assert ask(owner, "SELECT count(*) FROM sandbox_transfers") == [(1,)]


def test_a_slow_transfer_says_sent_first_and_paid_later(app, owner: Engine, moved_clock):
    make_payee(number="acct_slow_0001")
    pay_out.plan_payouts()
    run_jobs()
    assert states() == ["sent"]
    moved_clock(minutes=6)
    pay_out.ask_about_payouts()
    run_jobs()
    assert states() == ["paid"]
    assert ask(owner, "SELECT kind FROM mails ORDER BY id") == [("payout_sent",), ("payout_paid",)]


def test_a_firms_first_payout_waits_for_somebody(app, staff, monkeypatch):
    monkeypatch.setattr(
        app.extensions["perkline"], "settings", replace(runtime.settings(), payout_review_first=1)
    )
    payee = make_payee()
    pay_out.plan_payouts()
    assert states() == ["planned"]
    assert balance(payee) == (100_000, 0)
    assert review_payouts.approve(payouts()[0].id, by=staff[0], actor=STAFF) == "reserved"
    run_jobs()
    assert states() == ["paid"]
    with pytest.raises(StaleState):
        review_payouts.approve(payouts()[0].id, by=staff[1], actor=STAFF)


def test_above_the_limit_two_different_people_approve(app, staff):
    make_payee(6_000_000)
    pay_out.plan_payouts()
    [waiting] = payouts()
    assert waiting.needs_second
    assert review_payouts.approve(waiting.id, by=staff[0], actor=STAFF) == "second"
    with pytest.raises(PayoutNeedsAnother):
        review_payouts.approve(waiting.id, by=staff[0], actor=STAFF)
    assert states() == ["planned"]
    assert review_payouts.approve(waiting.id, by=staff[1], actor=STAFF) == "reserved"


def test_the_database_too_wants_two_different_people(app, owner: Engine, staff):
    make_payee(6_000_000)
    pay_out.plan_payouts()
    with owner.connect() as connection:
        with pytest.raises(IntegrityError, match="two_people"):
            connection.execute(text("UPDATE payouts SET approved_by = :a, second_by = :a"), {"a": staff[0]})
        with pytest.raises(IntegrityError, match="waits for approval"):
            connection.execute(
                text("UPDATE payouts SET approved_by = :a, state = 'reserved'"), {"a": staff[0]}
            )


def test_a_payout_whose_money_a_refund_took_is_cancelled_when_it_is_approved(app, staff, monkeypatch):
    monkeypatch.setattr(
        app.extensions["perkline"], "settings", replace(runtime.settings(), payout_review_first=1)
    )
    payee = make_payee()
    pay_out.plan_payouts()
    give(payee, -1)
    assert review_payouts.approve(payouts()[0].id, by=staff[0], actor=STAFF) == "payout_covered"
    [cancelled] = payouts()
    assert (cancelled.state, cancelled.reason) == ("cancelled", "payout_covered")
    assert balance(payee) == (99_999, 0)


def test_one_firm_without_money_holds_up_no_other(app, monkeypatch):
    make_payee()
    poor = make_payee()
    was = pay_out.planning.insert_payouts

    def spent(rows, now):  # a refund comes between the look and the reservation
        made = was(rows, now)
        monkeypatch.setattr(pay_out.planning, "insert_payouts", was)
        pay_out.planning.session().execute(
            text("UPDATE payout_accounts SET status = 'refused' WHERE id = :id"), {"id": poor.account_id}
        )
        return made

    monkeypatch.setattr(pay_out.planning, "insert_payouts", spent)
    pay_out.plan_payouts()
    assert states() == ["reserved", "cancelled"]


def test_a_declined_payout_is_available_again(app, owner: Engine):
    payee = make_payee(method="bank", number="6222020200112230")
    pay_out.plan_payouts()
    assert states() == ["reserved"]
    review_payouts.decline(payouts()[0].id, reason="wrong account", actor=STAFF)
    assert balance(payee) == (100_000, 0)
    assert kinds(owner) == ["payout_reserved", "payout_failed"]


def test_an_answer_that_comes_twice_is_recorded_once(app, owner: Engine):
    make_payee()
    pay_out.plan_payouts()
    run_jobs()
    with platform_scope(), unit_of_work() as work:
        assert pay_out.record(work, {1: Answer(State.PAID, "x")}, pay_out.clock.now()) == {}
    assert kinds(owner) == ["payout_reserved", "payout_paid"]

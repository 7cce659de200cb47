"""Kill -9 at any line of a run of payouts: rerun, it pays each firm once. The outside party's own book is the truth."""

import os
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from app.config import ROOT, Settings
from app.foundation import runtime
from tests.chaos.house import SECRETS
from tests.concurrency.race import ask
from tests.factories.payouts import make_payees

LINES_OF_A_PAYOUT = 40
"""About so many lines of the payout code run for each firm: where a strike may fall."""


@pytest.fixture
def quiet(app, monkeypatch):
    monkeypatch.setattr(
        app.extensions["perkline"], "settings", replace(runtime.settings(), payout_review_first=0)
    )


def hand(settings: Settings, *, lines: int = 0, transfers: int = 0, keeps_key: bool = True) -> bool:
    """One run; whether it came to its end."""
    told = {name.upper(): getattr(settings, name) for name in SECRETS}
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | told | {
        "DATABASE_URL": settings.database_url, "DATABASE_APP_URL": settings.database_app_url,
        "REDIS_URL": settings.redis_url, "PERKLINE_HOME": str(settings.home), "LOG_LEVEL": "ERROR",
        "PAYOUT_REVIEW_FIRST": "0",
    }  # fmt: skip
    words = [sys.executable, "tests/chaos/payout_hand.py", str(lines), str(transfers), str(int(keeps_key))]
    ended = subprocess.run(
        words, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=600, check=False
    )
    assert ended.returncode in {0, -9}, ended.stderr[-2000:]
    return ended.returncode == 0


def pass_time(owner: Engine) -> None:
    """As if the leases were over and the clock had come to ask about what has no answer."""
    with owner.connect() as connection:
        connection.execute(
            text(
                "UPDATE payouts SET asked_at = asked_at - interval '1 hour', reserved_at = reserved_at - interval '1 hour' WHERE state IN ('sent', 'reserved')"
            )
        )


def pay_everybody(
    settings: Settings, owner: Engine, *, firms: int, strikes: int, seed: int, keeps_key: bool = True
) -> int:
    """Run and strike until it has been struck so often, then to the end; how often it was."""
    chance, struck = random.Random(seed), 0
    while struck < strikes:
        at_line = chance.random() < 0.6
        lines = chance.randrange(1, firms * LINES_OF_A_PAYOUT // 4) if at_line else 0
        transfers = 0 if at_line else chance.randrange(1, max(2, firms // 4))
        if hand(settings, lines=lines, transfers=transfers, keeps_key=keeps_key):
            break
        struck += 1
        pass_time(owner)
    assert hand(settings, keeps_key=keeps_key)
    return struck


def check_each_once(owner: Engine, *, firms: int) -> None:
    """Outside: one transfer for each firm. Inside: each paid, its money gone once, the books in balance."""
    assert ask(owner, "SELECT count(*), sum(amount_minor)::bigint FROM sandbox_transfers") == [
        (firms, firms * 100_000)
    ]
    assert ask(owner, "SELECT state, count(*) FROM payouts GROUP BY 1") == [("paid", firms)]
    missing = "SELECT count(*) FROM payouts p LEFT JOIN sandbox_transfers t ON t.key = p.key AND t.external_id = p.external_id WHERE t.id IS NULL"
    assert ask(owner, missing) == [(0,)]
    balances = """
        SELECT count(*) FROM (SELECT account, distributor_id FROM ledger_entries
        WHERE account IN ('distributor_available', 'distributor_in_transit') GROUP BY 1, 2 HAVING sum(amount_minor) <> 0) off
    """
    assert ask(owner, balances) == [(0,)]
    assert ask(owner, "SELECT kind, count(*) FROM ledger_transactions WHERE payout_id IS NOT NULL GROUP BY 1 ORDER BY 1") == [
        ("payout_paid", firms), ("payout_reserved", firms),
    ]  # fmt: skip
    assert ask(owner, "SELECT sum(amount_minor)::bigint FROM ledger_entries") == [(0,)]
    assert ask(owner, "SELECT count(*) FROM mails WHERE kind = 'payout_paid'") == [(firms,)]
    assert ask(owner, "SELECT count(*) FROM outbox WHERE kind = 'send_payouts'") == [(0,)]


@pytest.mark.chaos
def test_a_run_of_sixty_payouts_struck_six_times_pays_each_once(quiet, settings, owner):
    make_payees(60)
    assert pay_everybody(settings, owner, firms=60, strikes=6, seed=11) >= 3
    check_each_once(owner, firms=60)


@pytest.mark.chaos
@pytest.mark.nightly
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_of_a_thousand_payouts_struck_twenty_times_pays_each_once(quiet, settings, owner, seed):
    make_payees(1000)
    assert pay_everybody(settings, owner, firms=1000, strikes=20, seed=seed) >= 8
    check_each_once(owner, firms=1000)


@pytest.mark.chaos
def test_without_the_key_a_struck_run_pays_somebody_twice(quiet, settings, owner):
    """The twin: the carrier is given a new key each time, and cannot know that it has paid before."""
    make_payees(20)
    assert not hand(settings, transfers=5, keeps_key=False)
    pass_time(owner)
    assert hand(settings, keeps_key=False)
    assert ask(owner, "SELECT count(*) FROM payouts WHERE state = 'paid'") == [(20,)]
    with pytest.raises(AssertionError):
        check_each_once(owner, firms=20)
    assert ask(owner, "SELECT count(*) FROM sandbox_transfers") > [(20,)]

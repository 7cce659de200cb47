"""Pages about payouts: a firm says where and when it is paid, the platform approves, holds and talks to the bank."""

import io
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import text

from app.domain.identity import totp
from app.flows import bank_batches, pay_out
from app.foundation import runtime
from app.foundation.actor import SYSTEM
from tests.factories import make_shop, run_jobs
from tests.factories.payouts import make_payee, payouts
from tests.web.consoles.conftest import PASSWORD, words_of

FORM = {
    "method": "bank",
    "currency": "CNY",
    "holder": "测试公司",
    "number": "6222 0202 0011 2230",
    "bank": "中国银行",
}


def ask(owner, words: str):
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(words))]


@pytest.fixture
def firm(inside, owner, house) -> int:
    """A distributor with a shop; its contact is known."""
    with inside():
        make_shop("mine")
    with owner.connect() as connection:
        connection.execute(text("UPDATE distributors SET contact_email = 'firm@example.com'"))
        return connection.execute(text("SELECT id FROM distributors")).scalar_one()


@pytest.fixture
def visitor(firm, staff):
    return staff("distributor", distributor_id=firm)


def test_an_account_is_looked_at_first_and_then_kept_with_the_password(visitor, owner, inside):
    look = visitor.post("/distributor/payouts/account", FORM | {"do": "look"})
    assert look.status_code == 200
    assert "•••• 2230" in words_of(look)
    assert ask(owner, "SELECT count(*) FROM payout_accounts") == [(0,)]
    kept = visitor.post("/distributor/payouts/account", FORM | {"do": "confirm", "password": PASSWORD})
    assert kept.status_code == 303
    assert ask(owner, "SELECT shown, status, cooling_until, holder FROM payout_accounts") == [
        ("•••• 2230", "unverified", None, "测试公司")
    ]
    page = visitor.words("/distributor/payouts")
    assert "Being checked" in page and "6222" not in page


def test_a_wrong_password_changes_no_account(visitor, owner):
    answer = visitor.post("/distributor/payouts/account", FORM | {"do": "confirm", "password": "wrong"})
    assert answer.status_code == 422
    assert ask(owner, "SELECT count(*) FROM payout_accounts") == [(0,)]


def test_whoever_has_two_steps_proves_both(visitor, owner, inside, monkeypatch):
    with owner.connect() as connection:
        user = connection.execute(text("SELECT id FROM users")).scalar_one()
        secret = totp.new_secret()
        with inside():
            box = totp.seal(secret, user_id=user, key=runtime.settings().key_for("totp"))
        connection.execute(text("UPDATE users SET totp_secret = :box"), {"box": box})
    confirm = FORM | {"do": "confirm", "password": PASSWORD}
    refused = visitor.post("/distributor/payouts/account", confirm | {"code": "000000"})
    assert refused.status_code == 422 and "six digits" in words_of(refused)
    assert ask(owner, "SELECT count(*) FROM payout_accounts") == [(0,)]
    digits = pyotp.TOTP(secret).now()
    assert visitor.post("/distributor/payouts/account", confirm | {"code": digits}).status_code == 303


def test_a_changed_account_cools_down_and_the_old_contact_is_told(visitor, owner, inside, firm):
    visitor.post("/distributor/payouts/account", FORM | {"do": "confirm", "password": PASSWORD})
    with owner.connect() as connection:
        connection.execute(text("UPDATE distributors SET contact_email = 'thief@example.com'"))
    another = FORM | {"number": "DE89370400440532013000", "currency": "CNY"}
    assert visitor.post("/distributor/payouts/account", another | {"do": "look"}).status_code == 422
    another = FORM | {"number": "4111111111111111"}
    visitor.post("/distributor/payouts/account", another | {"do": "confirm", "password": PASSWORD})
    with inside():
        run_jobs()
    assert ask(owner, "SELECT status, cooling_until IS NOT NULL FROM payout_accounts ORDER BY id") == [
        ("replaced", False),
        ("unverified", True),
    ]
    told = ask(
        owner,
        "SELECT recipient FROM mails WHERE kind = 'payout_account_changed' AND data->>'before' <> '' ORDER BY 1",
    )
    assert told == [("firm@example.com",), ("thief@example.com",)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"currency": "USD"}, "Please choose one."),
        ({"number": "DE89370400440532013000"}, "account of its own currency"),
        ({"number": "GB82WEST12345698765433"}, "check digits"),
        ({"number": "6222020200112231"}, "check digits"),
        ({"number": "12"}, "not an account number"),
        ({"method": "stripe"}, "Please choose one."),
        ({"method": "sandbox", "number": "x y z !"}, "not an account number"),
        ({"holder": ""}, "Please fill this in."),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_is_refused_where_it_was_typed(visitor, owner, change, words):
    answer = visitor.post("/distributor/payouts/account", FORM | change | {"do": "look"})
    assert answer.status_code == 422
    assert words in words_of(answer)
    assert ask(owner, "SELECT count(*) FROM payout_accounts") == [(0,)]


def test_only_an_owner_says_where_money_goes(firm, staff, owner):
    manager = staff("distributor", "manager", distributor_id=firm)
    assert manager.get("/distributor/payouts").status_code == 200
    assert manager.get("/distributor/payouts/account").status_code == 403
    assert (
        manager.post(
            "/distributor/payouts/account", FORM | {"do": "confirm", "password": PASSWORD}
        ).status_code
        == 403
    )
    assert (
        manager.post(
            "/distributor/payouts/plan?currency=CNY", {"every": "daily", "minimum": "1", "do": "confirm"}
        ).status_code
        == 403
    )


def test_a_sandbox_account_verifies_itself_and_a_bank_account_waits_for_the_platform(
    visitor, owner, inside, staff, firm
):
    sandbox = FORM | {"method": "sandbox", "number": "acct_demo_1", "do": "confirm", "password": PASSWORD}
    visitor.post("/distributor/payouts/account", sandbox)
    with inside():
        run_jobs()
    assert ask(owner, "SELECT status FROM payout_accounts") == [("verified",)]
    visitor.post("/distributor/payouts/account", FORM | {"do": "confirm", "password": PASSWORD})
    with inside():
        run_jobs()
    platform = staff("platform")
    assert "•••• 2230" in platform.words("/platform/payout-accounts")
    account = ask(owner, "SELECT id FROM payout_accounts WHERE status = 'unverified'")[0][0]
    assert (
        platform.post("/platform/payout-accounts", {"account": str(account), "do": "verify"}).status_code
        == 303
    )
    assert ask(
        owner, "SELECT status, verified_by IS NOT NULL FROM payout_accounts WHERE status <> 'replaced'"
    ) == [("verified", True)]


def test_a_plan_says_what_it_will_do_before_it_is_kept(visitor, owner):
    plan = {"every": "monthly", "day": "5", "weekday": "1", "minimum": "250"}
    look = words_of(visitor.post("/distributor/payouts/plan?currency=CNY", plan | {"do": "look"}))
    assert "Every month on day 5" in look and "¥250.00" in look and "Nothing would be paid" in look
    assert ask(owner, "SELECT count(*) FROM payout_plans") == [(0,)]
    assert visitor.post("/distributor/payouts/plan?currency=CNY", plan | {"do": "confirm"}).status_code == 303
    assert ask(owner, "SELECT every, day, minimum_minor, follows FROM payout_plans") == [
        ("monthly", 5, 25_000, False)
    ]
    assert visitor.get("/distributor/payouts/plan?currency=EUR").status_code == 404
    assert (
        visitor.post(
            "/distributor/payouts/plan?currency=CNY", plan | {"day": "31", "do": "confirm"}
        ).status_code
        == 422
    )


@pytest.mark.parametrize("kind", ["brand", "distributor"])
def test_a_payout_opens_to_its_steps_entries_and_what_it_paid(inside, staff, owner, kind):
    with inside():
        payee = make_payee(123_400, kind=kind)
        pay_out.plan_payouts()
    platform = staff("platform")
    assert "Approving reserves ¥1,234.00" in platform.words("/platform/payouts/1")
    assert platform.post("/platform/payouts/1", {"do": "approve"}).status_code == 303
    with inside():
        run_jobs()
    visitor = staff(kind, **{f"{kind}_id": payee.firm.id})
    page = visitor.words(f"/{kind}/payouts/1")
    for words in (
        "¥1,234.00",
        "Sales whose holding time is over",
        "Reserved for the payout",
        "Paid out",
        "Planned",
    ):
        assert words in page, words
    assert "¥1,234.00" in visitor.words(f"/{kind}/payouts")
    assert "Gateway clearing" not in page  # the platform's side is the platform's
    assert "Gateway clearing" in platform.words("/platform/payouts/1")


def test_another_firms_payout_does_not_exist(inside, staff):
    with inside():
        payee, other = make_payee(), make_payee()
        pay_out.plan_payouts()
        mine = payouts(distributor_id=payee.firm.id)[0].id
        theirs = payouts(distributor_id=other.firm.id)[0].id
    visitor = staff("distributor", distributor_id=payee.firm.id)
    assert visitor.get(f"/distributor/payouts/{mine}").status_code == 200
    assert visitor.get(f"/distributor/payouts/{theirs}").status_code == 404
    assert visitor.get("/distributor/payouts/99999").status_code == 404


def test_two_people_approve_what_is_above_the_limit(inside, staff, owner):
    with inside():
        make_payee(6_000_000)
        pay_out.plan_payouts()
    ann, bo = staff("platform"), staff("platform")
    ann.post("/platform/payouts/1", {"do": "approve"})
    ann.post("/platform/payouts/1", {"do": "approve"})
    assert ask(owner, "SELECT state FROM payouts") == [("planned",)]
    assert "another person must agree" in ann.words("/platform/payouts/1")
    bo.post("/platform/payouts/1", {"do": "approve"})
    assert ask(owner, "SELECT state, approved_by <> second_by FROM payouts") == [("reserved", True)]
    assert [
        row[0] for row in ask(owner, "SELECT action FROM audit_entries WHERE action LIKE 'payout.%'")
    ] == ["payout.approved"] * 2


def test_a_viewer_at_the_platform_decides_nothing(inside, staff, owner):
    with inside():
        make_payee()
        pay_out.plan_payouts()
    viewer = staff("platform", "viewer")
    for address, form in (
        ("payouts/1", {"do": "approve"}), ("payout-firms", {"plan": "1", "do": "hold", "reason": "x"}),
        ("payout-accounts", {"account": "1", "do": "refuse", "reason": "x"}), ("bank-batches", {"currency": "CNY"}),
    ):  # fmt: skip
        assert viewer.post(f"/platform/{address}", form).status_code == 403
    assert ask(owner, "SELECT state FROM payouts") == [("planned",)]


def test_a_firm_is_held_with_a_reason_and_freed_again(inside, staff, owner):
    with inside():
        payee = make_payee()
    platform = staff("platform")
    platform.post("/platform/payout-firms", {"plan": "1", "do": "hold"})
    assert ask(owner, "SELECT on_hold FROM payout_plans") == [(False,)]
    platform.post("/platform/payout-firms", {"plan": "1", "do": "hold", "reason": "papers"})
    assert ask(owner, "SELECT on_hold, hold_reason FROM payout_plans") == [(True, "papers")]
    visitor = staff("distributor", distributor_id=payee.firm.id)
    assert "put payouts on hold: papers" in visitor.words("/distributor/payouts")
    platform.post("/platform/payout-firms", {"plan": "1", "do": "free"})
    assert ask(owner, "SELECT on_hold FROM payout_plans") == [(False,)]


@pytest.fixture
def batch(inside, house, monkeypatch) -> int:
    """Three payouts with the bank."""
    with inside():
        monkeypatch.setattr(
            house.extensions["perkline"], "settings", replace(runtime.settings(), payout_review_first=0)
        )
        for _ in range(3):
            make_payee(method="bank", number="6222020200112230")
        pay_out.plan_payouts()
        return bank_batches.export("CNY", by=None, actor=SYSTEM)


def result(statuses: list[str], *, total: str = "", batch: int = 1) -> str:
    lines = [f"R,{key},1000.00,{status},B{at},why" for at, (key, status) in enumerate(statuses)]
    return "\r\n".join(
        [f"PERKLINE-RESULT,1,{batch},CNY", *lines, f"END,{len(lines)},{total or f'{1000 * len(lines)}.00'}"]
    )


def test_the_bank_answers_through_the_page(batch, staff, owner, inside):
    keys = [row[0] for row in ask(owner, "SELECT key FROM payouts ORDER BY id")]
    platform = staff("platform")
    file = platform.post(f"/platform/bank-batches/{batch}/file")
    assert file.status_code == 200 and file.data == platform.post(f"/platform/bank-batches/{batch}/file").data
    assert b"6222020200112230" in file.data
    words = result([(keys[0], "paid"), (keys[1], "failed"), (keys[2], "returned")])
    look = platform.post(
        f"/platform/bank-batches/{batch}/result",
        {"file": (io.BytesIO(words.encode()), "r.csv"), "do": "look"},
    )
    assert look.status_code == 200 and "New to us 3" in words_of(look)
    assert ask(owner, "SELECT DISTINCT state FROM payouts") == [("sent",)]
    assert (
        platform.post(f"/platform/bank-batches/{batch}/result", {"words": words, "do": "confirm"}).status_code
        == 303
    )
    assert [row[0] for row in ask(owner, "SELECT state FROM payouts ORDER BY id")] == [
        "paid",
        "failed",
        "returned",
    ]
    assert ask(owner, "SELECT state FROM bank_batches") == [("answered",)]
    wrong = platform.post(
        f"/platform/bank-batches/{batch}/result", {"words": result([(keys[0], "failed")]), "do": "confirm"}
    )
    assert wrong.status_code == 422 and "line 2" in words_of(wrong)
    assert platform.get("/platform/bank-batches/99").status_code == 404


@pytest.mark.parametrize("kind", ["brand", "distributor"])
def test_a_firm_that_has_earned_nothing_sees_what_to_do(inside, staff, owner, kind, house):
    with inside():
        payee = make_payee(0, kind=kind, due=False)
    with owner.connect() as connection:
        connection.execute(text("DELETE FROM payout_plans; DELETE FROM payout_accounts"))
    assert "No payout yet" in staff(kind, **{f"{kind}_id": payee.firm.id}).words(f"/{kind}/payouts")


def test_all_lists_of_the_platform_are_shown_empty_and_full(inside, staff, batch):
    platform = staff("platform")
    for page in (
        "payouts",
        "payouts?state=planned",
        "payout-accounts",
        "payout-accounts?status=verified",
        "payout-firms",
        "bank-batches",
        f"bank-batches/{batch}",
        "payouts?export=csv",
    ):
        assert platform.get(f"/platform/{page}").status_code == 200, page

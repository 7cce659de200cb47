"""The demo's past is lived through by the product itself: split, matured, paid out, day by day."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select, text

from app.demo.people import PEOPLE
from app.demo.planting.houses import Houses
from app.domain.identity.models import User
from app.domain.payouts.accounts import Firm
from app.domain.payouts.models import Payout
from app.flows.bank_batches import download, export, take_result
from app.flows.gateway_reports import fetch_reports
from app.flows.mature import mature_earnings
from app.flows.pay_out import plan_payouts, send_payouts
from app.flows.payout_accounts import NewAccount, change_account, confirm_account, verify_account
from app.flows.review_payouts import approve
from app.flows.settle import settle_many
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope

BATCH, DAYS, OPEN_BATCH = 200, 60, 7
BANK = "bank"
DESK = Actor("user", name="周砚")
BOUGHT = text(
    "UPDATE orders o SET payment_id = (SELECT min(p.id) FROM payments p WHERE p.order_id = o.id"
    " AND p.state = 'received' AND p.received_minor = o.total_minor)"
    " WHERE o.paid_at IS NOT NULL AND o.payment_id IS NULL"
)
WAITING = text(
    "SELECT DISTINCT order_id FROM order_lines WHERE state = 'delivered' AND NOT settled ORDER BY order_id"
)
# Each: whose, in which currency, by which carrier, under which name and number.
ACCOUNTS = (
    ("brand", "xinghan", "CNY", "sandbox", "星瀚数娱（上海）有限公司", "xinghan-cny-3381"),
    ("brand", "xinghan", "USD", "sandbox", "Xinghan Digital Ltd", "xinghan-usd-5120"),
    ("brand", "yunqi", "CNY", BANK, "云启权益科技有限公司", "6222021234567890128"),
    ("distributor", "chenmo", "CNY", "sandbox", "沉墨数字贸易有限公司", "chenmo-cny-7702"),
    ("distributor", "dianwan", "CNY", "sandbox", "点玩网络科技有限公司", "dianwan-cny-1946"),
    ("distributor", "muxin", "CNY", "sandbox", "木心优选商贸有限公司", "muxin-cny-0853"),
    ("distributor", "evelyn", "USD", "sandbox", "Lucky Parcel LLC", "evelyn-usd-6644"),
)


def settle_past(houses: Houses, *, days: int = DAYS) -> int:
    """Split what the past delivered, in the order in which it was, and let so many days end; how many lines."""
    with platform_scope(), unit_of_work() as work:
        work.session.execute(BOUGHT)
        orders = list(work.session.execute(WAITING).scalars())
        staff = [person.email for person in PEOPLE if person.kind == "platform"]
        found = select(User.id).where(User.email.in_(staff)).order_by(User.id)
        people = list(work.session.execute(found).scalars())
    batches = [orders[at : at + BATCH] for at in range(0, len(orders), BATCH)]
    lines = sum(settle_many([(None, {"order_id": order}) for order in batch]) for batch in batches)
    for ago in range(days, -1, -1):
        clock.travel(-timedelta(days=ago))
        try:
            if ago == days:
                _open_accounts(houses, people[0])
            _live(ago, people)
        finally:
            clock.travel_back()
    return lines


def _live(days: int, people: Sequence[int]) -> None:
    """One day: what was due matures on it, and whoever is paid on it is paid."""
    mature_earnings()
    if days % 2 == 0:
        fetch_reports()
    plan_payouts()
    if days > 1:  # what was planned last still waits for somebody to look at it
        for payout_id in _in_state("planned"):
            for user_id in people:
                if approve(payout_id, by=user_id, actor=Actor("user", id=user_id, name="周砚")) != "second":
                    break
    going = [payout_id for payout_id in _in_state("reserved") if payout_id not in _in_state("reserved", BANK)]
    if going:
        send_payouts(going)
    if days > OPEN_BATCH and _in_state("reserved", BANK):
        _bank_pays(people[0])


def _bank_pays(user_id: int) -> None:
    """Somebody takes the batch to the bank, which pays it all."""
    batch_id = export("CNY", by=user_id, actor=DESK)
    sent = csv.reader(io.StringIO(download(batch_id, actor=DESK).decode()))
    paid = [row for row in sent if row[0] == "P"]
    answer = io.StringIO()
    lines = csv.writer(answer)
    lines.writerow(["PERKLINE-RESULT", "1", str(batch_id), "CNY"])
    for number, (_kind, reference, amount, *_account) in enumerate(paid, 1):
        lines.writerow(["R", reference, amount, "paid", f"CMB{batch_id:04d}{number:03d}", ""])
    lines.writerow(["END", str(len(paid)), str(sum(Decimal(row[2]) for row in paid))])
    take_result(batch_id, answer.getvalue().encode(), actor=DESK)


def _open_accounts(houses: Houses, checked_by: int) -> None:
    """Each firm says where it is paid; the platform has looked at the bank's."""
    for kind, house, currency, method, holder, number in ACCOUNTS:
        brand_id = houses.brands[house] if kind == "brand" else None
        distributor_id = houses.distributors[house] if kind == "distributor" else None
        scope = brand_scope(brand_id) if brand_id is not None else distributor_scope(distributor_id or 0)
        with scope:
            account_id = change_account(
                NewAccount(method, currency, holder, number, bank="招商银行" if method == BANK else ""),
                firm=Firm(brand_id, distributor_id), user_id=None, actor=Actor("system"),
            )  # fmt: skip
        with platform_scope():
            if method == BANK:
                confirm_account(account_id, verified=True, reason="", by=checked_by, actor=Actor("system"))
            else:
                verify_account(account_id)


def _in_state(state: str, method: str | None = None) -> list[int]:
    with platform_scope():
        found = select(Payout.id).where(Payout.state == state).order_by(Payout.id)
        if method is not None:
            found = found.where(Payout.method == method)
        ids = list(session().execute(found).scalars())
        session().rollback()
        return ids

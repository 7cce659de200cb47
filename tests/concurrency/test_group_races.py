"""One outcome for each group and each place: races around them, each with a twin whose lock is gone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select, text

from app.domain.groups import service
from app.domain.groups.errors import GroupOver
from app.domain.groups.models import Group
from app.flows import grouping
from app.flows.purchase import Placed
from app.foundation.database import session
from app.foundation.errors import ProductError
from app.jobs.run import run_batch
from tenants.context import shop_scope
from tests.concurrency.race import order, race
from tests.factories import make_goods, make_shop, pay, run_jobs
from tests.factories.groups import ask, group_of, offer_group, past_deadline
from tests.factories.orders import BUYER, state_of

pytestmark = pytest.mark.concurrency
MEMBERS = "SELECT count(*) FROM group_members WHERE state = :state"


@contextmanager
def unlocked_groups(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Groups are read as they are, without a lock, and looked at for a moment."""

    def read(group_id: int) -> Group:
        found = session().execute(select(Group).where(Group.id == group_id)).scalar_one()
        time.sleep(0.15)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(service, "lock", read)
        yield


def waiting_rows(owner, kind: str) -> list[int]:
    return [row for (row,) in ask(owner, "SELECT id FROM outbox WHERE kind = :kind", kind=kind)]


def drained() -> None:
    """Every job runs, also what failed in the race: it is put on again, as the relay does when a lease is over."""
    session().rollback()
    run_jobs()


def again(owner) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE outbox SET due_at = now(), last_error = NULL"))
    run_jobs()


# ------------------------------------------------------------ the last place


def check_last_place(app, owner) -> None:
    shop = make_shop()
    deal = offer_group(shop, make_goods(shop, codes=20), people=2)
    first = deal.open()
    group = group_of(owner, first)
    joining = [order(shop, {deal.goods: 1}, asked=deal.asked(group)) for _ in range(8)]
    ends = race(app, *joining)
    wrong = [end for end in ends if not isinstance(end, Placed | GroupOver)]
    assert not wrong, f"somebody is told {wrong[0]!r}"
    assert sum(isinstance(end, Placed) for end in ends) == 1
    assert {end.facts["reason"] for end in ends if isinstance(end, GroupOver)} == {"full"}
    assert ask(owner, MEMBERS, state="held") == [(2,)]


def test_the_last_place_is_taken_by_one_of_eight_and_the_others_are_told_it_is_full(app, owner):
    check_last_place(app, owner)


def test_without_the_groups_lock_others_are_told_something_else(app, owner, monkeypatch):
    with unlocked_groups(monkeypatch), pytest.raises(AssertionError):
        check_last_place(app, owner)


# ------------------------------------------------------------ the last payments


def check_last_payments(app, owner) -> None:
    shop = make_shop()
    deal = offer_group(shop, make_goods(shop, codes=4), people=4)
    placed = [deal.open()]
    placed += [deal.join(group_of(owner, placed[0])) for _ in range(3)]
    for one in placed:
        pay(shop, one)
    rows = waiting_rows(owner, "confirm_payment")
    race(app, *[lambda row=row: run_batch([row]) for row in rows])
    again(owner)
    assert ask(owner, "SELECT state FROM groups") == [("full",)]
    assert {state_of(shop, one) for one in placed} == {"delivered"}
    assert ask(owner, "SELECT count(*) FROM deliveries") == [(4,)]


def test_four_who_pay_at_once_fill_their_group_and_all_are_delivered(app, owner):
    check_last_payments(app, owner)


def test_without_the_groups_lock_nobody_is_the_last_and_all_wait_for_ever(app, owner, monkeypatch):
    with unlocked_groups(monkeypatch), pytest.raises(AssertionError):
        check_last_payments(app, owner)


# ------------------------------------------------------------ full and over at the same instant


def check_deadline(app, owner) -> None:
    shop = make_shop()
    deal = offer_group(shop, make_goods(shop, codes=20), people=2)
    pairs = []
    for _ in range(6):
        first = deal.open()
        second = deal.join(group_of(owner, first))
        deal.pay(first)
        pay(shop, second)
        pairs.append((first, second))
    past_deadline(owner)
    rows = waiting_rows(owner, "confirm_payment")
    ends = race(
        app, *[lambda row=row: run_batch([row]) for row in rows], grouping.end_groups, grouping.end_groups
    )
    assert not [end for end in ends if isinstance(end, Exception)]
    assert ask(owner, "SELECT count(*) FROM outbox WHERE last_error IS NOT NULL") == [(0,)], "no job stumbled"
    drained()
    for first, second in pairs:
        group = group_of(owner, first)
        [(state,)] = ask(owner, "SELECT state FROM groups WHERE id = :id", id=group)
        wanted = {"full": "delivered", "failed": "refunded"}[state]
        assert (state_of(shop, first), state_of(shop, second)) == (wanted, wanted)
    [(failed,)] = ask(owner, "SELECT count(*) FROM groups WHERE state = 'failed'")
    assert ask(owner, "SELECT count(*) FROM refunds") == [(2 * failed,)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'free'") == [(20 - 12 + 2 * failed,)]


def test_full_at_the_instant_of_the_deadline_is_either_all_delivered_or_all_refunded(app, owner):
    check_deadline(app, owner)


def test_without_the_groups_lock_the_clock_and_the_money_undo_each_other(app, owner, monkeypatch):
    with unlocked_groups(monkeypatch), pytest.raises(AssertionError):
        check_deadline(app, owner)


# ------------------------------------------------------------ leaving while the last one pays


def check_leaving(app, owner, *, after: float = 0) -> None:
    shop = make_shop()
    deal = offer_group(shop, make_goods(shop, codes=20), people=2)
    first = deal.open()
    second = deal.join(group_of(owner, first))
    deal.pay(first)
    pay(shop, second)

    def leave() -> None:
        time.sleep(after)
        with shop_scope(shop.id):
            grouping.leave(first.order_id, actor=BUYER)

    [row] = waiting_rows(owner, "confirm_payment")
    ends = race(app, leave, lambda: run_batch([row]))
    assert ends[0] is None or isinstance(ends[0], ProductError), f"{ends[0]!r}"
    assert ask(owner, "SELECT count(*) FROM outbox WHERE last_error IS NOT NULL") == [(0,)], "no job stumbled"
    drained()
    [(state,)] = ask(owner, "SELECT state FROM groups WHERE id = :id", id=group_of(owner, first))
    if state == "full":
        assert {state_of(shop, first), state_of(shop, second)} == {"delivered"}
    else:
        assert (state_of(shop, first), state_of(shop, second)) == ("refunded", "paid")


def test_leaving_while_the_last_one_pays_is_either_full_or_refunded(app, owner):
    check_leaving(app, owner)


def test_without_the_groups_lock_a_group_would_be_full_of_somebody_who_left(app, owner, monkeypatch):
    with unlocked_groups(monkeypatch), pytest.raises(AssertionError):
        check_leaving(app, owner, after=0.2)


# ------------------------------------------------------------ many at once


def test_opening_joining_paying_leaving_and_the_clock_at_once_leave_every_group_whole(app, owner):
    shop = make_shop()
    deal = offer_group(shop, make_goods(shop, codes=40), people=3)
    firsts = [deal.open() for _ in range(4)]
    seconds = [deal.join(group_of(owner, one)) for one in firsts]
    deal.pay(*firsts[:3])
    for one in (*firsts[3:], *seconds):
        pay(shop, one)
    rows = waiting_rows(owner, "confirm_payment")
    joining = [
        order(shop, {deal.goods: 1}, asked=deal.asked(group_of(owner, one)))
        for one in firsts
        for _ in range(2)
    ]

    def leave(placed: Placed) -> None:
        with shop_scope(shop.id):
            grouping.leave(placed.order_id, actor=BUYER)

    def past() -> None:
        past_deadline(owner)
        grouping.end_groups()

    ends = race(app, *joining, *[lambda row=row: run_batch([row]) for row in rows],
                *[lambda one=one: leave(one) for one in firsts[:2]], past)  # fmt: skip
    assert not [end for end in ends if isinstance(end, Exception) and not isinstance(end, ProductError)]
    again(owner)
    grouping.end_groups()
    drained()
    assert {state for (state,) in ask(owner, "SELECT DISTINCT state FROM groups")} == {"failed"}
    assert ask(
        owner, "SELECT count(*) FROM orders WHERE state NOT IN ('refunded', 'cancelled', 'expired')"
    ) == [(0,)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'free'") == [(40,)]
    assert ask(owner, "SELECT count(*) FROM refunds") == ask(
        owner, "SELECT count(*) FROM payments WHERE state = 'received'"
    )

"""Changes of store credit, inside the caller's transaction: held and let go by functions, moved with the books."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from app.domain.credit import queries
from app.domain.credit.models import CreditAccount, CreditMove
from app.domain.ledger.posting import Posting, Side, post
from app.foundation.database import session

HOLD = text("SELECT credit.hold(:order, :mailbox, :minor)")
TAKE_AGAIN = text("SELECT credit.take_again(:order)")
MOVES = text("SELECT count(*) FROM credit_moves WHERE reward_id = :reward")


def hold(order_id: int, mailbox: str, minor: int) -> bool:
    """Set credit of a mailbox aside for an open order of its own; False where there is not as much (any more)."""
    values = {"order": order_id, "mailbox": mailbox, "minor": minor}
    return bool(session().execute(HOLD, values).scalar_one())


def take_again(order_id: int) -> bool:
    """For money that came late: hold the order's credit again; False where it is gone, or was spent already."""
    return bool(session().execute(TAKE_AGAIN, {"order": order_id}).scalar_one())


def account_of(shop_id: int, mailbox: str, email: str, currency: str) -> CreditAccount:
    """A mailbox's account, locked; opened where there is none. In the platform's scope."""
    found = queries.lock_account(shop_id, mailbox, currency)
    if found is not None:
        return found
    row = insert(CreditAccount).values(shop_id=shop_id, mailbox=mailbox, email=email, currency=currency)
    session().execute(row.on_conflict_do_nothing())
    made = queries.lock_account(shop_id, mailbox, currency)
    if made is None:
        raise AssertionError(f"an account of shop {shop_id} that was just opened is not there")
    return made


def move_reward(
    account: CreditAccount,
    minor: int,
    *,
    reward_id: int,
    order_id: int,
    distributor_id: int | None,
    at: datetime,
) -> None:
    """Post what a reward brings (or, below nought, takes back), at the expense of a distributor or the platform.

    The reward is locked. The balance follows the movement by a trigger.
    """
    kind = "earned" if minor > 0 else "taken_back"
    session().flush()
    number = int(session().execute(MOVES, {"reward": reward_id}).scalar_one()) + 1
    against = (
        Side("distributor_available", -minor, distributor_id=distributor_id) if distributor_id is not None
        else Side("promotion_cost", -minor)
    )  # fmt: skip
    made = post(
        Posting(
            f"reward:{reward_id}:{number}", f"credit_{kind}", account.currency, at,
            [Side("store_credit", minor), against], shop_id=account.shop_id, order_id=order_id,
            reason={"credit_account": account.id},
        )
    )  # fmt: skip
    if made is None:
        raise AssertionError(f"reward:{reward_id}:{number} was posted behind its reward's lock")
    session().add(
        CreditMove(
            shop_id=account.shop_id, account_id=account.id, kind=kind, reward_id=reward_id,
            distributor_id=distributor_id, currency=account.currency, amount_minor=minor, transaction_id=made,
        )
    )  # fmt: skip
    session().flush()
    session().refresh(account)

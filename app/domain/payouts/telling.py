"""Mails to firms about their payouts and accounts, decided in the transaction that moves the money."""

from app.domain.notifications import service as notifications
from app.domain.payouts import queries
from app.domain.payouts.accounts import Firm
from app.domain.payouts.models import Payout
from app.foundation import clock
from app.foundation.unit_of_work import Work

LOCALE = "zh_Hans"
TOLD = frozenset({"sent", "paid", "failed", "returned"})


def tell(work: Work, payout: Payout, state: str) -> None:
    """Write to the payout's firm, once per state; where it gave no address, nobody is told."""
    recipient = queries.contact_of(Firm(payout.brand_id, payout.distributor_id))
    if not recipient or state not in TOLD:
        return
    account = queries.account_of(payout)
    notifications.write(
        work, key=f"payout:{payout.id}:{state}", kind=f"payout_{state}", recipient=recipient, locale=LOCALE,
        shop_id=None, amount_minor=payout.amount_minor, fee_minor=payout.fee_minor, net_minor=payout.net_minor,
        currency=payout.currency, shown=account.shown if account else "", reason=payout.reason,
    )  # fmt: skip


def tell_account(work: Work, kind: str, *, account_id: int, recipient: str, **facts: object) -> None:
    """Write about an account that was changed, verified or refused; never its number."""
    if recipient:
        key = f"payout_account:{account_id}:{kind}:{clock.now():%Y%m%d%H%M%S%f}:{recipient}"
        notifications.write(
            work,
            key=key,
            kind=f"payout_account_{kind}",
            recipient=recipient,
            locale=LOCALE,
            shop_id=None,
            **facts,
        )

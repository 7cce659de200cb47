"""A carrier tells us something: believed only if signed; what it says twice changes nothing the second time."""

from collections.abc import Mapping

from app.domain.payouts import carriers, queries, sending
from app.domain.payouts.gateway import Checked, News
from app.flows import payout_accounts
from app.flows.pay_out import record
from app.foundation import clock
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope


def hear_carrier(name: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Take what a carrier sent; whether it meant anything. Raises ForgedEvent where it is not signed."""
    news = carriers.carrier(name).hear(headers, body)
    if news is None:
        return False
    with platform_scope(), unit_of_work() as work:
        return _of_transfer(work, name, news) or _of_account(work, news)


def _of_transfer(work: Work, name: str, news: News) -> bool:
    if news.answer is None:
        return False
    payout_id = sending.named(name, key=news.key, external_id=news.external_id)
    return payout_id is not None and bool(record(work, {payout_id: news.answer}, clock.now()))


def _of_account(work: Work, news: News) -> bool:
    found = queries.accounts_with(payout_accounts.mark_of(news.destination)) if news.destination else []
    for account in found:
        if news.stuck:
            # It arrived and cannot go on to their bank: nothing more until the firm has put that right.
            payout_accounts.decide(work, account.id, Checked("refused", news.stuck), by=None)
        else:
            # Asked for ourselves, so that news that come out of order mean no harm.
            work.enqueue("verify_account", key=f"account:{account.id}", account_id=account.id)
    return bool(found)

"""A firm's money at a glance, for the top of its console's first page."""

from dataclasses import dataclass
from datetime import date

from app.domain.commissions import earned
from app.domain.commissions.earned import Slice
from app.domain.ledger.queries import Balances
from app.domain.ledger.statements import Days
from app.web.money import periods
from app.web.money.earnings import tile_links
from app.web.money.standing import firm, own_scope, standing


@dataclass(frozen=True, slots=True)
class Strip:
    """What four tiles show, and where each leads."""

    balance: Balances
    today: Slice
    ahead: list[tuple[date, int]]
    links: dict[str, str]


def strip() -> Strip:
    """The firm's money in its usual currency, by three queries in its own scope."""
    now = periods.today()
    with own_scope():
        _balances, balance = standing()
        today = earned.earned(firm(), balance.currency, Days(now, now)).whole
        ahead = earned.held_by_day(firm(), balance.currency)
    return Strip(balance, today, ahead, tile_links(balance.currency))

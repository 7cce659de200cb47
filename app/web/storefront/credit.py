"""Store credit on a shop's pages: what the signed-in buyer has, offered at the checkout, and where it went."""

from dataclasses import dataclass

from flask import g, request

from app.domain.credit import queries
from app.domain.credit.models import CreditAccount
from app.domain.credit.queries import Move
from app.flows import spending
from app.flows.spending import Wish
from app.foundation.addresses import mailbox
from app.web.storefront.visitor import buyer

SEEN, USED = "credit_seen", "credit"
MOST_MOVES = 30


@dataclass(frozen=True, slots=True)
class Offer:
    """What credit would pay of an order; `chosen` until its holder takes the tick away. Minor units."""

    part_minor: int
    rest_minor: int
    free_minor: int
    email: str
    chosen: bool

    @property
    def whole(self) -> bool:
        return not self.rest_minor

    @property
    def kept_for_gateway(self) -> bool:
        """Less than there is, because what is left to pay must not be too small."""
        return self.part_minor < min(self.free_minor, self.part_minor + self.rest_minor)


@dataclass(frozen=True, slots=True)
class Purse:
    """A holder's account and its newest movements."""

    account: CreditAccount
    moves: tuple[Move, ...]


def offer(total_minor: int) -> Offer | None:
    """For the checkout page: only whoever has come by a mailed link is offered their credit, and nobody by typing."""
    signed_in = buyer()
    if signed_in is None:
        return None
    part = spending.offered(signed_in.email, g.tenant.currency, total_minor)
    if not part:
        return None
    free = queries.free(mailbox(signed_in.email), g.tenant.currency)
    chosen = SEEN not in request.form or USED in request.form
    return Offer(part, total_minor - part, free, signed_in.email, chosen)


def wish() -> Wish | None:
    """What a sent checkout asks for."""
    signed_in, told = buyer(), request.form.get(USED, "")
    if signed_in is None or not told.isdecimal() or len(told) > 15:
        return None
    return Wish(signed_in.email, int(told))


def purse(email: str) -> Purse | None:
    """What a proven address has and had; None where it never had any."""
    found = queries.account(mailbox(email), g.tenant.currency)
    return Purse(found, tuple(queries.moves_of(found.id, most=MOST_MOVES))) if found else None

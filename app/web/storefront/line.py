"""The line of a flash sale as its page's script hears it: where a caller stands, by Redis and this process's memory.

Told to whoever asks, by the turnstile in front of the house or by the view behind it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort, g

from app.domain.flash import queries, rules, tickets
from app.domain.flash.errors import DropNeedsSignIn, DropNotOpen, LineCrowded, PlaceTaken
from app.domain.flash.models import Drop
from app.domain.flash.room import MOST_PER_ADDRESS, Place, Room
from app.domain.flash.service import Ask
from app.domain.flash.tickets import Ticket
from app.domain.orders.rules import clean_email
from app.domain.promotions.buyers import Shopper
from app.flows import drops
from app.foundation import challenge, clock
from app.foundation.addresses import neighbourhood
from app.foundation.errors import ProductError
from app.foundation.runtime import settings
from app.web.answers import status_of
from app.web.wording import error_text

PURPOSE, LONGEST_TICKET = "drop", 800
KNOWN_SECONDS, MOST_KNOWN = 2.0, 256


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, with what in hand. `account`: (id, e-mail) of a signed-in buyer."""

    device: str
    ticket: str = ""
    email: str = ""
    solution: str = ""
    locale: str = "zh_Hans"
    address: str = ""
    account: tuple[int, str] | None = None

    def who(self) -> tuple[str, int | None]:
        """The mailbox that was typed, else the signed-in buyer's; and the account, whatever mailbox it types."""
        email = clean_email(self.email or (self.account[1] if self.account else ""))
        return email, self.account[0] if self.account else None


Said = dict[str, Any]
Story = Callable[[Drop, Caller], Said]


def answered(story: Story, row: Drop, caller: Caller) -> tuple[int, Said]:
    """A story's answer with its status; what was refused is said in words."""
    try:
        return 200, story(row, caller)
    except ProductError as error:
        facts: Said = {name: error.facts[name] for name in ("reason", "starts_at") if name in error.facts}
        words = str(error_text(error))
        return status_of(error), {
            "state": "refused", "code": error.code, "words": words, "param": error.param, **facts,
        }  # fmt: skip


def look(row: Drop, caller: Caller) -> Said:
    """Where the holder of a ticket stands; without one, how the sale stands."""
    ticket = ticket_of(caller.ticket, row.id, caller.device)
    if ticket is None:
        return _of_sale(row)
    place = drops.enter(row, _ask(caller, ticket.position, ticket.email, ticket.buyer_id))
    return _told(row, place, caller, ticket.email, ticket.buyer_id)


def enter(row: Drop, caller: Caller) -> Said:
    """Take a place in the line: one for each device, account and mailbox, however often it is asked for."""
    now = clock.now()
    if now < row.starts_at:
        raise DropNotOpen(reason="early", starts_at=row.starts_at.isoformat())
    if over(row):
        raise DropNotOpen(reason="over")
    if row.sign_in and caller.account is None:
        raise DropNeedsSignIn
    email, own = caller.who()
    if row.difficulty:
        challenge.check(caller.solution, f"{PURPOSE}-{row.id}", shop_id=g.tenant.id)
    address = neighbourhood(caller.address) if caller.address and settings().checkouts_per_address else ""
    place = drops.enter(row, _ask(caller, 0, email, own), address=address)
    return _told(row, place, caller, email, own)


def known_drop(drop_id: int) -> Drop:
    """The drop's row, read anew after two seconds: what of it changes shows then. 404 where there is none."""
    found = remembered(drop_id)
    if found is not None:
        return found
    row = queries.drop(drop_id)
    if row is None:
        abort(404)
    if len(_kept) >= MOST_KNOWN:
        _kept.clear()
    _kept[g.tenant.id, drop_id] = (time.monotonic() + KNOWN_SECONDS, row)
    return row


def remembered(drop_id: int) -> Drop | None:
    """The drop's row, if it has been read within two seconds."""
    until, row = _kept.get((g.tenant.id, drop_id), (0.0, None))
    return row if until > time.monotonic() else None


_kept: dict[tuple[int, int], tuple[float, Drop]] = {}


def over(row: Drop) -> bool:
    return row.state == "ended" or row.ends_at <= clock.now()


def ticket_of(text: str, drop_id: int, device: str) -> Ticket | None:
    """A ticket of this shop's drop in its own holder's hands, or None."""
    if not text or len(text) > LONGEST_TICKET:
        return None
    found = tickets.read(text, device=device, shop_id=g.tenant.id, key=settings().key_for("drop-ticket"))
    return found if found is not None and found.drop_id == drop_id else None


def _ask(caller: Caller, position: int, email: str, buyer_id: int | None) -> Ask:
    keys = Shopper(caller.device, email, buyer_id).keys()
    return Ask(position, caller.device, email, buyer_id, caller.locale, keys)


def _told(row: Drop, place: Place, caller: Caller, email: str, buyer_id: int | None) -> Said:
    """A place for the page's script, with the ticket that proves it."""
    if place.refused:
        raise PlaceTaken if place.refused == "taken" else LineCrowded(most=MOST_PER_ADDRESS)
    made = Ticket(row.id, place.position, email, buyer_id)
    sealed = tickets.seal(
        made, device=caller.device, shop_id=g.tenant.id, key=settings().key_for("drop-ticket")
    )
    said: Said = {"ticket": sealed, "now": _now_ms()}
    if place.seat is not None and (place.seat["state"] != "granted" or not over(row)):
        again = 4_000 if place.seat["state"] in {"granted", "ordered"} else 0
        return {**said, **place.seat, "again_ms": again}
    if place.news is None or place.rank < 0:
        return {**said, "state": "over" if over(row) else "coming", "again_ms": rules.SOONEST_MS}
    stand = rules.standing(place.rank, place.news)
    return {
        **said, "state": stand.state, "nth": stand.nth, "odds": stand.odds, "again_ms": stand.again_ms,
        "left": place.news.left, "unpaid": place.news.unpaid, "sold_out": stand.state in {"standby", "none", "over"},
    }  # fmt: skip


def _of_sale(row: Drop) -> Said:
    if over(row):
        return {"state": "over", "now": _now_ms(), "again_ms": 0}
    if clock.now() < row.starts_at:
        return {
            "state": "early",
            "now": _now_ms(),
            "starts_at": row.starts_at.isoformat(),
            "again_ms": 30_000,
        }
    room = Room(row.id)
    news = room.news()
    spoken = news is not None and news.left <= room.waiting()
    return {"state": "spoken" if spoken else "open", "now": _now_ms(), "again_ms": 2_000}


def _now_ms() -> int:
    return int(clock.now().timestamp() * 1000)

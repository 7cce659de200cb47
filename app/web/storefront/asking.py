"""What this visitor brings to a price: who they are, the codes they typed, what a seat, a group or a friend grants."""

from collections.abc import Callable, Mapping

from flask import session

from app.domain.promotions.buyers import Shopper
from app.domain.promotions.service import clean_code
from app.flows.priced import MOST_CODES, Asked
from app.web.storefront import friend, group_choice, seats
from app.web.storefront.visitor import buyer, known_device

CODES, ASIDE = "codes", "aside"
LONGEST_ID = 19


def asked(email: str = "") -> Asked:
    """What pricing is asked with; `email` as typed at the checkout, the signed-in buyer's otherwise."""
    signed_in = buyer()
    known = email.strip().lower() or (signed_in.email if signed_in else "")
    own = signed_in.id if signed_in and signed_in.email == known else None
    found = Asked(
        shopper=Shopper(known_device() or "", known, own), codes=codes(),
        without=aside(),
    )  # fmt: skip
    for grant in GRANTS:
        found = grant(found)
    return found


def codes() -> tuple[str, ...]:
    """The coupon codes this visitor has typed, oldest first."""
    return tuple(session.get(CODES, ()))


def add_code(typed: str) -> None:
    """Remember a typed code; the newest few count."""
    code = clean_code(typed)[:40]
    kept = [one for one in codes() if one != code]
    session.permanent = True
    session[CODES] = [*kept, code][-MOST_CODES:]


def drop_code(code: str) -> None:
    session[CODES] = [one for one in codes() if one != clean_code(code)]


def put_aside(promotion_id: int, *, back: bool = False) -> None:
    """Go without a promotion, or take it back."""
    kept = {one for one in session.get(ASIDE, ()) if one != promotion_id}
    session[ASIDE] = sorted(kept if back else kept | {promotion_id})[-20:]


def aside() -> frozenset[int]:
    """The promotions this visitor goes without."""
    return frozenset(session.get(ASIDE, ()))


def choose(form: Mapping[str, str]) -> bool:
    """What a form says of promotions to go without (`aside`) or to take back (`back`); whether it says anything."""
    for name in ("aside", "back"):
        told = form.get(name, "")
        if told.isdecimal() and len(told) < LONGEST_ID:
            put_aside(int(told), back=name == "back")
            return True
    return False


def spent() -> None:
    """After an order: what was typed for it is not carried to the next."""
    session.pop(CODES, None)
    session.pop(ASIDE, None)
    seats.leave()
    group_choice.forget()


GRANTS: tuple[Callable[[Asked], Asked], ...] = (friend.grant, seats.granted, group_choice.grant)
"""Each adds what its situation grants this visitor: a seat of a drop, a group, a friend's link."""

"""The coupon centre, claims by link, what a visitor holds; and the box for codes on cart and checkout."""

from dataclasses import dataclass
from typing import Any

from flask import g, redirect, request, session
from flask.typing import ResponseReturnValue

from app.domain.pricing.quotes import Quote
from app.domain.pricing.rules import Step
from app.domain.promotions import coupon_queries
from app.domain.promotions.errors import CouponNotClaimed
from app.flows import coupons
from app.foundation.errors import ProductError
from app.web.answers import status_of
from app.web.storefront import asking, checkout, coupon_words
from app.web.storefront.basket import NOW
from app.web.storefront.coupon_words import Ticket, amount, why_not
from app.web.storefront.pages import here, show
from app.web.storefront.visitor import device
from app.web.wording import error_text

SAID = "coupon_said"


@dataclass(frozen=True, slots=True)
class Chip:
    """A typed code or a claimed coupon in the box: what it takes off, or why not."""

    title: str
    code: str = ""
    promotion_id: int = 0
    off: str = ""
    why: str = ""
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """The box for codes: what stands in it, and what the last try said."""

    chips: tuple[Chip, ...]
    action: str
    at: str
    error: str = ""
    typed: str = ""


def coupon(key: str) -> ResponseReturnValue:
    """One coupon, by its link."""
    return _coupon(key)


def claim_coupon(key: str) -> ResponseReturnValue:
    """Put it into this visitor's hand; from then on it applies automatically."""
    device()
    who = asking.asked().shopper
    found = coupons.by_link(key, who, ip=request.remote_addr)
    try:
        coupons.claim(found.promotion, who, ip=request.remote_addr)
    except CouponNotClaimed as error:
        words = why_not(str(error.facts["reason"]))
        return _coupon(key, problem=words, status=status_of(error))
    except ProductError as error:
        return _coupon(key, problem=error_text(error), status=status_of(error))
    asking.put_aside(found.promotion.id, back=True)
    return redirect("/coupons?claimed=1" if found.promotion.claim == "page" else f"/coupons/{key}", 303)


def coupon_code() -> ResponseReturnValue:
    """From the box on cart or checkout: a code in or out, a claimed coupon put aside or taken back."""
    form = request.form
    device()
    if "drop" in form:
        asking.drop_code(form["drop"][:64])
    elif "aside" in form or "back" in form:
        asking.put_aside(form.get("back" if "back" in form else "aside", 0, type=int), back="back" in form)
    else:
        _add(form.get("code", "")[:64])
    if form.get("at") == "checkout":
        return checkout.checkout()  # with the e-mail that was typed there
    return redirect("/cart", 303)


def box() -> Box:
    """What the box shows; the page's quote, where there is one, says what each brings."""
    said, typed = session.pop(SAID, ("", ""))
    at_checkout = request.endpoint is not None and "/cart" not in request.path
    now = f"?{NOW}=1" if NOW in request.args else ""
    quoted: Quote | None = g.get("quoted")
    chips = (*_typed_chips(quoted), *_claimed_chips(quoted))
    return Box(chips, f"/coupons/code{now}", "checkout" if at_checkout else "cart", said, typed)


def _add(typed: str) -> None:
    if not typed.strip():
        return
    try:
        asking.add_code(coupons.try_code(typed, device=device(), ip=request.remote_addr))
    except ProductError as error:
        session[SAID] = [error_text(error), typed]


def _typed_chips(quoted: Quote | None) -> list[Chip]:
    typed = asking.codes()
    meant = coupons.meant_by(typed)
    return [_chip(quoted, code, meant.get(code, 0), code=code) for code in typed]


def _claimed_chips(quoted: Quote | None) -> list[Chip]:
    asked = asking.asked()
    held = [ticket for ticket in _hand(asked.shopper.keys()) if ticket.state == "claimed"]
    return [_chip(quoted, f"{one.face} {one.title}", one.id, aside=one.id in asked.without) for one in held]


def _chip(
    quoted: Quote | None, title: str, promotion_id: int, *, code: str = "", aside: bool = False
) -> Chip:
    """What a coupon brings in this quote, or why it brings nothing."""
    if aside:
        return Chip(title, code, promotion_id, aside=True)
    steps = [step for line in quoted.lines for step in line.steps] if quoted else []
    off = sum(step.minor for step in steps if promotion_id and step.promotion_id == promotion_id)
    if off:
        return Chip(title, code, promotion_id, off=f"−{amount(off)}")
    left = next((step for step in quoted.left_out if _is(step, promotion_id, code)), None) if quoted else None
    if left is None and not promotion_id:
        return Chip(title, code, why=why_not("unknown_code"))
    return Chip(title, code, promotion_id, why=why_not(left.because) if left else "")


def _is(step: Step, promotion_id: int, code: str) -> bool:
    return step.promotion_id == promotion_id if promotion_id else step.name == code


def coupon_centre() -> ResponseReturnValue:
    """All coupons on show, and what this visitor holds."""
    who = asking.asked().shopper
    hand = _hand(who.keys())
    mine = {one.id for one in hand if one.state == "claimed"}
    return show(
        "storefront/coupons.html",
        tickets=[one for one in coupon_words.tickets(coupons.centre(who)) if one.id not in mine],
        hand=[one for one in hand if one.state == "claimed"],
        past=[one for one in hand if one.state != "claimed"],
        claimed="claimed" in request.args,
    )


def _coupon(key: str, *, problem: str = "", status: int = 200) -> ResponseReturnValue:
    found = coupons.by_link(key, asking.asked().shopper, ip=request.remote_addr)
    one = coupon_words.ticket(found)
    if found.stand is not None and found.stand.said == "not_for_you" and one.state != "claimed":
        problem = problem or why_not("not_for_you")
    return show(
        "storefront/coupon.html", ticket=one, problem=problem, status=status, link=here(f"/coupons/{key}")
    )


def _hand(keys: list[str]) -> list[Ticket]:
    return [coupon_words.in_hand(one) for one in coupon_queries.held_by(keys)]


def for_templates() -> dict[str, Any]:
    """Pages include the box by one line."""
    return {"coupon_box": box}

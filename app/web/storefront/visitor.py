"""Who is visiting: the device, the signed-in buyer, and the orders that may be seen."""

import hashlib
import secrets
import time
from dataclasses import dataclass

from flask import Response, g, request, session
from itsdangerous import BadSignature, Signer

from app.domain.orders.models import Order
from app.foundation.actor import Actor
from app.foundation.logs import request_id
from app.foundation.runtime import settings
from tenants.web import cookie_name

DEVICE, DEVICE_SECONDS = "device", 400 * 86400
CART_COUNT, MONTH = "cart_count", 31 * 86400
MOST_SEEN = 40
FRESH_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A buyer of this shop, proven by a mailed link."""

    id: int
    email: str


def device() -> str:
    """This browser's own sign, the same for a year; a browser without one gets one with this answer."""
    if "device" not in g:
        g.device = _known_device() or _new_device()
    return str(g.device)


def known_device() -> str | None:
    """The sign this browser came with, or None."""
    return str(g.device) if "device" in g else _known_device()


def remember_device(response: Response) -> Response:
    """After each request: hand over a sign that was made for it, or take back what a sign-out gave up."""
    if g.get("left"):
        response.delete_cookie(
            device_cookie(), httponly=True, samesite="Lax", secure=settings().scheme == "https"
        )
    elif g.get("new_device") and not g.get("same_for_everyone"):
        response.headers.add("Set-Cookie", cookie_for(g.device))
    return response


def cookie_for(sign: str) -> str:
    """The whole Set-Cookie of a browser's sign, for an answer that is not Flask's."""
    made = Response()
    made.set_cookie(
        device_cookie(), device_signer().sign(sign).decode(), max_age=DEVICE_SECONDS, httponly=True, samesite="Lax",
        secure=settings().scheme == "https",
    )  # fmt: skip
    return made.headers["Set-Cookie"]


def buyer() -> SignedIn | None:
    kept = session.get("buyer")
    return SignedIn(int(kept[0]), str(kept[1])) if kept else None


def lately_signed_in() -> bool:
    """Whether this browser's buyer came by a mailed link within the half hour: what moves money asks for that."""
    kept = session.get("buyer")
    # One who signed in before this was asked has no moment in the sign.
    return bool(kept and len(kept) > 2 and time.time() - int(kept[2]) < FRESH_SECONDS)


def sign_in(buyer_id: int, email: str) -> None:
    """From now on this browser is that buyer; what it was granted before goes with it no further."""
    cart = session.get("cart")
    session.clear()
    session.permanent = True
    session["buyer"] = [buyer_id, email, int(time.time())]
    if cart:
        session["cart"] = cart


def sign_out() -> None:
    """Forget the buyer, every order that was opened, what was typed into the cart, and the device itself.

    Whoever sits at this computer next reads nothing of theirs: orders are seen by their device, too.
    """
    session.clear()
    g.left = True


def actor() -> Actor:
    """The visitor as the one who does it."""
    signed_in = buyer()
    return Actor(
        "buyer", id=signed_in.id if signed_in else None, ip=request.remote_addr, device=known_device(),
        request_id=request_id.get(),
    )  # fmt: skip


def let_see(number: str) -> None:
    """This browser has shown that the order is its own."""
    seen = [one for one in session.get("seen", []) if one != number]
    session.permanent = True
    session["seen"] = [*seen, number][-MOST_SEEN:]


def may_see(order: Order) -> bool:
    """Placed on this device, opened by its mailed link or by look-up, or bought by the signed-in buyer."""
    here = known_device()
    signed_in = buyer()
    return (
        order.number in session.get("seen", [])
        or (here is not None and secrets.compare_digest(order.device.encode(), here.encode()))
        or (signed_in is not None and signed_in.email == order.email)
    )


def _known_device() -> str | None:
    kept = request.cookies.get(device_cookie())
    if not kept:
        return None
    try:
        return device_signer().unsign(kept).decode()
    except BadSignature:
        return None


def device_cookie() -> str:
    return cookie_name(DEVICE, scheme=settings().scheme)


def _new_device() -> str:
    g.new_device = True
    return secrets.token_urlsafe(16)


def device_signer() -> Signer:
    # The shop is in the salt: carried to another shop it is no sign.
    return Signer(
        settings().key_for("device"), salt=f"perkline-device:{g.tenant.id}", digest_method=hashlib.sha256
    )

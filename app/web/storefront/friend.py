"""A friend's link: where it leads, the signed cookie it leaves, and what that grants at a price."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, TimestampSigner

from app.domain.promotions.buyers import Shopper
from app.domain.promotions.models import StoredPromotion
from app.flows import referrals
from app.flows.priced import Asked
from app.foundation.runtime import settings
from app.web import language
from app.web.look.money import money
from app.web.storefront.pages import in_language, show
from app.web.storefront.visitor import buyer, device, known_device
from tenants.web import cookie_name

FRIEND, LONGEST = "friend", 365 * 86400


def friend(code: str) -> ResponseReturnValue:
    """Where a promoter's link leads: the click is counted, and the last one counts from now on."""
    arrived = referrals.arrive(g.tenant, code[:16], device=device(), ip=request.remote_addr)
    goal = _inside(request.args.get("to", ""))
    if arrived is None:
        return redirect(goal)
    mine = referrals.friend(arrived.promoter_id, datetime.now(UTC), _visitor())
    page = show(
        "storefront/friend.html", goal=goal, own=mine is not None and mine.promotion_id is None,
        title=in_language(arrived.promotion.title, arrived.promotion.title_en),
        words=in_language(arrived.promotion.words, arrived.promotion.words_en), **benefit(arrived.promotion),
    )  # fmt: skip
    _leave(page, f"{arrived.promoter_id}.{arrived.click_id or 0}")
    return page


def grant(asked: Asked) -> Asked:
    """What the last friend's link grants this visitor, and to whom the sale is due."""
    kept = last_click()
    if kept is None:
        return asked
    promoter_id, click_id, at = kept
    found = referrals.friend(promoter_id, at, asked.shopper)
    if found is None:
        return asked
    due = {"promoter_id": found.promoter_id, **({"click_id": click_id} if click_id else {})}
    more = frozenset() if found.promotion_id is None else frozenset({found.promotion_id})
    return replace(asked, granted=asked.granted | more, due=due)


def last_click() -> tuple[int, int, datetime] | None:
    """(promoter, click, when) of the link this browser came by last."""
    kept = request.cookies.get(cookie_name(FRIEND, scheme=settings().scheme), "")
    if not kept:
        return None
    try:
        told, at = _signer().unsign(kept, max_age=LONGEST, return_timestamp=True)
        promoter, _, click = told.decode().partition(".")
        return int(promoter), int(click), at
    except (BadSignature, ValueError):
        return None


def benefit(row: StoredPromotion) -> dict[str, Any]:
    """What a friend gets, in figures: `off` is an amount or a rate, `from_amount` what it begins at."""
    value, currency, locale = row.value, g.tenant.currency, language.choose()
    rate = int(value.get("rate_bps") or 0)
    off = f"{rate / 100:g}%" if rate else money(int(value.get("minor") or 0), currency, locale)
    begins = int(value.get("from_minor") or 0)
    return {"off": off, "from_amount": money(begins, currency, locale) if begins else ""}


def _leave(page: Response, told: str) -> None:
    page.set_cookie(
        cookie_name(FRIEND, scheme=settings().scheme), _signer().sign(told).decode(), max_age=LONGEST, httponly=True,
        samesite="Lax", secure=settings().scheme == "https",
    )  # fmt: skip


def _inside(goal: str) -> str:
    """A path of this shop; anything else is its home."""
    parts = urlsplit(goal)
    plain = not parts.scheme and not parts.netloc and "\\" not in goal
    return goal if plain and goal.startswith("/") and not goal.startswith("//") else "/"


def _visitor() -> Shopper:
    signed_in = buyer()
    return Shopper(
        known_device() or "",
        signed_in.email if signed_in else "",
        signed_in.id if signed_in else None,
    )


def _signer() -> TimestampSigner:
    # The shop is in the salt: carried to another shop it is no sign.
    return TimestampSigner(
        settings().key_for("friend"), salt=f"perkline-friend:{g.tenant.id}", digest_method=hashlib.sha256
    )

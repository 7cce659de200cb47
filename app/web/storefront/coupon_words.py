"""A coupon as a ticket: what it takes off, from when on, until when, and how it stands for this visitor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import g
from flask_babel import gettext, lazy_gettext

from app.domain.promotions.coupon_queries import Held
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.queries import Stand
from app.flows.coupons import Shown
from app.foundation import clock
from app.web import language
from app.web.look.money import money
from app.web.storefront.pages import in_language

# In the order in which the centre shows them.
PLACES = ("claim", "claimed", "code", "auto", "tomorrow", "not_first", "used", "gone", "paused", "ended")
STATES: Mapping[str, object] = {
    "claimed": lazy_gettext("In your hand"),
    "auto": lazy_gettext("Applies automatically"),
    "code": lazy_gettext("With this code"),
    "tomorrow": lazy_gettext("Gone for today, more tomorrow"),
    "not_first": lazy_gettext("For a first order"),
    "used": lazy_gettext("You have used it"),
    "gone": lazy_gettext("All gone"),
    "paused": lazy_gettext("Paused"),
    "ended": lazy_gettext("Over"),
    "held": lazy_gettext("In an unpaid order"),
    "returned": lazy_gettext("Given back"),
    "lapsed": lazy_gettext("Ran out"),
}
REASONS: Mapping[str, object] = {
    "unknown_code": lazy_gettext("This code does not count here. Please check it, or it has ended."),
    "code_used": lazy_gettext("This code was used already."),
    "claim_first": lazy_gettext("Claim it on the coupon page first."),
    "limit": lazy_gettext("All gone."),
    "day_limit": lazy_gettext("Gone for today. More tomorrow."),
    "buyer_limit": lazy_gettext("You have had it as often as it may be had."),
    "budget": lazy_gettext("All gone."),
    "not_now": lazy_gettext("It does not count now."),
    "paused": lazy_gettext("It does not count now."),
    "not_for_you": lazy_gettext("It is for certain buyers only."),
    "not_first": lazy_gettext("It is for a first order only."),
    "have_one": lazy_gettext("You have this coupon in your hand already."),
    "threshold": lazy_gettext("The amount it starts at is not reached."),
    "combination": lazy_gettext("It cannot be combined with another offer of this order."),
    "not_these_goods": lazy_gettext("It is not for these goods."),
    "switched_off": lazy_gettext("It is not for these goods."),
    "floor": lazy_gettext("The brand's minimum price leaves no room for it."),
    "funder": lazy_gettext("The brand's minimum price leaves no room for it."),
    "last_unit": lazy_gettext("The price cannot be any lower."),
    "rounding": lazy_gettext("It comes to nothing for this amount."),
}
NOT_NOW = REASONS["not_now"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One coupon as it is shown; `taken` in percent of its limit, `left` said when few are."""

    id: int
    key: str
    face: str
    condition: str
    title: str
    words: str
    state: str
    told: str
    until: datetime | None
    code: str = ""
    taken: int | None = None
    left: int | None = None

    @property
    def dim(self) -> bool:
        return self.state in {"used", "gone", "paused", "ended", "not_first", "lapsed", "returned"}


def tickets(shown: list[Shown]) -> list[Ticket]:
    """What the centre shows this visitor: nothing that is for others, what can be had first."""
    mine = [ticket(one) for one in shown if one.stand is None or one.stand.said != "not_for_you" or one.held]
    return sorted(mine, key=lambda one: PLACES.index(one.state))


def ticket(one: Shown) -> Ticket:
    row, state = one.promotion, _state(one)
    until = one.held.until if state == "claimed" and one.held else row.ends_at
    taken, left = (
        _progress(row, one.stand) if state in {"claim", "code", "auto", "tomorrow"} else (None, None)
    )
    return _ticket(row, state, until, taken=taken, left=left)


def in_hand(one: Held) -> Ticket:
    """A use that this visitor has, or had."""
    over = one.state == "claimed" and one.until is not None and one.until <= clock.now()
    return _ticket(one.promotion, "lapsed" if over else one.state, one.until)


def face_of(row: StoredPromotion) -> str:
    """¥5, or 15 % off."""
    value = row.value
    if value.get("rate_bps"):
        return gettext("%(percent)s%% off", percent=f"{value['rate_bps'] / 100:g}")
    return _short(int(value["minor"]), row.currency)


def why_not(because: str) -> str:
    return str(REASONS.get(because, NOT_NOW))


def _ticket(
    row: StoredPromotion,
    state: str,
    until: datetime | None,
    *,
    taken: int | None = None,
    left: int | None = None,
) -> Ticket:
    return Ticket(
        row.id, row.key, face_of(row), _condition(row), in_language(row.title, row.title_en),
        in_language(row.words, row.words_en), state, str(STATES.get(state, "")), until,
        row.code or "" if state == "code" else "", taken, left,
    )  # fmt: skip


def _condition(row: StoredPromotion) -> str:
    parts = []
    if row.value.get("from_minor"):
        parts.append(gettext("From %(amount)s", amount=_short(int(row.value["from_minor"]), row.currency)))
    if row.value.get("most_minor"):
        parts.append(gettext("at most %(amount)s", amount=_short(int(row.value["most_minor"]), row.currency)))
    if row.target_of != "all" or row.brand_id is not None:
        parts.append(gettext("for certain goods"))
    if row.audience == "first_order":
        parts.append(gettext("for a first order"))
    return " · ".join(parts) or gettext("For everything in this shop")


def _state(one: Shown) -> str:
    row, stand, now = one.promotion, one.stand, clock.now()
    held = one.held.state if one.held else ""
    if one.held and held == "claimed" and (one.held.until is None or one.held.until > now):
        return "claimed"
    if row.status == "ended" or (row.ends_at is not None and row.ends_at <= now):
        return "ended"
    if row.status != "live" or stand is None:
        return "paused"
    if stand.said:
        return {"not_first": "not_first"}.get(stand.said, "used" if held else "gone")
    if _none(stand.uses_left) or _none(stand.minor_left):
        return "gone"
    if _none(stand.day_left):
        return "tomorrow"
    if row.claim != "none":
        return "claim"
    return "auto" if row.automatic else "code"


def _none(left: int | None) -> bool:
    return left is not None and left < 1


def _progress(row: StoredPromotion, stand: Stand | None) -> tuple[int | None, int | None]:
    if row.total_limit is None or stand is None or stand.uses_left is None:
        return None, None
    taken = min(100, (row.total_limit - stand.uses_left) * 100 // row.total_limit)
    return taken, stand.uses_left if stand.uses_left * 5 <= row.total_limit else None


def _short(minor: int, currency: str) -> str:
    """¥5 rather than ¥5.00: on a ticket whole amounts are whole."""
    return money(minor, currency, language.choose()).removesuffix(".00")


def amount(minor: int) -> str:
    return money(minor, g.tenant.currency, language.choose())

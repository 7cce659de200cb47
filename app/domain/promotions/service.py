"""Changes of promotions and their uses, inside the caller's transaction."""

import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.domain.promotions.errors import (
    CouponCodeTaken,
    PromotionInvalid,
    PromotionLimitTooLow,
    PromotionOver,
    PromotionState,
)
from app.domain.promotions.models import KINDS, Holdout, PromotionBuyer, StoredPromotion
from app.domain.promotions.rules import WHOLE, Bundle
from app.domain.promotions.stored import GRANTED, promotion_of, value_of
from app.foundation import clock, ids
from app.foundation.database import session

TAKE = text("SELECT promo.take(:order, :promotion, :units, :minor, :keys, :code, :use)")
RETAKE = text("SELECT promo.retake(:order, :keys)")
KNOW_PAYER = text("SELECT promo.know_payer(:order, :key)")
CLAIM = text("SELECT use_id, said FROM promo.claim(:promotion, :keys, :email, :device)")
LAPSE = text("SELECT promo.lapse(:most)")
SET_LIMITS = text("SELECT promo.set_limits(:promotion)")
MAY_BECOME = {
    "draft": {"live", "ended"}, "live": {"paused", "ended"}, "paused": {"live", "ended"}, "ended": set(),
}  # fmt: skip
LONGEST_CODE = 32
STOPS = {"promotion_switch_holds": "switched_off", "promotion_is_on": "not_now"}
"""What the database says of a promotion that is on no more, by the name of its rule."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A promotion that a quote grants: what it takes of the limits and the budget, by which code or claimed use."""

    promotion_id: int
    units: int
    minor: int
    code_id: int | None = None
    use_id: int | None = None


def make(**facts: Any) -> StoredPromotion:
    """Write a promotion as a draft; PromotionInvalid says which field cannot be so."""
    row = StoredPromotion(key=f"P-{ids.random_signs(8)}", status="draft", **facts)
    row.funder = {"shop": "distributor", "brand": "brand", "platform": "platform"}[row.owner]
    check(row)
    session().add(row)
    _flush()
    return row


def save(row: StoredPromotion) -> None:
    """Write what was changed of a promotion; PromotionInvalid where it cannot be so."""
    check(row)
    _flush()


def choose_buyers(promotion_id: int, keys: Collection[str]) -> None:
    """For whom a promotion for certain buyers is from now on."""
    session().execute(
        delete(PromotionBuyer).where(
            PromotionBuyer.promotion_id == promotion_id, PromotionBuyer.key.not_in(keys)
        )
    )
    if keys:
        rows = [{"promotion_id": promotion_id, "key": key} for key in sorted(keys)]
        session().execute(insert(PromotionBuyer).values(rows).on_conflict_do_nothing())


def check(row: StoredPromotion) -> None:
    """PromotionInvalid where the row is no promotion that pricing could read."""
    if row.kind not in KINDS:
        raise PromotionInvalid(param="kind", reason="unknown")
    try:
        value = value_of(row.kind, row.value)
    except (ValueError, TypeError, KeyError) as error:
        raise PromotionInvalid(param="value", reason="not_a_value") from error
    row.target_of, row.target_ids = row.target_of or "all", sorted(set(row.target_ids or ()))
    if isinstance(value, Bundle):  # a bundle is for the Skus it is made of, and a brand sees it by them
        row.target_of, row.target_ids = "sku", sorted(value.parts)
    if (row.target_of == "all") == bool(row.target_ids):
        raise PromotionInvalid(param="target", reason="no_goods")
    if row.ends_at is not None and row.starts_at is not None and row.ends_at <= row.starts_at:
        raise PromotionInvalid(param="ends_at", reason="ends_before_start")
    if row.code is not None:
        row.code = clean_code(row.code)
        if not 4 <= len(row.code) <= LONGEST_CODE:
            raise PromotionInvalid(param="code", reason="length")
    if row.kind in GRANTED or row.claim not in {None, "none"} or row.code is not None:
        row.automatic = False
    _check_limits(row)
    promotion_of(row)


def _check_limits(row: StoredPromotion) -> None:
    if row.claim not in {None, "none"} and row.limit_of == "units":
        raise PromotionInvalid(param="limit_of", reason="claims_count_orders")
    if row.audience == "first_order" and row.per_buyer is None:
        row.per_buyer = 1


def become(row: StoredPromotion, status: str) -> None:
    """Publish, pause, go on with, or end; PromotionState where that may not follow."""
    if status not in MAY_BECOME[row.status]:
        raise PromotionState(state=row.status, wanted=status)
    now = clock.now()
    if status == "live" and row.ends_at is not None and row.ends_at <= now:
        raise PromotionState(state="over", wanted=status)
    if status == "live" and row.published_at is None:
        row.published_at = now
    if status == "ended":
        row.ended_at = now
    row.status = status
    _flush()
    if status == "live":
        set_limits(row)


def set_limits(row: StoredPromotion) -> None:
    """Let what is left follow the row's limits; PromotionLimitTooLow where more is used already."""
    session().flush()
    said = session().execute(SET_LIMITS, {"promotion": row.id}).scalar_one()
    if said:
        raise PromotionLimitTooLow(
            param={"limit": "total_limit", "budget": "budget"}.get(said, "per_day"), reason=said
        )


def take(order_id: int, wanted: Sequence[Taken], keys: Sequence[str], titles: Mapping[int, str]) -> None:
    """Count the uses of an order's promotions under their locks; PromotionOver where one cannot be had any more.

    In order of promotion, so that two orders never wait for each other in a circle.
    """
    for one in sorted(wanted, key=lambda one: one.promotion_id):
        said = session().execute(TAKE, {
            "order": order_id, "promotion": one.promotion_id, "units": one.units, "minor": one.minor,
            "keys": list(keys), "code": one.code_id, "use": one.use_id,
        }).scalar_one()  # fmt: skip
        if said:
            raise PromotionOver(
                param="quote",
                reason=said,
                title=titles.get(one.promotion_id, ""),
                promotion_id=one.promotion_id,
            )


def flush_kept() -> None:
    """Send what an order keeps of its promotions; PromotionOver where a switch or an end came in between."""
    try:
        session().flush()
    except IntegrityError as error:
        told = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
        if told not in STOPS:
            raise
        raise PromotionOver(param="quote", reason=STOPS[told], title="") from error


def retake(order_id: int, keys: Sequence[str]) -> None:
    """Take again what went back when a checkout expired, for money that came late; PromotionOver where it is gone."""
    said = session().execute(RETAKE, {"order": order_id, "keys": list(keys)}).scalar_one()
    if said:
        raise PromotionOver(param="quote", reason=said, title="")


def know_payer(order_id: int, key: str) -> bool:
    """Count an order's uses for the account it was paid from; False where a flash sale's limit per buyer is over."""
    return not session().execute(KNOW_PAYER, {"order": order_id, "key": key}).scalar_one()


def claim(promotion_id: int, keys: Sequence[str], *, email: str, device: str) -> tuple[int | None, str]:
    """Put a coupon into a buyer's hand: (its use, "") or (None, why not: have_one, or as PromotionOver says)."""
    values = {"promotion": promotion_id, "keys": list(keys), "email": email, "device": device}
    use_id, said = session().execute(CLAIM, values).one()
    return use_id, said


def lapse(most: int) -> int:
    """Take claimed coupons whose time is over back; how many. Needs the platform's scope."""
    return int(session().execute(LAPSE, {"most": most}).scalar_one())


def clean_code(typed: str) -> str:
    """A code as it is compared: whatever its width or case, without spaces and dashes."""
    plain = unicodedata.normalize("NFKC", typed)
    return "".join(sign for sign in plain.upper() if not sign.isspace() and sign not in "-_·—–")


def fingerprint(code: str, key: bytes) -> bytes:
    """What is kept of a single-use code."""
    return hmac.new(key, clean_code(code).encode(), hashlib.sha256).digest()


def is_held_out(promotion_key: str, who: str, share_bps: int) -> bool:
    """Whether a buyer falls into the share that does not get a promotion; the same answer for ever."""
    drawn = int.from_bytes(hashlib.sha256(f"{promotion_key}\n{who}".encode()).digest()[:8], "big")
    return drawn % WHOLE < share_bps


def drawn_by(keys: Sequence[str]) -> str:
    """By what a buyer is drawn: the account where it is known, so that another browser is no other draw."""
    return next((key for key in keys if key.startswith("b:")), keys[0])


def remember_draw(shop_id: int, drawn: Mapping[int, bool], keys: Sequence[str]) -> None:
    """Keep for good whether a buyer was held out, by whatever key comes again."""
    rows = [
        {"promotion_id": promotion_id, "key": key, "shop_id": shop_id, "held_out": held_out}
        for promotion_id, held_out in sorted(drawn.items())
        for key in keys
    ]
    session().execute(insert(Holdout).values(rows).on_conflict_do_nothing())


def _flush() -> None:
    try:
        session().flush()
    except IntegrityError as error:
        told = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
        if told == "uq_promotions_code":
            raise CouponCodeTaken(param="code") from error
        if told.startswith("ck_promotions_"):
            raise PromotionInvalid(param=told.removeprefix("ck_promotions_"), reason="not_allowed") from error
        raise

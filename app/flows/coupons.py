"""Coupons: batches of single-use codes, typed codes, claims, and claims whose time is over."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.promotions import batch_queries, batches, coupon_queries, queries, service
from app.domain.promotions.buyers import Shopper
from app.domain.promotions.coupon_queries import Held
from app.domain.promotions.errors import CouponNotClaimed, CouponUnknown, CouponUsed
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.queries import Stand
from app.flows.priced import with_codes
from app.foundation import clock, pace
from app.foundation.actor import Actor
from app.foundation.addresses import neighbourhood
from app.foundation.errors import NotFound
from app.foundation.runtime import settings
from app.foundation.unit_of_work import once_more, unit_of_work
from tenants.context import current_scope, platform_scope

SHORTEST_CODE = 4
# Wrong tries in ten minutes: of one device, of one address, and of everybody in a shop.
GUESSES = (("coupon-device", 10), ("coupon-address", 30), ("coupon-shop", 600))
WINDOW_SECONDS = 600
CLAIMS_PER_ADDRESS, CLAIM_SECONDS = 30, 3600
LAPSE_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """The codes of a batch, readable this once."""

    batch_id: int
    promotion: StoredPromotion
    codes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A coupon as the centre shows it; `held` where this buyer has it, or had it."""

    promotion: StoredPromotion
    stand: Stand | None
    held: Held | None


def make_batch(promotion_id: int, *, size: int, prefix: str, actor: Actor) -> int:
    """So many single-use codes for a coupon of the open shop, in one go; returns the batch."""
    with unit_of_work(actor) as work:
        row = batch_queries.own(promotion_id)
        batch = batches.make(
            row, size=size, prefix=prefix, by=actor.id, seed_key=_seed_key(), code_key=_code_key()
        )
        work.record("coupons.made", f"promotion:{promotion_id}", batch=batch.id, size=size)
        return batch.id


def export_batch(batch_id: int, promotion_id: int, *, actor: Actor) -> Exported:
    """The codes of a batch; they cannot be had a second time. CouponsExported, CouponBatchVoid."""
    with unit_of_work(actor) as work:
        row = batch_queries.own(promotion_id)
        batch_queries.batch_of(batch_id, promotion_id)
        batch, codes = batches.export(batch_id, _seed_key())
        work.record("coupons.exported", f"promotion:{promotion_id}", batch=batch.id, size=batch.size)
        work.session.expunge(row)
        return Exported(batch.id, row, codes)


def void_batch(batch_id: int, promotion_id: int, *, actor: Actor) -> int:
    """Let the codes of a batch that nobody has used count no more; how many there were."""
    with unit_of_work(actor) as work:
        batch_queries.own(promotion_id)
        batch_queries.batch_of(batch_id, promotion_id)
        voided = batches.void(batch_id)
        work.record("coupons.voided", f"promotion:{promotion_id}", batch=batch_id, codes=voided)
        return voided


def try_code(typed: str, *, device: str, ip: str | None) -> str:
    """A typed code as it is kept, if a coupon of the open shop takes it now; CouponUnknown or CouponUsed.

    Each wrong try is counted, by device, address and shop (TooManyRequests). It is counted before it is looked at
    and taken back when it was right, so that many at once are counted too; without Redis nobody tries (Busy).
    """
    code = service.clean_code(typed)
    whose = _whose(device, ip)
    for what, who, most in whose:
        pace.count_try(what, who, most=most, seconds=WINDOW_SECONDS)
    _look_up(code)
    for what, who, _ in whose:
        pace.forgive_try(what, who)
    return code


def claim(promotion: StoredPromotion, who: Shopper, *, ip: str | None) -> None:
    """Put a coupon into this buyer's hand, or CouponNotClaimed says why not. TooManyRequests from one address."""
    pace.count_try(f"claim-{promotion.id}", neighbourhood(ip), most=CLAIMS_PER_ADDRESS, seconds=CLAIM_SECONDS)
    keys = who.keys()
    if _held_out([promotion], keys):
        raise CouponNotClaimed(reason="not_now")
    said = once_more(lambda: _claim(promotion.id, who))
    if said:
        raise CouponNotClaimed(reason=said)


def centre(who: Shopper) -> list[Shown]:
    """The coupons on show for a buyer, without those that this buyer is held out of."""
    now, keys = clock.now(), who.keys()
    rows = coupon_queries.on_show(now)
    hidden = _held_out(rows, keys)
    return _shown([row for row in rows if row.id not in hidden], who)


def by_link(key: str, who: Shopper, *, ip: str | None) -> Shown:
    """The coupon behind a claim link, or NotFound. Wrong links are counted as wrong codes are."""
    what, address = "coupon-link", neighbourhood(ip)
    pace.count_try(what, address, most=GUESSES[1][1], seconds=WINDOW_SECONDS)
    row = coupon_queries.by_key(key)
    if row is None:
        raise NotFound(what="coupon")
    pace.forgive_try(what, address)
    return _shown([row], who)[0]


def meant_by(codes: Sequence[str]) -> dict[str, int]:
    """To which promotion each of these codes belongs, as far as it counts now."""
    if not codes:
        return {}
    live = {row.id: row for row in queries.in_force(clock.now())}
    found = {code: rows[0].id for code, rows in with_codes(live.values()).items() if code in codes}
    prints = {service.fingerprint(code, _code_key()): code for code in codes if code not in found}
    singles = queries.find_codes(list(prints)) if prints else {}
    return {
        **found,
        **{prints[mark]: one.promotion_id for mark, one in singles.items() if one.promotion_id in live},
    }


def lapse_coupons() -> int:
    """Claimed coupons whose time is over go back to the rest; how many there were."""
    total = 0
    while True:
        with platform_scope(), unit_of_work():
            lapsed = service.lapse(LAPSE_AT_ONCE)
        total += lapsed
        if lapsed < LAPSE_AT_ONCE:
            return total


def _claim(promotion_id: int, who: Shopper) -> str:
    with unit_of_work():
        _, said = service.claim(promotion_id, who.keys(), email=who.email, device=who.device)
    return said


def _shown(rows: Sequence[StoredPromotion], who: Shopper) -> list[Shown]:
    if not rows:
        return []
    keys = who.keys()
    stands = queries.stand([row.id for row in rows], keys, email=who.email, device=who.device)
    held: dict[int, Held] = {}
    for one in coupon_queries.held_by(keys):
        # What is in hand says more than what was used before.
        if one.promotion.id not in held or one.state == "claimed":
            held[one.promotion.id] = one
    return [Shown(row, stands.get(row.id), held.get(row.id)) for row in rows]


def _held_out(rows: Sequence[StoredPromotion], keys: Sequence[str]) -> set[int]:
    """Those that this buyer is at random not given: nobody claims what will not count."""
    drawn = [row for row in rows if row.holdout_bps]
    if not drawn or not keys:
        return set()
    known, who = queries.held_out([row.id for row in drawn], keys), service.drawn_by(keys)
    return {row.id for row in drawn if known.get(row.id, service.is_held_out(row.key, who, row.holdout_bps))}


def _look_up(code: str) -> None:
    if not SHORTEST_CODE <= len(code) <= service.LONGEST_CODE:
        raise CouponUnknown(param="code")
    live = {row.id: row for row in queries.in_force(clock.now())}
    mark = service.fingerprint(code, _code_key())
    single = queries.find_codes([mark]).get(mark)
    if any(row.code == code for row in live.values()):
        return
    if single is None or single.promotion_id not in live or single.state == "void":
        raise CouponUnknown(param="code")
    if single.state != "free":
        raise CouponUsed(param="code")


def _whose(device: str, ip: str | None) -> list[tuple[str, str, int]]:
    who = (device, neighbourhood(ip), str(current_scope().shop_id))
    return [(what, one, most) for (what, most), one in zip(GUESSES, who, strict=True)]


def _seed_key() -> bytes:
    return settings().key_for("coupon-batch")


def _code_key() -> bytes:
    return settings().key_for("coupon-code")

"""Single-use codes by the batch: made in one go from a seed, exported once, voided.

Of a code only its keyed fingerprint is kept. Until the export a batch keeps its seed, from which, with a key of the
house, the codes are made anew; the export forgets it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator

from sqlalchemy import text

from app.domain.promotions import batch_queries as kept
from app.domain.promotions.errors import CouponBatchVoid, CouponsExported, PromotionInvalid, PromotionState
from app.domain.promotions.models import CouponBatch, StoredPromotion
from app.foundation import clock, ids
from app.foundation.database import session

MOST_CODES, MOST_BATCHES = 100_000, 50
SIGNS, GROUP, LONGEST_PREFIX, DRAWN = 12, 4, 8, 10
PAIRS = tuple(one + other for one in ids.ALPHABET for other in ids.ALPHABET)
COUPONS = frozenset({"threshold_coupon", "fixed_coupon", "percentage_coupon"})
# Row by row in one statement; COPY does not go through row security.
KEEP = text("""
    INSERT INTO coupon_codes (promotion_id, batch_id, fingerprint)
    SELECT :promotion, :batch, f FROM unnest(CAST(:fingerprints AS bytea[])) AS f
""")
VOID = text("SELECT promo.void_batch(:batch)")


def make(
    row: StoredPromotion, *, size: int, prefix: str, by: int | None, seed_key: bytes, code_key: bytes
) -> CouponBatch:
    """So many new codes for a coupon. PromotionInvalid where it takes none, PromotionState where it has ended.

    30^12 codes are possible behind each prefix (58 bits): guessing one of 100,000 takes 10^12 tries.
    """
    _check(row, size=size, prefix=prefix)
    batch = CouponBatch(
        promotion_id=row.id, size=size, prefix=prefix, seed=secrets.token_bytes(32), created_by=by
    )
    session().add(batch)
    session().flush()
    fingerprints = [hmac.digest(code_key, code.encode(), "sha256") for code in _plain(batch, seed_key)]
    session().execute(KEEP, {"promotion": row.id, "batch": batch.id, "fingerprints": fingerprints})
    return batch


def export(batch_id: int, seed_key: bytes) -> tuple[CouponBatch, list[str]]:
    """The codes of a batch in readable form, this once. CouponsExported or CouponBatchVoid afterwards."""
    batch = kept.lock(batch_id)
    if batch.voided_at is not None:
        raise CouponBatchVoid
    if batch.seed is None:
        raise CouponsExported
    codes = list(codes_of(batch, seed_key))
    batch.seed, batch.exported_at = None, clock.now()
    session().flush()
    return batch, codes


def void(batch_id: int) -> int:
    """Let the free codes of a batch count nowhere from now on; how many there were. Orders keep theirs."""
    return int(session().execute(VOID, {"batch": batch_id}).scalar_one())


def codes_of(batch: CouponBatch, seed_key: bytes) -> Iterator[str]:
    """The codes a seed makes, such as `MEI-7K3F-Q2WX-9RTA`; always the same for the same seed and key."""
    start = len(batch.prefix)
    for plain in _plain(batch, seed_key):
        groups = [plain[at : at + GROUP] for at in range(start, len(plain), GROUP)]
        yield "-".join([batch.prefix, *groups] if batch.prefix else groups)


def _plain(batch: CouponBatch, seed_key: bytes) -> Iterator[str]:
    """The codes as they are compared, without dashes; ten bytes drawn for each, far more than twelve signs hold."""
    if batch.seed is None:
        raise CouponsExported
    stream = hashlib.shake_256(hmac.digest(seed_key, batch.seed, "sha256")).digest(batch.size * DRAWN)
    for start in range(0, len(stream), DRAWN):
        drawn, code = int.from_bytes(stream[start : start + DRAWN]), batch.prefix
        for _ in range(SIGNS // 2):
            drawn, at = divmod(drawn, len(PAIRS))
            code += PAIRS[at]
        yield code


def _check(row: StoredPromotion, *, size: int, prefix: str) -> None:
    if row.kind not in COUPONS or row.claim != "none":
        raise PromotionInvalid(param="kind", reason="takes_no_codes")
    if row.status == "ended":
        raise PromotionState(state=row.status, wanted="codes")
    if row.automatic and row.status != "draft":
        # Those who get it without a code now would have it no more.
        raise PromotionInvalid(param="automatic", reason="counts_without_code")
    row.automatic = False
    if not 1 <= size <= MOST_CODES:
        raise PromotionInvalid(param="size", reason="not_so_many")
    if len(prefix) > LONGEST_PREFIX or not (prefix == "" or (prefix.isascii() and prefix.isalnum())):
        raise PromotionInvalid(param="prefix", reason="not_a_prefix")
    if len(kept.batches_of(row.id)) >= MOST_BATCHES:
        raise PromotionInvalid(param="size", reason="too_many_batches")

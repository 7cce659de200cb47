"""What can be wrong with a promotion, or with using one."""

from app.foundation.errors import Kind, ProductError


class PromotionOver(ProductError):
    """A promotion of the quote cannot be had any more (`title`, `reason`): look at the new price and agree again.

    `reason`: limit, day_limit, buyer_limit, budget, code_used, claim_gone, not_now, paused, not_for_you, not_first,
    needs_code, switched_off (by the goods' brand or the platform).
    """

    code, kind = "promotion_over", Kind.CONFLICT


class PromotionInvalid(ProductError):
    """A promotion that cannot be (`reason`, and `param` names the field)."""

    code, kind = "promotion_invalid", Kind.INVALID


class PromotionState(ProductError):
    """A promotion that is in no state for this (`state`, `wanted`)."""

    code, kind = "promotion_state", Kind.CONFLICT


class PromotionLimitTooLow(ProductError):
    """A limit below what is used already (`reason`: limit, day_limit, budget)."""

    code, kind = "promotion_limit_too_low", Kind.CONFLICT


class CouponCodeTaken(ProductError):
    """Another promotion of this shop has this code."""

    code, kind = "coupon_code_taken", Kind.CONFLICT


class CouponUnknown(ProductError):
    """No coupon that can be used here has this code: the same answer for unknown, foreign, ended and void ones."""

    code, kind = "coupon_unknown", Kind.INVALID


class CouponUsed(ProductError):
    """A single-use code that an order has, or had, already."""

    code, kind = "coupon_used", Kind.CONFLICT


class CouponNotClaimed(ProductError):
    """A coupon that cannot be claimed (`reason`: have_one, or as PromotionOver says)."""

    code, kind = "coupon_not_claimed", Kind.CONFLICT


class CouponsExported(ProductError):
    """The codes of a batch were exported already, and their seed is forgotten: they cannot be made anew."""

    code, kind = "coupons_exported", Kind.CONFLICT


class CouponBatchVoid(ProductError):
    """The batch was voided: its codes count nowhere."""

    code, kind = "coupon_batch_void", Kind.CONFLICT


class PromotionFixed(ProductError):
    """What may not change any more once buyers have seen it (`param`): make a copy, and end this one."""

    code, kind = "promotion_fixed", Kind.CONFLICT


class PromotionEarnsNothing(ProductError):
    """A promotion under which the shop would earn nothing of some listings (`listings`: how many), not agreed to."""

    code, kind = "promotion_earns_nothing", Kind.CONFLICT


class ShopCannotSell(ProductError):
    """A shop in which a sale for several shops cannot be as it was meant.

    `reason`: has_programme (a referral programme runs there), floor, funder (the brand's part bears no more;
    `least_minor` it would cost), not_these_goods (switched off there), budget_short (what the shops before it may cost
    leaves too little), or as a step of a price says.
    """

    code, kind = "shop_cannot_sell", Kind.CONFLICT


class NoShopTakesPart(ProductError):
    """None of the chosen shops can take part (`left_out`: each with its `name`, and a `code` with `facts`)."""

    code, kind = "no_shop_takes_part", Kind.CONFLICT

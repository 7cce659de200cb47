"""What can go wrong with a group."""

from app.foundation.errors import Kind, ProductError


class GroupOver(ProductError):
    """The group cannot be joined, opened or left like this (`reason`).

    `reason`: full, over (its time or its promotion), paused, too_many_open, already_in, no_stock, not_alone (a group
    buys one thing, so many pieces each), not_offered.
    """

    code, kind = "group_over", Kind.CONFLICT


class GroupOfferInvalid(ProductError):
    """An offer to groups that cannot be (`param` names the field, `reason`)."""

    code, kind = "group_offer_invalid", Kind.INVALID

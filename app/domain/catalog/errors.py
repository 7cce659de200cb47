"""What can be wrong with a listing."""

from app.foundation.errors import Kind, ProductError


class ListingUnavailable(ProductError):
    """The listing is not on sale here (any more)."""

    code, kind = "listing_unavailable", Kind.CONFLICT


class QuantityNotAllowed(ProductError):
    """Fewer than one or more than `most` pieces."""

    code, kind = "quantity_not_allowed", Kind.INVALID

"""What can be wrong with a price."""

from app.foundation.errors import Kind, ProductError


class QuoteInvalid(ProductError):
    """The quote was not made by us, not for this shop, or is damaged."""

    code, kind = "quote_invalid", Kind.INVALID


class QuoteExpired(ProductError):
    """The quote's time is over."""

    code, kind = "quote_expired", Kind.CONFLICT


class PriceChanged(ProductError):
    """The price can no longer be honoured; look again and confirm."""

    code, kind = "price_changed", Kind.CONFLICT


class BelowFloor(ProductError):
    """A price under the brand's floor (`price_minor`, `floor_minor`, `currency`)."""

    code, kind = "below_floor", Kind.INVALID

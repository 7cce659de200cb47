"""What can be wrong with a flash sale, or with a place in its line."""

from app.foundation.errors import Kind, ProductError


class DropInvalid(ProductError):
    """A flash sale that cannot be (`param` and `reason` say which field and why)."""

    code, kind = "drop_invalid", Kind.INVALID


class DropNotOpen(ProductError):
    """The line is not open: too early, or the sale has ended (`starts_at`, `reason`: early, over)."""

    code, kind = "drop_not_open", Kind.CONFLICT


class PlaceTaken(ProductError):
    """Whoever that is has a place in this line already, from another device or in another account."""

    code, kind = "place_taken", Kind.CONFLICT


class LineCrowded(ProductError):
    """More places than fit one household came from this address (`most`)."""

    code, kind = "line_crowded", Kind.EXHAUSTED


class DropNeedsSignIn(ProductError):
    """This sale is for signed-in buyers."""

    code, kind = "drop_needs_sign_in", Kind.FORBIDDEN


class SeatGone(ProductError):
    """The unit was not ordered in time and went to the next in line."""

    code, kind = "seat_gone", Kind.CONFLICT

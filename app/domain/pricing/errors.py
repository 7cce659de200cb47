"""What can be wrong with a price."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import Diagnostic
from sqlalchemy.exc import IntegrityError

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


class FloorUnderSupply(ProductError):
    """A floor below what somebody it covers owes the brand (`supply_minor`, `floor_minor`, `currency`, `who`)."""

    code, kind = "floor_under_supply", Kind.INVALID


class FloorAboveListPrice(ProductError):
    """A floor above the brand's own suggested price (`suggested_minor`, `floor_minor`, `currency`)."""

    code, kind = "floor_above_list_price", Kind.INVALID


class FloorWindowsOverlap(ProductError):
    """Another floor of the same target is in the way (`starts_at`, `ends_at`, where they are known)."""

    code, kind = "floor_windows_overlap", Kind.CONFLICT


class FloorWindow(ProductError):
    """A window that cannot be (`reason`: in_the_past, ends_before_start, needs_end, far_future)."""

    code, kind = "floor_window", Kind.INVALID


class FloorCurrency(ProductError):
    """A floor in another currency than its Sku's (`currency`)."""

    code, kind = "floor_currency", Kind.INVALID


class FloorStays(ProductError):
    """A floor that cannot be ended: it is over, or it is the one that holds for everybody until another is set."""

    code, kind = "floor_stays", Kind.CONFLICT


class FloorPromotion(ProductError):
    """An exemption for no promotion that is on for this Sku, or outside its window (`reason`: unknown, outside)."""

    code, kind = "floor_promotion", Kind.INVALID


class LineBelowFloor(ProductError):
    """The database refused a line under the floor of its quote's moment."""

    code, kind = "line_below_floor", Kind.CONFLICT


BY_CONSTRAINT: dict[str, type[ProductError]] = {
    "order_line_covers_floor": LineBelowFloor,
    "ck_order_lines_net_covers_floor": LineBelowFloor,
    "ex_floors_one_window": FloorWindowsOverlap,
    "order_promotion_gives": PriceChanged,
}

PARAMS: dict[type[ProductError], str] = {FloorWindowsOverlap: "starts", PriceChanged: "quote"}


@contextmanager
def said_by_database() -> Iterator[None]:
    """Turn what the database refuses into the error that says it."""
    try:
        yield
    except IntegrityError as error:
        told: Diagnostic | None = getattr(error.orig, "diag", None)
        refusal = BY_CONSTRAINT.get((told.constraint_name if told else None) or "")
        if refusal is None:
            raise
        raise refusal(param=PARAMS.get(refusal)) from error

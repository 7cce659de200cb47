"""What the consoles refuse when goods and prices are changed, and the database with them."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import Diagnostic
from sqlalchemy.exc import IntegrityError

from app.foundation.errors import Kind, ProductError


class ListingBelowFloor(ProductError):
    """A shop's price under the brand's floor (`price_minor`, `floor_minor`, `currency`, where they are known)."""

    code, kind = "listing_below_floor", Kind.INVALID


class ListingCurrency(ProductError):
    """The Sku is sold in another currency than the shop's."""

    code, kind = "listing_currency", Kind.INVALID


class NotApprovedByBrand(ProductError):
    """The brand has not approved this distributor, or has ended its approval."""

    code, kind = "not_approved_by_brand", Kind.FORBIDDEN


class FloorBelowSupply(ProductError):
    """The floor would be lower than what the distributor owes."""

    code, kind = "floor_below_supply", Kind.INVALID


class SuggestedBelowFloor(ProductError):
    """The suggested price would be lower than the floor."""

    code, kind = "suggested_below_floor", Kind.INVALID


class NameTaken(ProductError):
    """Another product of this brand has this address."""

    code, kind = "name_taken", Kind.CONFLICT


class PictureRefused(ProductError):
    """Not a picture we can show (`reason`: too_large, too_many_pixels, not_a_picture)."""

    code, kind = "picture_refused", Kind.INVALID


BY_CONSTRAINT: dict[str, type[ProductError]] = {
    "listing_covers_floor": ListingBelowFloor,
    "listing_currency": ListingCurrency,
    "listing_needs_partnership": NotApprovedByBrand,
    "ck_skus_floor_covers_supply": FloorBelowSupply,
    "ck_skus_suggested_covers_floor": SuggestedBelowFloor,
    "uq_products_brand_id_slug": NameTaken,
}


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
        raise refusal from error

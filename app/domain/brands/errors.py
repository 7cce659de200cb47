"""What can be wrong with a brand."""

from app.foundation.errors import Kind, ProductError


class BrandNotApproved(ProductError):
    """The platform has not approved this brand (any more)."""

    code, kind = "brand_not_approved", Kind.FORBIDDEN

"""What can go wrong when a shop is opened or changed."""

from app.foundation.errors import Kind, ProductError


class SlugTaken(ProductError):
    """Another shop answers at this subdomain (`slug`)."""

    code, kind = "slug_taken", Kind.CONFLICT


class SlugNotAllowed(ProductError):
    """Not a name that a subdomain may have, or one the platform keeps for itself (`slug`)."""

    code, kind = "slug_not_allowed", Kind.INVALID


class DistributorNotApproved(ProductError):
    """The platform has not approved this distributor (any more)."""

    code, kind = "distributor_not_approved", Kind.FORBIDDEN


class ShopClosed(ProductError):
    """The shop sells nothing at the moment; what was bought there stays within reach."""

    code, kind = "shop_closed", Kind.CONFLICT


class ShopNotReady(ProductError):
    """A shop goes live with at least one thing to sell."""

    code, kind = "shop_not_ready", Kind.CONFLICT


class HostTaken(ProductError):
    """Another shop has this domain (`host`)."""

    code, kind = "host_taken", Kind.CONFLICT


class HostNotProven(ProductError):
    """The domain does not show the token yet (`host`)."""

    code, kind = "host_not_proven", Kind.CONFLICT

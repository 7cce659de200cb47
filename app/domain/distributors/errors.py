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


class InviteOver(ProductError):
    """A link that brings nobody in any more (`reason`: unknown, used, expired, ended)."""

    code, kind = "invite_over", Kind.CONFLICT


class InviteForNewFirms(ProductError):
    """A recruit link is for firms that sign up through it; this one is here already."""

    code, kind = "invite_for_new_firms", Kind.CONFLICT


class PartnerSuspended(ProductError):
    """The brand has suspended this distributor; only the brand can take that back."""

    code, kind = "partner_suspended", Kind.FORBIDDEN


class UplineCircle(ProductError):
    """The distributor would stand above itself."""

    code, kind = "upline_circle", Kind.CONFLICT


class LadderNotClimbing(ProductError):
    """A level asks for no more sales than the one below it."""

    code, kind = "ladder_not_climbing", Kind.INVALID


class PaperRefused(ProductError):
    """Not a paper we keep (`reason`: too_large, not_a_paper, too_many)."""

    code, kind = "paper_refused", Kind.INVALID

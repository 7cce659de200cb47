"""What can be wrong with a referral."""

from app.foundation.errors import Kind, ProductError


class ProgrammeInvalid(ProductError):
    """A referral programme that cannot be (`reason`, and `param` names the field)."""

    code, kind = "referral_programme_invalid", Kind.INVALID


class NoProgramme(ProductError):
    """The shop has no referral programme in force."""

    code, kind = "referral_none", Kind.NOT_FOUND


class PromoterElsewhere(ProductError):
    """This mailbox promotes under another spelling of its address: only that one is proven to be the promoter's."""

    code, kind = "referral_promoter_elsewhere", Kind.CONFLICT


class PayoutTooSmall(ProductError):
    """Less is available than a promoter's payout must be (`least_minor`, `currency`), or one is on its way."""

    code, kind = "referral_payout_too_small", Kind.CONFLICT


class PayoutState(ProductError):
    """A promoter's payout that is in no state for this (`state`, `wanted`)."""

    code, kind = "referral_payout_state", Kind.CONFLICT

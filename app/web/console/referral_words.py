"""Words of referrals on the consoles' pages."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.domain.referrals.rules import Promise
from app.web.look.money import money

REWARD_STATES = {
    "waiting": (lazy_gettext("Waits for delivery"), "info"),
    "held": (lazy_gettext("Held for now"), "warning"),
    "available": (lazy_gettext("Promoter's"), "success"),
    "given": (lazy_gettext("Coupon given"), "success"),
    "paid": (lazy_gettext("Paid"), "success"),
    "refused": (lazy_gettext("Refused"), "error"),
    "taken_back": (lazy_gettext("Taken back"), ""),
    "lapsed": (lazy_gettext("Never paid"), ""),
}
REWARD_REASONS = {
    "own_email": lazy_gettext("The promoter's own e-mail address"),
    "own_account": lazy_gettext("The promoter's own account"),
    "own_device": lazy_gettext("A device of the promoter's"),
    "own_payer": lazy_gettext("The promoter's own payment account"),
    "neighbourhood": lazy_gettext("Too many orders from one internet connection"),
    "cap_month": lazy_gettext("The promoter's cap for the month"),
    "cap_in_all": lazy_gettext("The promoter's cap in all"),
    "budget": lazy_gettext("The rewards' budget is used up"),
    "earned": lazy_gettext("The order earned too little"),
    "nothing": lazy_gettext("It came to nothing"),
    "refunded": lazy_gettext("The order was refunded"),
    "stopped": lazy_gettext("The promoter was stopped"),
    "coupon_used": lazy_gettext("Refunded, but the coupon was used"),
    "not_paid": lazy_gettext("The order was never paid"),
}
PROMOTER_STATES = {
    "active": (lazy_gettext("Works"), "success"),
    "stopped": (lazy_gettext("Stopped"), "error"),
}
PROGRAMME_STATES = {
    "draft": (lazy_gettext("Draft"), ""),
    "live": (lazy_gettext("Under way"), "success"),
    "paused": (lazy_gettext("Paused"), "warning"),
    "ended": (lazy_gettext("Ended"), ""),
}
PROMOTER_PAYOUT_STATES = {
    "requested": (lazy_gettext("Asked for"), "info"),
    "exported": (lazy_gettext("With the bank"), "warning"),
    "paid": (lazy_gettext("Paid"), "success"),
    "failed": (lazy_gettext("Failed"), "error"),
}
PROMOTER_METHODS = {"bank": lazy_gettext("Bank account"), "alipay": lazy_gettext("Alipay")}


def promise_words(promise: Promise, currency: str, locale: str) -> str:
    """¥5.00 in cash, or a coupon of it."""
    much = f"{promise.rate_bps / 100:g}%" if promise.rate_bps else money(promise.minor, currency, locale)
    if promise.kind == "credit":
        return _("%(much)s of store credit", much=much)
    return (
        _("%(much)s in cash", much=much) if promise.kind == "cash" else _("a coupon of %(much)s", much=much)
    )

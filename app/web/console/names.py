"""Words of the business on screen, in the visitor's language, with the colour each is shown in."""

from collections.abc import Mapping

from flask_babel import get_locale, lazy_gettext

KINDS = {
    "code": lazy_gettext("Code"),
    "link": lazy_gettext("Link"),
    "topup": lazy_gettext("Top-up"),
    "reusable": lazy_gettext("Reusable code"),
    "manual": lazy_gettext("By hand"),
}
DOORS = {
    "distributor": lazy_gettext("Distributor"),
    "brand": lazy_gettext("Brand"),
    "platform": lazy_gettext("Platform"),
}
ROLES = {
    "owner": lazy_gettext("Owner"),
    "manager": lazy_gettext("Manager"),
    "staff": lazy_gettext("Staff"),
    "viewer": lazy_gettext("Viewer"),
}
ORDER_STATES = {
    "pending": (lazy_gettext("Waiting for payment"), "warning"),
    "paid": (lazy_gettext("Paid, being delivered"), "info"),
    "delivered": (lazy_gettext("Delivered"), "success"),
    "expired": (lazy_gettext("Expired"), ""),
    "cancelled": (lazy_gettext("Cancelled"), ""),
    "refunding": (lazy_gettext("Being refunded"), "warning"),
    "refunded": (lazy_gettext("Refunded"), ""),
    "attention": (lazy_gettext("Needs a person"), "error"),
}
LISTING_STATES = {
    "live": (lazy_gettext("On sale"), "success"),
    "paused": (lazy_gettext("Paused"), "warning"),
    "suspended": (lazy_gettext("Taken off sale by the brand"), "error"),
}
PARTNER_STATES = {
    "applied": (lazy_gettext("Applied, waiting"), "warning"),
    "approved": (lazy_gettext("Sells your goods"), "success"),
    "declined": (lazy_gettext("Declined"), ""),
    "suspended": (lazy_gettext("Suspended"), "error"),
}
MOVED_BY = {
    "rule": lazy_gettext("by its sales"),
    "hand": lazy_gettext("by hand"),
    "approval": lazy_gettext("with the approval"),
}
INVITE_STATES = {
    "open": (lazy_gettext("Works"), "success"),
    "used": (lazy_gettext("Used up"), ""),
    "expired": (lazy_gettext("Expired"), ""),
    "ended": (lazy_gettext("Ended"), ""),
}
SHOP_STATES = {
    "draft": (lazy_gettext("Being opened"), "info"),
    "live": (lazy_gettext("Live"), "success"),
    "closed": (lazy_gettext("Closed"), "warning"),
}
FIRM_STATES = {
    "pending": (lazy_gettext("Waiting for approval"), "warning"),
    "approved": (lazy_gettext("Approved"), "success"),
    "suspended": (lazy_gettext("Suspended"), "error"),
}
PRODUCT_STATES = {
    "draft": (lazy_gettext("Draft"), ""),
    "active": (lazy_gettext("On offer"), "success"),
    "archived": (lazy_gettext("Archived"), "warning"),
}
DELIVERY_STATES = {
    "waiting": (lazy_gettext("Waiting"), "info"),
    "sending": (lazy_gettext("With the supplier"), "info"),
    "unknown": (lazy_gettext("Supplier not sure"), "warning"),
    "delivered": (lazy_gettext("Delivered"), "success"),
    "failed": (lazy_gettext("Failed"), "error"),
    "by_hand": (lazy_gettext("To be done by hand"), "warning"),
}
PAYMENT_STATES = {
    "created": (lazy_gettext("Started"), ""),
    "open": (lazy_gettext("Waiting"), "info"),
    "received": (lazy_gettext("Received"), "success"),
    "failed": (lazy_gettext("Failed"), "error"),
    "expired": (lazy_gettext("Expired"), ""),
}
EVENT_OUTCOMES = {
    "applied": (lazy_gettext("Applied"), "success"),
    "repeated": (lazy_gettext("Repeated"), ""),
    "mismatched": (lazy_gettext("Does not match"), "error"),
    "unmatched": (lazy_gettext("Belongs to no payment"), "error"),
    "ignored": (lazy_gettext("Ignored"), ""),
}
STEPS = {
    "placed": lazy_gettext("Order placed"),
    "pending": lazy_gettext("Order placed"),
    "paid": lazy_gettext("Payment received"),
    "delivered": lazy_gettext("Delivered"),
    "expired": lazy_gettext("Expired unpaid"),
    "cancelled": lazy_gettext("Cancelled"),
    "refunding": lazy_gettext("Refund started"),
    "refunded": lazy_gettext("Refunded"),
    "attention": lazy_gettext("Waits for a person"),
}
ISSUE_ORDERS = {
    "oldest": lazy_gettext("Oldest first"),
    "oldest_expiry": lazy_gettext("Earliest expiry first"),
    "newest": lazy_gettext("Newest first"),
    "random": lazy_gettext("Random"),
}
THEMES = {
    "lantern": lazy_gettext("Lantern"),
    "lake": lazy_gettext("Lake"),
    "bamboo": lazy_gettext("Bamboo"),
    "ink": lazy_gettext("Ink"),
    "arcade": lazy_gettext("Arcade"),
    "peach": lazy_gettext("Peach"),
    "citrus": lazy_gettext("Citrus"),
    "cobalt": lazy_gettext("Cobalt"),
}
LANGUAGE_NAMES = {"zh_Hans": "简体中文", "en": "English"}


def door_name(kind: str) -> str:
    return str(DOORS[kind])


def role_name(role: str) -> str:
    return str(ROLES[role])


def named(one: object, name: str = "name") -> str:
    """A name in the visitor's language: the English one where it exists and is wanted."""
    english = getattr(one, f"{name}_en", "") if str(get_locale()) == "en" else ""
    return str(english or getattr(one, name))


def options(words: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """A table of words as a filter's options."""
    return tuple((key, str(told[0] if isinstance(told, tuple) else told)) for key, told in words.items())

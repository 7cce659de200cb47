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
    "attention_again": lazy_gettext("Waits for a person"),
    "by_hand": lazy_gettext("To be done by hand"),
    "handed_over": lazy_gettext("Handed over by a person"),
    "giving_back": lazy_gettext("Refund of a part asked for"),
    "line_refunded": lazy_gettext("Money of an item went back"),
    "refund_succeeded": lazy_gettext("Money went back"),
    "refunding_extra": lazy_gettext("Money that came besides goes back"),
    "late_money_allocated": lazy_gettext("Late payment, stock held again"),
    "charged_back": lazy_gettext("The buyer's bank took the money back"),
    "dispute_won": lazy_gettext("Dispute won, the money is back"),
}
ATTENTION = {
    "dispute": lazy_gettext("the buyer's bank took the money back"),
    "dispute_inquiry": lazy_gettext("the buyer's bank asks about the payment; nothing was taken yet"),
    "dispute_won": lazy_gettext("a dispute was won and the money is back"),
    "dispute_lost": lazy_gettext("a dispute was lost, the money stays with the buyer"),
    "dispute_lost_after_won": lazy_gettext("the bank says lost about a dispute that was won: ask the gateway"),
    "dispute_of_refunded": lazy_gettext("the bank took money that had been given back already"),
    "refund_failed": lazy_gettext("a refund did not go through"),
    "foreign_refund": lazy_gettext("somebody made a refund at the gateway itself"),
    "amount_differs": lazy_gettext("another amount came than was asked for"),
    "currency_differs": lazy_gettext("another currency came than was asked for"),
    "nothing_to_refund": lazy_gettext("nothing that came in can be given back"),
}
REFUND_STATES = {
    "requested": (lazy_gettext("Asked for"), "info"),
    "sent": (lazy_gettext("On its way"), "info"),
    "succeeded": (lazy_gettext("Done"), "success"),
    "failed": (lazy_gettext("Did not go through"), "error"),
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

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
EVENT_KINDS = {
    "paid": lazy_gettext("Payment"),
    "failed": lazy_gettext("Payment failed"),
    "expired": lazy_gettext("Checkout expired"),
    "refunded": lazy_gettext("Refund"),
    "refund_failed": lazy_gettext("Refund failed"),
    "dispute": lazy_gettext("Dispute"),
    "dispute_taken": lazy_gettext("Dispute: money taken"),
    "dispute_returned": lazy_gettext("Dispute: money back"),
    "dispute_closed": lazy_gettext("Dispute closed"),
    "other": lazy_gettext("Other news"),
}
REASONS = {
    "amount": lazy_gettext("Another amount than was asked for"),
    "amount_differs": lazy_gettext("Another amount came than was asked for"),
    "currency": lazy_gettext("Another currency than was asked for"),
    "currency_differs": lazy_gettext("Another currency came than was asked for"),
    "account": lazy_gettext("Paid into another account"),
    "external_id": lazy_gettext("Speaks of another checkout"),
    "foreign_refund": lazy_gettext("A refund that we did not ask for"),
    "refund_failed": lazy_gettext("The gateway could not refund"),
    "dispute": lazy_gettext("The buyer's bank disputes the payment"),
    "nothing_to_refund": lazy_gettext("There was nothing left to refund"),
    "no_reusable_secret": lazy_gettext("The brand has no reusable code at the moment"),
    "group_failed": lazy_gettext("The group was not full in time"),
    "group_over": lazy_gettext("Paid when the group was over or full"),
    "group_left": lazy_gettext("Left the group"),
    "late_and_sold_out": lazy_gettext("Paid too late, and sold out meanwhile"),
    "payer_limit": lazy_gettext("Payment account over the limit of the flash sale"),
    "paid_twice": lazy_gettext("Paid twice"),
    "order_is_over": lazy_gettext("The order had ended before the money came"),
    "asked_by_buyer": lazy_gettext("The buyer asked for it"),
    "supplier_failed": lazy_gettext("No supplier could deliver"),
    "supplier_silent": lazy_gettext("A supplier does not say what became of it"),
    "supplier_lost": lazy_gettext("A supplier does not know its order any more"),
    "supplier_contradiction": lazy_gettext("A supplier says two different things"),
    "supplier_reference_conflict": lazy_gettext("A supplier took our number for another order"),
    "supplier_succeeded_twice": lazy_gettext("Two suppliers say they have delivered"),
    "unknown": lazy_gettext("Reason not known"),
}
PAYOUT_STATES = {
    "planned": (lazy_gettext("Waits for approval"), "warning"),
    "reserved": (lazy_gettext("Reserved"), "info"),
    "sent": (lazy_gettext("On its way"), "info"),
    "paid": (lazy_gettext("Paid"), "success"),
    "failed": (lazy_gettext("Failed"), "error"),
    "returned": (lazy_gettext("Came back"), "error"),
    "cancelled": (lazy_gettext("Cancelled"), ""),
}
PAYOUT_STEPS = {name: words for name, (words, _tone) in PAYOUT_STATES.items()} | {
    "planned": lazy_gettext("Planned"),
    "approved": lazy_gettext("Approved"),
}
ACCOUNT_STATES = {
    "unverified": (lazy_gettext("Being checked"), "warning"),
    "verified": (lazy_gettext("Verified"), "success"),
    "refused": (lazy_gettext("Refused"), "error"),
}
BATCH_STATES = {
    "open": (lazy_gettext("Being made"), "info"),
    "exported": (lazy_gettext("With the bank"), "info"),
    "answered": (lazy_gettext("Answered"), "success"),
}
METHODS = {
    "bank": lazy_gettext("Bank account"),
    "stripe": lazy_gettext("Stripe account"),
    "sandbox": lazy_gettext("Sandbox account"),
}
EVERY = {
    "daily": lazy_gettext("Every day"),
    "weekly": lazy_gettext("Every week"),
    "monthly": lazy_gettext("Every month"),
}
WEEKDAYS = (
    lazy_gettext("Monday"), lazy_gettext("Tuesday"), lazy_gettext("Wednesday"), lazy_gettext("Thursday"),
    lazy_gettext("Friday"), lazy_gettext("Saturday"), lazy_gettext("Sunday"),
)  # fmt: skip
ENTRY_KINDS = {
    "payout_reserved": lazy_gettext("Reserved for the payout"),
    "payout_paid": lazy_gettext("Paid out"),
    "payout_failed": lazy_gettext("Back to available"),
    "payout_returned": lazy_gettext("Came back"),
    "maturity": lazy_gettext("Sales whose holding time is over"),
    "return": lazy_gettext("Refunds and chargebacks"),
    "return_undone": lazy_gettext("Refunds that were undone"),
    "carried": lazy_gettext("Carried over from before"),
}
MONEY_PLACES = {
    "available": lazy_gettext("Available"),
    "in_transit": lazy_gettext("On its way"),
    "held": lazy_gettext("Held"),
    "gateway_clearing": lazy_gettext("Gateway clearing"),
    "bank_clearing": lazy_gettext("Bank clearing"),
    "payout_fees": lazy_gettext("Payout fees"),
}
PAYOUT_REASONS = {
    "account_closed": lazy_gettext("The account is closed or does not exist."),
    "amount_not_payable": lazy_gettext("This amount cannot be paid this way."),
    "unknown_account": lazy_gettext("There is no such account."),
    "other_currency": lazy_gettext("The account is of another currency."),
    "unfinished": lazy_gettext("The account's owner has not finished setting it up."),
    "failed": lazy_gettext("The bank gave no reason."),
    "returned": lazy_gettext("The bank gave no reason."),
    "reversed": lazy_gettext("The transfer was reversed."),
    "payout_covered": lazy_gettext("There was less available than this when it was to be reserved."),
    "payout_account": lazy_gettext("Its account may not be paid: not verified, cooling down, or replaced."),
    "payout_on_hold": lazy_gettext("The firm's payouts are on hold."),
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
    "group_opened": lazy_gettext("Opened a group"),
    "group_waiting": lazy_gettext("Waits for its group to be full"),
    "group_full": lazy_gettext("Completed its group"),
    "payer_limit_seen_late": lazy_gettext(
        "The payment account became known after the sale: it was over its share of the flash sale"
    ),
    "late_money_allocated": lazy_gettext("Late payment, stock held again"),
    "charged_back": lazy_gettext("The buyer's bank took the money back"),
    "dispute_won": lazy_gettext("Dispute won, the money is back"),
}
ATTENTION = {
    "dispute": lazy_gettext("the buyer's bank took the money back"),
    "dispute_inquiry": lazy_gettext("the buyer's bank asks about the payment; nothing was taken yet"),
    "dispute_won": lazy_gettext("a dispute was won and the money is back"),
    "dispute_lost": lazy_gettext("a dispute was lost, the money stays with the buyer"),
    "dispute_lost_after_won": lazy_gettext(
        "the bank says lost about a dispute that was won: ask the gateway"
    ),
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


def reason_name(code: str | None) -> str:
    """A reason in words; what has none yet, such as a person's own words, stands as it is."""
    return str(REASONS.get(code or "", code or ""))


def reason_words(reason: str) -> str:
    """Why a payout or an account failed: in words where it is one of ours, otherwise as it was told."""
    return str(PAYOUT_REASONS.get(reason, reason))


def weekday_options() -> tuple[tuple[int, str], ...]:
    """Monday is 1."""
    return tuple((at, str(day)) for at, day in enumerate(WEEKDAYS, 1))


def options(words: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """A table of words as a filter's options."""
    return tuple((key, str(told[0] if isinstance(told, tuple) else told)) for key, told in words.items())

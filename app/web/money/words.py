"""The words of the books on screen: where money stands, what moved it, and whose part it is."""

from flask_babel import lazy_gettext

PLACES = {
    "held": lazy_gettext("Held"),
    "available": lazy_gettext("Available"),
    "in_transit": lazy_gettext("On the way"),
}
ROLES = {
    "supplier": lazy_gettext("Supply"),
    "seller": lazy_gettext("Own sales"),
    "upline1": lazy_gettext("Override, one step"),
    "upline2": lazy_gettext("Override, two steps"),
}
# (what happened, what it means for the firm)
KINDS = {
    "settlement": (
        lazy_gettext("Sale settled"),
        lazy_gettext("A delivered line was split; your part is held until its days are over."),
    ),
    "maturity": (
        lazy_gettext("Became available"),
        lazy_gettext("The holding days of these earnings were over; the same sum moved from held to available."),
    ),
    "return": (
        lazy_gettext("Taken back"),
        lazy_gettext("A buyer got money back; your part of it was taken back too."),
    ),
    "return_undone": (
        lazy_gettext("Given again"),
        lazy_gettext("A refund did not arrive, or a dispute was won; what had been taken was given again."),
    ),
    "reward": (
        lazy_gettext("Referral reward"),
        lazy_gettext("A promoter brought an order; its reward is at its funder's cost."),
    ),
    "reward_returned": (
        lazy_gettext("Referral reward taken back"),
        lazy_gettext("The order behind a reward was refunded; its funder has the money again."),
    ),
    "reward_paid": (lazy_gettext("Promoter paid"), lazy_gettext("A promoter's rewards were paid by the bank.")),
    "credit_earned": (
        lazy_gettext("Reward as store credit"),
        lazy_gettext("A promoter brought an order; its reward is credit, at its funder's cost."),
    ),
    "credit_taken_back": (
        lazy_gettext("Store credit taken back"),
        lazy_gettext("The order behind a reward was refunded; its funder has the money again."),
    ),
    "credit_returned": (
        lazy_gettext("Back to store credit"), lazy_gettext("A refund gave back what was paid with store credit."),
    ),
    "payment": (lazy_gettext("Payment received"), lazy_gettext("A buyer paid; the money waits at the gateway.")),
    "refund": (lazy_gettext("Refund"), lazy_gettext("Money went back to a buyer.")),
    "refund_undone": (lazy_gettext("Refund bounced"), lazy_gettext("A refund did not arrive and came back.")),
    "chargeback": (lazy_gettext("Chargeback"), lazy_gettext("A bank took a payment back.")),
    "chargeback_undone": (lazy_gettext("Chargeback won"), lazy_gettext("A dispute was won and the money came back.")),
    "gateway_fee": (lazy_gettext("Gateway fee"), lazy_gettext("What a gateway kept of a payment for itself.")),
    "dispute_fee": (
        lazy_gettext("Dispute fee"), lazy_gettext("What a gateway took for a dispute; the platform bears it."),
    ),
    "payout_reserved": (lazy_gettext("Payout set aside"), lazy_gettext("Available money was set aside for a payout.")),
    "payout_sent": (lazy_gettext("Payout sent"), lazy_gettext("A payout left for your account and is on its way.")),
    "payout_paid": (lazy_gettext("Payout arrived"), lazy_gettext("A payout arrived on your account.")),
    "payout_failed": (
        lazy_gettext("Payout failed"), lazy_gettext("A payout could not be carried out; the money is available again."),
    ),
    "payout_returned": (
        lazy_gettext("Payout came back"), lazy_gettext("A bank sent a payout back; the money is available again."),
    ),
    "payout_cancelled": (
        lazy_gettext("Payout cancelled"), lazy_gettext("A payout was cancelled; the money is available again."),
    ),
}  # fmt: skip
ACCOUNTS = {
    "gateway_clearing": lazy_gettext("At the gateways"),
    "bank_clearing": lazy_gettext("At the bank"),
    "buyer_liability": lazy_gettext("Owed to buyers"),
    "brand_held": lazy_gettext("Brands: held"),
    "brand_available": lazy_gettext("Brands: available"),
    "brand_in_transit": lazy_gettext("Brands: on the way"),
    "distributor_held": lazy_gettext("Distributors: held"),
    "distributor_available": lazy_gettext("Distributors: available"),
    "distributor_in_transit": lazy_gettext("Distributors: on the way"),
    "platform_revenue": lazy_gettext("Platform's revenue"),
    "gateway_fees": lazy_gettext("Gateways' fees"),
    "payout_fees": lazy_gettext("Payout fees"),
    "promotion_cost": lazy_gettext("Promotions the platform pays"),
    "chargebacks": lazy_gettext("Chargebacks"),
    "rounding": lazy_gettext("Rounding"),
    "promoter_payable": lazy_gettext("Owed to promoters"),
    "store_credit": lazy_gettext("Store credit"),
}


def kind_name(kind: str) -> str:
    """What happened; a kind nobody has named yet is said by its own words."""
    if kind in KINDS:
        return str(KINDS[kind][0])
    return kind.replace("_", " ").capitalize()


def kind_means(kind: str) -> str:
    return str(KINDS[kind][1]) if kind in KINDS else ""


def account_name(account: str) -> str:
    return str(ACCOUNTS.get(account, account))


def place_of(account: str) -> str:
    """Where the firm's money stands: an account without whose it is."""
    return account.removeprefix("brand_").removeprefix("distributor_")


def place_name(account: str) -> str:
    return str(PLACES.get(place_of(account), account_name(account)))

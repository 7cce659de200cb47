"""The pages about payouts, side by side."""

from flask import url_for
from flask_babel import gettext as _


def tabs(here: str) -> list[tuple[str, str, bool]]:
    """(label, address, is this it) for `tabs` of look/pieces.html."""
    pages = (
        ("payouts", _("Payouts")), ("bank_batches", _("Bank batches")), ("payout_accounts_page", _("Accounts")),
        ("payout_firms", _("Firms")), ("promoter_payouts", _("Promoters")),
    )  # fmt: skip
    return [(label, url_for(f"platform.{page}"), page == here) for page, label in pages]

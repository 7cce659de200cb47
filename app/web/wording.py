"""The words for each error code, in the visitor's language; a test says that none is missing."""

from collections.abc import Mapping

from flask_babel import gettext, lazy_gettext

from app.foundation.errors import ProductError

TEXTS: Mapping[str, str] = {
    "bug": lazy_gettext("Something went wrong on our side. Please try again."),
    "not_found": lazy_gettext("There is nothing here."),
    "forbidden": lazy_gettext("You may not do this."),
    "invalid_input": lazy_gettext("Please check this field."),
    "too_many_requests": lazy_gettext("Too many tries. Please wait a little and try again."),
    "stale_state": lazy_gettext("This has changed in the meantime. Please reload and look again."),
    "stock_exhausted": lazy_gettext("Sold out: there is not enough stock for this order."),
    "listing_unavailable": lazy_gettext("This item is not on sale here any more."),
    "quote_expired": lazy_gettext("The price was held for a while and has expired. Please check out again."),
    "quote_invalid": lazy_gettext("This checkout cannot be read. Please start again from the cart."),
    "price_changed": lazy_gettext("The price has changed. Please look at the new price and confirm."),
    "below_floor": lazy_gettext("This price is below the brand's minimum price."),
    "too_many_open_orders": lazy_gettext("You have several unpaid orders. Pay or cancel one of them first."),
    "order_not_payable": lazy_gettext("This order cannot be paid any more."),
    "order_not_found": lazy_gettext("No order matches these details."),
    "not_delivered_yet": lazy_gettext("This has not been delivered yet."),
    "stock_file_unreadable": lazy_gettext("This file cannot be read. Save it as CSV, XLSX or text and try again."),
    "stock_file_too_large": lazy_gettext("This file is too large. Please send it in parts."),
    "stock_upload_gone": lazy_gettext("This upload is over: its codes are in, or it was cancelled."),
    "sku_keeps_no_codes": lazy_gettext("This item is not sold from codes, so it takes no stock file."),
    "secret_invalid": lazy_gettext("This code is empty or holds a character that cannot be seen."),
    "secret_unreadable": lazy_gettext("This code cannot be opened at the moment. Please contact the shop."),
    "master_key_unknown": lazy_gettext("This code cannot be opened at the moment. Please contact the shop."),
}


def error_text(error: ProductError) -> str:
    """One sentence for a person: what happened and what to do."""
    return str(TEXTS.get(error.code, gettext("Something went wrong on our side. Please try again.")))

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
    "sign_in_refused": lazy_gettext("E-mail and password do not belong together."),
    "code_refused": lazy_gettext("These digits are not right, or were used already. Wait for the next ones."),
    "email_taken": lazy_gettext("Somebody signs in with this e-mail already."),
    "password_too_weak": lazy_gettext("Too easy to guess: at least 10 characters, and not your e-mail."),
    "last_owner": lazy_gettext("A firm keeps at least one owner."),
    "brand_not_approved": lazy_gettext("The platform has not approved this brand."),
    "distributor_not_approved": lazy_gettext("The platform has not approved you yet."),
    "slug_taken": lazy_gettext("Another shop has this address."),
    "slug_not_allowed": lazy_gettext("3 to 40 small letters, digits and inner hyphens; some names are kept for the platform."),
    "shop_not_ready": lazy_gettext("Pick at least one thing to sell first."),
    "host_taken": lazy_gettext("Another shop has this domain."),
    "host_not_proven": lazy_gettext("The domain does not show the token yet. A new record may take some minutes."),
    "listing_below_floor": lazy_gettext("This price is below the brand's minimum price."),
    "listing_currency": lazy_gettext("This is sold in another currency than your shop's."),
    "floor_below_supply": lazy_gettext("The floor may not be lower than the supply price."),
    "suggested_below_floor": lazy_gettext("The suggested price may not be lower than the floor."),
    "name_taken": lazy_gettext("You have a product of this name already."),
    "picture_refused": lazy_gettext("This picture cannot be used."),
    "stock_too_low": lazy_gettext("There are not so many pieces left to take away."),
    "secret_known": lazy_gettext("This very code is on the platform already."),
    "not_delivered_yet": lazy_gettext("This has not been delivered yet."),
}


def error_text(error: ProductError) -> str:
    """One sentence for a person: what happened and what to do."""
    return str(TEXTS.get(error.code, gettext("Something went wrong on our side. Please try again.")))

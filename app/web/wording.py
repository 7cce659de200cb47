"""The words for each error code, in the visitor's language; a test says that none is missing."""

from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale, lazy_gettext

from app.foundation.errors import ProductError

OUR_FAULT = lazy_gettext("Something went wrong on our side. Please try again.")
FORGED = lazy_gettext("This message was not signed by who it claims to be from.")

TEXTS: Mapping[str, str] = {
    "bug": OUR_FAULT,
    "not_found": lazy_gettext("There is nothing here."),
    "forbidden": lazy_gettext("You may not do this."),
    "invalid_input": lazy_gettext("Please check this field."),
    "too_many_requests": lazy_gettext("Too many tries. Please wait a little and try again."),
    "busy": lazy_gettext(
        "Too much is going on right now. Nothing was changed; please try again in a moment."
    ),
    "stale_state": lazy_gettext("This has changed in the meantime. Please reload and look again."),
    # Buying.
    "stock_exhausted": lazy_gettext("Sold out: there is not enough stock for this order."),
    "listing_unavailable": lazy_gettext("This item is not on sale here any more."),
    "quantity_not_allowed": lazy_gettext("One order may hold up to %(most)s of these."),
    "cart_full": lazy_gettext("The cart is full: %(most)s different goods at a time. Check out first."),
    "buyer_field_invalid": lazy_gettext("Please check “%(label)s”: this does not fit."),
    "quote_expired": lazy_gettext(
        "The price was held for a while and has expired. Please look at it again and confirm."
    ),
    "quote_invalid": lazy_gettext("This checkout could not be read. Please look at it again and confirm."),
    "price_changed": lazy_gettext("The price has changed. Please look at the new price and confirm."),
    "promotion_over": lazy_gettext(
        "An offer in this price cannot be had any more: %(title)s. Please look at the new price and confirm."
    ),
    "promotion_invalid": lazy_gettext("This cannot be so in a promotion. Please check this field."),
    "promotion_state": lazy_gettext(
        "This promotion has moved on in the meantime. Please reload and look again."
    ),
    "promotion_limit_too_low": lazy_gettext("More than that has been used already. Choose a higher limit."),
    "promotion_fixed": lazy_gettext(
        "Buyers have seen this already, so it cannot change any more. Make a copy of it and end this one."
    ),
    "promotion_earns_nothing": lazy_gettext(
        "The shop could earn nothing of some listings. Please agree to it."
    ),
    "referral_programme_invalid": lazy_gettext(
        "This cannot be so in a referral programme. Please check this field."
    ),
    "referral_none": lazy_gettext("This shop has no referral programme at the moment."),
    "referral_promoter_elsewhere": lazy_gettext(
        "This mailbox has a link already, under another spelling of the address. Please sign in with that one."
    ),
    "referral_payout_too_small": lazy_gettext(
        "There is less than a payout must be, or one is on its way already."
    ),
    "referral_payout_state": lazy_gettext(
        "This payout has moved on in the meantime. Please reload and look again."
    ),
    "credit_changed": lazy_gettext(
        "Your store credit has changed in the meantime. Please look at what is left to pay and confirm."
    ),
    "credit_of_another": lazy_gettext(
        "Store credit pays for orders to its own address, %(email)s. Use that address, or take the tick away."
    ),
    "coupon_code_taken": lazy_gettext("Another promotion has this code. Choose a different one."),
    "drop_invalid": lazy_gettext("This cannot be so in a flash sale. Please check this field."),
    "drop_not_open": lazy_gettext("The line of this sale is not open now."),
    "place_taken": lazy_gettext(
        "This e-mail address has a place in the line already, taken on another device. Go on there, or use your own."
    ),
    "line_crowded": lazy_gettext("Too many places were taken from your connection. Please use another one."),
    "drop_needs_sign_in": lazy_gettext("This sale is for signed-in buyers. Please sign in first."),
    "seat_gone": lazy_gettext(
        "The time for your unit of the flash sale is over, and it went to the next in line. This is the usual price."
    ),
    "challenge_failed": lazy_gettext(
        "The check against programs did not succeed, or its result was used before. Please try again."
    ),
    "group_over": lazy_gettext(
        "This group is full or over, or you are in it already. You can open one of your own."
    ),
    "shop_cannot_sell": lazy_gettext("It cannot be in this shop as it was meant."),
    "no_shop_takes_part": lazy_gettext("None of the chosen shops can take part."),
    "group_offer_invalid": lazy_gettext("From %(least)s to %(most)s."),
    "below_floor": lazy_gettext(
        "Not available for the moment: the shop is changing its price. Please try again a little later."
    ),
    "line_below_floor": lazy_gettext("The price has changed. Please look at it again and confirm."),
    "too_many_open_orders": lazy_gettext("You have %(most)s unpaid orders. Pay or cancel one of them first."),
    "too_many_from_address": lazy_gettext(
        "Too many unpaid orders come from your connection. Pay or cancel one, or try again in a few minutes."
    ),
    "shop_closed": lazy_gettext(
        "This shop is closed at the moment. What you bought here stays on your order pages."
    ),
    "order_not_payable": lazy_gettext("This order cannot be paid any more."),
    "order_not_found": lazy_gettext(
        "No order matches these details. Please check number, e-mail and pass-phrase."
    ),
    "not_delivered_yet": lazy_gettext("This has not been delivered yet."),
    "sign_in_link_spent": lazy_gettext("This link has been used, or its time is over. Ask for a new one."),
    # Paying.
    "gateway_unavailable": lazy_gettext(
        "The payment service does not answer right now. Nothing was charged; please try again."
    ),
    "gateway_refused": lazy_gettext("The payment service refused. Please try again or pay another way."),
    "checkout_too_late": lazy_gettext("The time to pay is over."),
    "amount_not_payable": lazy_gettext("This amount cannot be paid this way."),
    "payment_reference_reused": OUR_FAULT,
    "news_not_taken": OUR_FAULT,
    "forged_event": FORGED,
    "forged_callback": FORGED,
    "supplier_unavailable": lazy_gettext("The supplier does not answer right now."),
    # Consoles: people and firms.
    "sign_in_refused": lazy_gettext("E-mail and password do not belong together."),
    "code_refused": lazy_gettext("These six digits are not right. Use the newest ones."),
    "email_taken": lazy_gettext("Somebody signs in with this address already."),
    "password_too_weak": lazy_gettext("Too easy to guess: at least %(least)s signs, and not the e-mail."),
    "last_owner": lazy_gettext("A firm keeps at least one owner."),
    "brand_not_approved": lazy_gettext("The platform has not approved this brand."),
    "distributor_not_approved": lazy_gettext("The platform has not approved this distributor yet."),
    # Consoles: shops.
    "slug_not_allowed": lazy_gettext(
        "3 to 40 of a–z, 0–9 and hyphens in between; some names are kept for the platform."
    ),
    "slug_taken": lazy_gettext("Another shop has this address already."),
    "shop_not_ready": lazy_gettext("Choose at least one thing to sell first."),
    "host_taken": lazy_gettext("Another shop has this domain."),
    "host_not_proven": lazy_gettext("The domain does not show the token yet."),
    # Consoles: goods.
    "listing_below_floor": lazy_gettext("This price is below the brand's minimum price."),
    "not_approved_by_brand": lazy_gettext(
        "The brand has not approved you as its distributor, or has ended its approval."
    ),
    "listing_currency": lazy_gettext("This is sold in another currency than the shop's."),
    "floor_below_supply": lazy_gettext("The minimum price cannot be lower than the supply price."),
    "suggested_below_floor": lazy_gettext("The suggested price cannot be lower than the minimum price."),
    # Consoles: floors.
    "floor_under_supply": lazy_gettext("The floor cannot be lower than the supply price of those it is for."),
    "floor_above_list_price": lazy_gettext("The floor cannot be higher than your own suggested price."),
    "floor_windows_overlap": lazy_gettext(
        "Another floor for the same shops is in the way: end that one first, or choose other times."
    ),
    "floor_window": lazy_gettext("These times cannot be."),
    "floor_promotion": lazy_gettext(
        "Choose one of the promotions that are for these goods, and a time within its own."
    ),
    "floor_currency": lazy_gettext("A floor is in the currency of its Sku: %(currency)s."),
    "floor_stays": lazy_gettext("This floor cannot be ended. Set another one in its place."),
    "name_taken": lazy_gettext("Another product of this brand has this address."),
    "picture_refused": lazy_gettext("This picture cannot be used: PNG, JPEG or WebP, up to 5 MB."),
    # Coupons.
    "coupon_unknown": lazy_gettext("This code does not count here. Please check it, or it has ended."),
    "coupon_used": lazy_gettext("This code was used already."),
    "coupon_not_claimed": lazy_gettext("This coupon cannot be claimed now."),
    "coupons_exported": lazy_gettext(
        "These codes were downloaded already, and nobody can make them a second time."
        " Void the batch and make another one."
    ),
    "coupon_batch_void": lazy_gettext("This batch was voided: its codes count nowhere."),
    # Consoles: payouts.
    "payout_account_currency": lazy_gettext(
        "A payout goes to an account of its own currency. Choose a currency you earn in and an account of it."
    ),
    "payout_needs_another": lazy_gettext(
        "You have approved this payout already; above the limit another person must agree too."
    ),
    "bank_result_refused": lazy_gettext("The file was refused as a whole, and nothing of it was taken."),
    "carrier_unavailable": lazy_gettext(
        "Whoever carries the money does not answer right now. It will be asked again by itself."
    ),
    "carrier_disagrees": OUR_FAULT,
    # Consoles: partners, invites and levels.
    "invite_over": lazy_gettext(
        "This link is not valid any more: it has been used, ended or has expired. Ask for a new one."
    ),
    "invite_for_new_firms": lazy_gettext(
        "This link is for firms that are new here. You have signed up already."
    ),
    "partner_suspended": lazy_gettext("The brand has suspended you. Only the brand can take that back."),
    "upline_circle": lazy_gettext("This would make a circle: the distributor would stand above itself."),
    "ladder_not_climbing": lazy_gettext("Each level asks for more sales than the one below it."),
    "paper_refused": lazy_gettext("A paper is a PDF, JPEG or PNG up to 5 MB; at most 5 of them."),
    # Consoles: stock.
    "stock_too_low": lazy_gettext("Only %(remaining)s remain; no more can be taken away."),
    "sku_keeps_no_codes": lazy_gettext("This Sku keeps no codes."),
    "stock_file_too_large": lazy_gettext("The file is larger than %(megabytes)s MB. Send it in parts."),
    "stock_file_unreadable": lazy_gettext("The file cannot be read as CSV, XLSX or TXT."),
    "stock_upload_gone": lazy_gettext(
        "This file is no longer kept: its codes are in, or the import was cancelled."
    ),
    "secret_invalid": lazy_gettext("A code is empty or holds a sign that cannot be printed."),
    "secret_known": lazy_gettext("This very code is on the platform already."),
    "secret_unreadable": OUR_FAULT,
    "master_key_unknown": OUR_FAULT,
    # Consoles: rules of pay.
    "supply_above_floor": lazy_gettext(
        "This supply price is above a floor that is in force for somebody it covers."
    ),
    "rates_over_whole": lazy_gettext("Commission, boost and overrides would take more than the whole price."),
    "windows_overlap": lazy_gettext(
        "Another rule for the same goods and the same distributors is in force in that time. Change or end that one."
    ),
    "rule_ended": lazy_gettext("At that moment this rule has ended already."),
}


def error_text(error: ProductError) -> str:
    """One sentence for a person: what happened and what to do."""
    return text_of(error.code, error.facts)


def text_of(code: str, facts: Mapping[str, Any]) -> str:
    """The same of an error that is remembered by its code and facts."""
    words = str(TEXTS.get(code, OUR_FAULT))
    return words % _Facts(facts) if "%(" in words else words


class _Facts(dict[str, Any]):
    """The error's facts; labels in the reader's language, and an ellipsis for what was not told."""

    def __missing__(self, name: str) -> str:
        return "…"

    def __getitem__(self, name: str) -> Any:
        if name == "label" and str(get_locale()) == "en" and self.get("label_en"):
            return self["label_en"]
        return super().__getitem__(name)

"""What went wrong, in a sentence with its figures."""

from collections.abc import Callable
from typing import Any

from flask_babel import get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from app.foundation.errors import ProductError
from app.web.look.money import money
from app.web.wording import error_text

REASONS = {
    "not_an_email": lazy_gettext("This is not an e-mail address."),
    "not_an_amount": lazy_gettext("This is not an amount, for example 23.80."),
    "too_many_decimals": lazy_gettext("This has more decimals than the currency."),
    "not_a_colour": lazy_gettext("A colour is written as # and six digits, for example #0f6d8c."),
    "not_a_host": lazy_gettext("This is not a domain of your own, for example shop.example.com."),
    "none_chosen": lazy_gettext("Choose at least one."),
    "no_skus": lazy_gettext("Add something to sell first: a product needs at least one Sku."),
    "not_counted": lazy_gettext("Codes and links are imported one by one; this Sku is not counted."),
    "empty": lazy_gettext("Please fill this in."),
    "too_large": lazy_gettext("The picture is larger than 5 MB."),
    "too_many_pixels": lazy_gettext("The picture has too many pixels."),
    "not_a_picture": lazy_gettext("This is not a PNG, JPEG or WebP picture."),
    "bad_pattern": lazy_gettext(
        "Signs, . \\d \\w \\s and [classes], each with ? * + or {2,5}, and | in between; no brackets ( )."
    ),
    "control_signs": lazy_gettext("This holds a sign that cannot be printed."),
    "bad_account": lazy_gettext("This is not an account number of this kind."),
    "bad_check_digit": lazy_gettext("The check digits do not fit: please compare the number once more."),
    "nothing_to_export": lazy_gettext("No reserved payout of this currency waits for the bank."),
    "bad_name": lazy_gettext("A name is a small letter followed by small letters, digits or _."),
}


def sentence(error: ProductError) -> str:
    """The error for a person, with its figures where it has some."""
    if error.code in FULL:
        told = FULL[error.code](error.facts)
        if told:
            return told
    reason = error.facts.get("reason")
    if isinstance(reason, str) and reason in REASONS:
        return str(REASONS[reason])
    return error_text(error)


def _below_floor(facts: dict[str, Any]) -> str:
    if "floor_minor" not in facts:
        return ""
    floor = money(facts["floor_minor"], facts["currency"], str(get_locale()))
    return _("The brand allows no price below %(floor)s. Type %(floor)s or more.", floor=floor)


def _out_of_range(facts: dict[str, Any]) -> str:
    if facts.get("reason") != "out_of_range":
        return ""
    return _("A whole number from %(least)d to %(most)d.", least=facts["least"], most=facts["most"])


def _wait(facts: dict[str, Any]) -> str:
    minutes = max(1, -(-int(facts.get("retry_seconds", 60)) // 60))
    return ngettext(
        "Too many tries. Please wait a minute.", "Too many tries. Please wait %(num)d minutes.", minutes
    )


LINE_FAULTS = {
    "header": lazy_gettext("the header is of another batch, currency or kind of file"),
    "trailer": lazy_gettext("the closing line is missing"),
    "totals": lazy_gettext("count or sum do not fit the lines"),
    "unknown": lazy_gettext("no payout of this batch has this reference"),
    "doubled": lazy_gettext("this reference stands there more than once"),
    "amount": lazy_gettext("another amount than was exported"),
    "status": lazy_gettext("no status we know: paid, failed or returned"),
    "shape": lazy_gettext("not a line of six fields that begins with R"),
    "contradicts": lazy_gettext("the payout has come to another end already"),
    "unreadable": lazy_gettext("not UTF-8 CSV"),
    "too_many": lazy_gettext("too many lines"),
}
MOST_FAULTS = 12


def _bank_lines(facts: dict[str, Any]) -> str:
    lines = facts.get("lines", [])
    told = [_("line %(line)d: %(why)s", line=line, why=LINE_FAULTS[why]) for line, why in lines[:MOST_FAULTS]]
    more = len(lines) - len(told)
    rest = [ngettext("and one more", "and %(num)d more", more)] if more else []
    return _("Nothing of this file was taken. %(lines)s.", lines="; ".join([*told, *rest]))


FULL: dict[str, Callable[[dict[str, Any]], str]] = {
    "listing_below_floor": _below_floor,
    "invalid_input": _out_of_range,
    "too_many_requests": _wait,
    "bank_result_refused": _bank_lines,
}

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
    "one_target": lazy_gettext("Choose a level or a distributor, not both."),
    "in_the_past": lazy_gettext("This time has passed."),
    "ends_before_start": lazy_gettext("The end must be after the beginning."),
    "needs_end": lazy_gettext("An exemption for a promotion needs an end."),
    "far_future": lazy_gettext("This lies too far ahead."),
    "over": lazy_gettext("This floor is over already."),
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


def _under_supply(facts: dict[str, Any]) -> str:
    supply = money(facts["supply_minor"], facts["currency"], str(get_locale()))
    if facts["who"]:
        return _(
            "The floor of %(who)s cannot be below %(supply)s: that is what they owe you.",
            who=facts["who"], supply=supply,
        )  # fmt: skip
    return _("The floor cannot be below %(supply)s: that is what is owed to you.", supply=supply)


def _above_list(facts: dict[str, Any]) -> str:
    price = money(facts["suggested_minor"], facts["currency"], str(get_locale()))
    return _("The floor cannot be above your suggested price of %(price)s.", price=price)


FULL: dict[str, Callable[[dict[str, Any]], str]] = {
    "listing_below_floor": _below_floor,
    "floor_under_supply": _under_supply,
    "floor_above_list_price": _above_list,
    "invalid_input": _out_of_range,
    "too_many_requests": _wait,
}

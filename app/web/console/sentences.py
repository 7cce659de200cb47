"""What went wrong, in a sentence with its figures."""

from collections.abc import Callable
from typing import Any

from flask_babel import get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from app.foundation.errors import ProductError
from app.web.look.money import money
from app.web.look.times import moment
from app.web.wording import text_of

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
    "not_a_rate": lazy_gettext("A percentage above 0."),
    "rate_over_whole": lazy_gettext("At most 100%."),
    "in_the_past": lazy_gettext("This moment has passed. What was agreed before stays as it was."),
    "boost_needs_end": lazy_gettext("A boost ends at some time: say when."),
    "ends_before_start": lazy_gettext("The end must come after the start."),
    "margin_needs_sku": lazy_gettext("A supply price is for one Sku: choose it."),
    "one_party": lazy_gettext("Choose a level or a distributor, not both."),
    "one_good": lazy_gettext("Choose a product or a Sku, not both."),
    "not_yours": lazy_gettext("There is no such thing among yours. Please choose again."),
    "another_target": lazy_gettext("A next version stays with the same goods and the same distributors."),
    "other_currency": lazy_gettext(
        "The goods it would be for are in several currencies or another one. Make the rule for one product or Sku."
    ),
    "brackets_empty": lazy_gettext("Fill in at least one row."),
    "brackets_many": lazy_gettext("At most 20 rows."),
    "brackets_not_from_zero": lazy_gettext("The first row must begin at 0."),
    "brackets_unsorted": lazy_gettext("The rows must rise: each begins where the one above it ends."),
    "brackets_inverted": lazy_gettext("“Up to” must be more than “from”."),
    "brackets_gap": lazy_gettext(
        "There is a gap: a row ends before the next one begins, or the last row has an end."
    ),
    "brackets_overlap": lazy_gettext(
        "Two rows cover the same sales: each must begin where the one above it ends."
    ),
    "too_long": lazy_gettext("At most 200 characters."),
    "fixed_needs_currency": lazy_gettext("A fixed amount needs a currency."),
    "not_of_this_fee": lazy_gettext("A fee of this kind cannot be for that."),
    "begins_already": lazy_gettext("Another fee for the same begins at this very moment."),
    "no_fee_to_end": lazy_gettext("There is no fee of its own here that could be ended."),
    "not_a_paper": lazy_gettext("This is not a PDF, JPEG or PNG, whatever its name says."),
    "too_many": lazy_gettext("At most 5 papers."),
    "one_target": lazy_gettext("Choose a level or a distributor, not both."),
    "needs_end": lazy_gettext("An exemption for a promotion needs an end."),
    "far_future": lazy_gettext("This lies too far ahead."),
    "over": lazy_gettext("This floor is over already."),
    "no_goods": lazy_gettext("Choose what it is for."),
    "not_a_value": lazy_gettext("This gives nothing, or more than there is. Please check the amounts."),
    "no_buyers": lazy_gettext("Say for whom it is."),
    "too_many_buyers": lazy_gettext("At most 5000 addresses."),
    "unlimited": lazy_gettext(
        "This is sold without counting. A flash sale needs stock of its own: choose another."
    ),
    "not_cheaper": lazy_gettext("The price must be lower than the list price."),
    "too_long_a_sale": lazy_gettext("A flash sale lasts at most 31 days."),
    "more_than_units": lazy_gettext("No more each buyer than there are units."),
    "budget_short": lazy_gettext("The budget does not reach for its pieces too."),
    "not_these_goods": lazy_gettext("Sales of this kind are switched off here."),
    "switched_off": lazy_gettext("Sales of this kind are switched off here."),
    "has_programme": lazy_gettext("It has a referral programme already."),
    "fewer_than_people": lazy_gettext("Fewer pieces than one group needs."),
    "too_many_shops": lazy_gettext("At most 200 shops at a time."),
    "bad_name": lazy_gettext("A name is a small letter followed by small letters, digits or _."),
}


def sentence(error: ProductError) -> str:
    """The error for a person, with its figures where it has some."""
    return said(error.code, error.facts)


def said(code: str, facts: dict[str, Any]) -> str:
    """The same of an error that is remembered by its code and facts."""
    if code in FULL:
        told = FULL[code](facts)
        if told:
            return told
    reason = facts.get("reason")
    if isinstance(reason, str) and reason in REASONS:
        return str(REASONS[reason])
    return text_of(code, facts)


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


def _drop(facts: dict[str, Any]) -> str:
    return _below_floor(facts) if facts.get("reason") == "sale_below_floor" else ""


def _shop_cannot(facts: dict[str, Any]) -> str:
    reason = facts.get("reason")
    if reason in {"floor", "funder"} and "least_minor" in facts:
        least = money(int(facts["least_minor"]), facts["currency"], str(get_locale()))
        if reason == "floor":
            return _("The floor allows no price below %(least)s here.", least=least)
        return _("The brand’s part of a sale here bears no price below %(least)s.", least=least)
    return ""


def _no_shop(facts: dict[str, Any]) -> str:
    told = [f"{one['name']}: {said(one['code'], one['facts'])}" for one in facts.get("left_out", ())]
    return " ".join([text_of("no_shop_takes_part", {}), *told]) if told else ""


def _too_few(facts: dict[str, Any]) -> str:
    if "available" not in facts:
        return ""
    return _("Only %(available)s are in stock, %(wanted)s are wanted.", available=facts["available"],
             wanted=facts.get("wanted", "…"))  # fmt: skip


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


def _supply_above_floor(facts: dict[str, Any]) -> str:
    tongue = str(get_locale())
    return _(
        "%(sku)s has a floor of %(floor)s for somebody this covers, from %(at)s on;"
        " the supply price there would be %(supply)s, above the floor.",
        sku=facts["sku_en"] if tongue == "en" else facts["sku"], at=moment(facts["at"], tongue),
        floor=money(facts["floor_minor"], facts["currency"], tongue),
        supply=money(facts["supply_minor"], facts["currency"], tongue),
    )  # fmt: skip


def _rates_over_whole(facts: dict[str, Any]) -> str:
    parts = {name: f"{facts[f'{name}_bps'] / 100:g}" for name in ("total", "commission", "boost", "override")}
    return _(
        "Commission %(commission)s %%, boost %(boost)s %% and overrides %(override)s %% would together take"
        " %(total)s %% of the price.",
        **parts,
    )


def _paper(facts: dict[str, Any]) -> str:
    return _("A paper is at most 5 MB.") if facts.get("reason") == "too_large" else ""


def _invite_over(facts: dict[str, Any]) -> str:
    words = {
        "used": _("This link has been used up. Ask for a new one."),
        "expired": _("This link has expired. Ask for a new one."),
        "ended": _("This link was ended by who made it."),
        "unknown": _("There is no such link. Was it copied whole?"),
    }
    return words.get(str(facts.get("reason")), "")


def _under_supply(facts: dict[str, Any]) -> str:
    supply = money(facts["supply_minor"], facts["currency"], str(get_locale()))
    if facts["who"]:
        return _(
            "The floor of %(who)s cannot be below %(supply)s: that is what they owe you.",
            who=facts["who"], supply=supply,
        )  # fmt: skip
    return _("The floor cannot be below %(supply)s: that is what is owed to you.", supply=supply)


def _earns_nothing(facts: dict[str, Any]) -> str:
    return ngettext(
        "You could earn nothing of %(num)d listing. Tick that you agree, or change it.",
        "You could earn nothing of %(num)d listings. Tick that you agree, or change it.", int(facts["listings"]),
    )  # fmt: skip


def _above_list(facts: dict[str, Any]) -> str:
    price = money(facts["suggested_minor"], facts["currency"], str(get_locale()))
    return _("The floor cannot be above your suggested price of %(price)s.", price=price)


FULL: dict[str, Callable[[dict[str, Any]], str]] = {
    "listing_below_floor": _below_floor,
    "floor_under_supply": _under_supply,
    "floor_above_list_price": _above_list,
    "invalid_input": _out_of_range,
    "too_many_requests": _wait,
    "bank_result_refused": _bank_lines,
    "supply_above_floor": _supply_above_floor,
    "rates_over_whole": _rates_over_whole,
    "paper_refused": _paper,
    "invite_over": _invite_over,
    "promotion_earns_nothing": _earns_nothing,
    "drop_invalid": _drop,
    "shop_cannot_sell": _shop_cannot,
    "no_shop_takes_part": _no_shop,
    "stock_exhausted": _too_few,
}

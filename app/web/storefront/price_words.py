"""Promotions and prices in words: what one gives, how a price came about, and why one was left out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import g
from flask_babel import gettext

from app.domain.pricing.rules import PricedLine, Step
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import WHOLE, Bundle, Cut, Off, Tiers
from app.domain.promotions.stored import value_of
from app.web import language
from app.web.look.money import money
from app.web.look.times import clock as hour
from app.web.look.times import moment
from app.web.storefront.pages import in_language

Rows = Mapping[int, StoredPromotion]
SOON = timedelta(days=3)
BESIDE_THE_POINT = frozenset({
    "not_these_goods", "not_now", "not_lower", "not_for_you", "not_first", "rounding", "switched_off", "budget",
    "limit", "day_limit", "buyer_limit",
})  # fmt: skip
"""Why a promotion that nobody asked for does not count: not worth a word."""


def title(row: StoredPromotion) -> str:
    return in_language(row.title, row.title_en)


def amount(minor: int) -> str:
    return money(minor, g.tenant.currency, language.choose())


def rate(off_bps: int) -> str:
    """15% off, 8.5折: never more than is given."""
    if language.choose() == "en":
        return gettext("%(rate)s off", rate=f"{_digits(off_bps, 100)}%")
    return gettext("%(rate)s off", rate=f"{_digits(WHOLE - off_bps, 1000)}折")


def badge(list_minor: int, now_minor: int) -> str:
    """What a card says in its corner: −21%, 7.9折; a word where the rate is less than one in a hundred."""
    if now_minor >= list_minor:
        return ""
    percent = (list_minor - now_minor) * 100 // list_minor
    if not percent:
        return gettext("Offer")
    if language.choose() == "en":
        return f"−{percent}%"
    return f"{_digits(-(-now_minor * 100 // list_minor), 10)}折"


def gives(row: StoredPromotion) -> str:
    """What a promotion gives, in words."""
    value = value_of(row.kind, row.value)
    if isinstance(value, Cut):
        return _cut(value)
    if isinstance(value, Tiers):
        steps = (
            gettext("%(count)s or more: %(what)s", count=start, what=_cut(cut)) for start, cut in value.steps
        )
        return " · ".join(steps)
    if isinstance(value, Bundle):
        cuts = {cut for _, cut in value.parts.values()}
        if len(cuts) == 1 and (only := cuts.pop()).minor is None:
            return gettext("%(what)s, bought together", what=_cut(only))
        return gettext("Cheaper bought together")
    return _off(value)


def ends(at: datetime | None, now: datetime) -> datetime | None:
    """The end, where it is near enough to count down to."""
    return at if at is not None and at - now <= SOON else None


def until(at: datetime, now: datetime) -> str:
    """until 23:59, until 24 Nov 2026, 08:00"""
    zone, locale = language.timezone(), language.choose()
    same_day = moment(at, locale, zone)[:-5] == moment(now, locale, zone)[:-5]
    return gettext(
        "until %(time)s", time=hour(at, locale, zone)[:5] if same_day else moment(at, locale, zone)
    )


def sentence(line: PricedLine, rows: Rows, now: datetime) -> str:
    """How the price of one piece came about: List price ¥30.00 − 11.11 ¥4.50 = ¥25.50, until 23:59."""
    parts = [gettext("List price %(price)s", price=amount(line.list_minor * line.quantity))]
    taken = [step for step in line.steps if step.minor]
    parts += [f"{title(rows[step.promotion_id])} {amount(step.minor)}" for step in taken]
    ending = min((at for step in taken if (at := rows[step.promotion_id].ends_at)), default=None)
    words = f"{' − '.join(parts)} = {amount(line.net_minor)}"
    comma = ", " if language.choose() == "en" else "，"
    return words if ending is None else f"{words}{comma}{until(ending, now)}"


def held(step: Step) -> str:
    """Of a promotion that gave less than it says: what held it."""
    if step.because == "floor":
        return (
            gettext("The brand's minimum price allows %(amount)s of it.", amount=amount(step.minor))
            if step.minor
            else gettext("The brand's minimum price leaves no room for it.")
        )
    if step.because == "funder":
        return gettext("No more than %(amount)s of it can be given here.", amount=amount(step.minor))
    if step.because == "last_unit":
        return gettext("At least %(amount)s stays to be paid.", amount=amount(1))
    return ""


def reason(step: Step, rows: Rows, lines: Sequence[PricedLine] = ()) -> str:
    """Why a promotion that a buyer could have had is not in the price."""
    row = rows.get(step.promotion_id)
    if step.because == "combination":
        return gettext("Cannot be combined with “%(other)s”.", other=_named(step.other, rows))
    if step.because == "better_offer":
        return gettext("“%(other)s” is the better price.", other=_named(step.other, rows))
    if step.because == "threshold" and row is not None:
        return gettext(
            "%(amount)s more for %(what)s.", amount=amount(missing(step, row, lines)), what=gives(row)
        )
    if step.because == "not_enough" and row is not None:
        return _not_enough(row)
    return held(step) or _plain(step.because)


def missing(step: Step, row: StoredPromotion, lines: Sequence[PricedLine]) -> int:
    """How much more of its goods a threshold asks for."""
    value = value_of(row.kind, row.value)
    has = sum(
        line.offer_minor * line.quantity
        for line in lines
        if any(one.promotion_id == step.promotion_id for one in line.steps)
    )
    return max((value.from_minor if isinstance(value, Off) else 0) - has, 0)


def _plain(because: str) -> str:
    words = {
        "not_lower": gettext("It is no lower than the price here."),
        "rounding": gettext("It comes to nothing for so small an amount."),
        "not_these_goods": gettext("It is not for these goods."),
        "not_now": gettext("It is not on at the moment."),
        "switched_off": gettext("It is not offered for these goods."),
        "budget": gettext("All of it has been given away."),
        "limit": gettext("All of it has been given away."),
        "day_limit": gettext("Today's share has been given away. Tomorrow there is more."),
        "buyer_limit": gettext("You have used it as often as one buyer may."),
        "not_for_you": gettext("It is for certain buyers. If you are one, sign in with that e-mail."),
        "not_first": gettext("It is for a first order in this shop."),
        "code_used": gettext("This code has been used."),
        "unknown_code": gettext("This code is not known here."),
        "claim_first": gettext("Take this coupon first, then it counts."),
    }
    return words.get(because, gettext("It cannot be had at the moment."))


def _not_enough(row: StoredPromotion) -> str:
    value = value_of(row.kind, row.value)
    if isinstance(value, Tiers):
        return gettext("From %(count)s pieces on.", count=value.steps[0][0])
    return gettext("Only for a whole set, with as many of each.")


def _named(key: str, rows: Rows) -> str:
    return next((title(row) for row in rows.values() if row.key == key), gettext("another offer"))


def _cut(cut: Cut) -> str:
    if cut.minor is None:
        return rate(cut.off_bps)
    return gettext("%(price)s each", price=amount(cut.minor))


def _off(value: Off) -> str:
    words = rate(value.rate_bps) if value.rate_bps else gettext("%(amount)s off", amount=amount(value.minor))
    if value.from_minor:
        words = gettext("%(what)s from %(amount)s", what=words, amount=amount(value.from_minor))
    if value.most_minor is not None:
        words = gettext("%(what)s, at most %(amount)s", what=words, amount=amount(value.most_minor))
    return words


def _digits(number: int, of: int) -> str:
    """number ÷ of, without zeros at the end."""
    return f"{number / of:.2f}".rstrip("0").rstrip(".")

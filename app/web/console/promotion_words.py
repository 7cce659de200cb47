"""Promotions in words: kinds, states, what they give, for what, when, and why one gives less than it wants."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from app.domain.promotions.models import StoredPromotion
from app.web.console.rule_words import cash, percent

KINDS = {
    "timed_price": lazy_gettext("Timed price"),
    "quantity_tiers": lazy_gettext("Quantity price"),
    "bundle_price": lazy_gettext("Bundle"),
    "threshold_coupon": lazy_gettext("Spend-and-save coupon"),
    "fixed_coupon": lazy_gettext("Fixed coupon"),
    "percentage_coupon": lazy_gettext("Percentage coupon"),
    "flash_price": lazy_gettext("Flash sale"),
    "group_price": lazy_gettext("Group buy"),
    "referral": lazy_gettext("Referral"),
}
KIND_HINTS = {
    "timed_price": lazy_gettext("A lower price for a while, for everything or for some goods."),
    "quantity_tiers": lazy_gettext("The more of one thing, the lower its price."),
    "bundle_price": lazy_gettext("Two or more things that are cheaper together."),
    "threshold_coupon": lazy_gettext("So much off from an amount on: ¥10 off from ¥100."),
    "fixed_coupon": lazy_gettext("So much off, with a code, a claim or by itself."),
    "percentage_coupon": lazy_gettext("A percentage off, with a cap if you like."),
    "flash_price": lazy_gettext("A start, a stock of its own, and a waiting room that is fair."),
    "group_price": lazy_gettext("Buyers who fill a group together all get the group price."),
    "referral": lazy_gettext("Buyers bring friends; both are rewarded."),
}
ICONS = {
    "timed_price": "clock", "quantity_tiers": "box", "bundle_price": "gift", "threshold_coupon": "ticket",
    "fixed_coupon": "ticket", "percentage_coupon": "ticket", "flash_price": "bolt", "group_price": "users",
    "referral": "megaphone",
}  # fmt: skip
STATES = {
    "draft": (lazy_gettext("Draft"), ""),
    "running": (lazy_gettext("Running"), "success"),
    "coming": (lazy_gettext("Coming"), "info"),
    "paused": (lazy_gettext("Paused"), "warning"),
    "over": (lazy_gettext("Over"), ""),
}
FUNDERS = {
    "distributor": lazy_gettext("your shop"),
    "brand": lazy_gettext("the brand"),
    "platform": lazy_gettext("the platform"),
}
WHY = {
    "floor": lazy_gettext("the floor"),
    "funder": lazy_gettext("the brand's part bears no more"),
    "last_unit": lazy_gettext("the last cent stays"),
    "not_lower": lazy_gettext("not lower than the list price"),
    "not_enough": lazy_gettext("not enough units in one order"),
    "threshold": lazy_gettext("its amount is not reached"),
    "rounding": lazy_gettext("comes to nothing"),
    "not_these_goods": lazy_gettext("switched off for these goods"),
    "below_floor": lazy_gettext("not on sale: its list price is below the floor"),
}
IN_A_WAY = {
    "flash_price": lazy_gettext("in the line of the flash sale"),
    "group_price": lazy_gettext("in a group"),
    "referral": lazy_gettext("by a friend’s link"),
}
HIDDEN = "••••"
OFFER_KINDS = ("timed_price", "quantity_tiers", "bundle_price")
COUPONS = ("threshold_coupon", "fixed_coupon", "percentage_coupon")
DESIGNED = (*OFFER_KINDS, *COUPONS)
"""Kinds that the common form makes; others have pages of their own."""


def state_of(row: StoredPromotion, now: datetime) -> str:
    """What a reader calls the state of a promotion: a key of STATES."""
    if row.status == "ended" or (row.status != "draft" and row.ends_at is not None and row.ends_at <= now):
        return "over"
    if row.status == "live":
        return "coming" if row.starts_at > now else "running"
    return row.status


def gives(kind: str, value: Mapping[str, Any], currency: str) -> str:
    """What it gives, in a few words."""
    if kind == "quantity_tiers":
        tiers = [
            _("from %(many)s: %(price)s", many=t["from"], price=_cut(t, currency)) for t in value["tiers"]
        ]
        return "; ".join(tiers)
    if kind == "bundle_price":
        parts = value["parts"]
        pieces = sum(int(part["units"]) for part in parts)
        return ngettext("%(num)d piece together", "%(num)d pieces together", pieces)
    if kind in COUPONS or kind == "referral":
        return _off(value, currency)
    return _cut(value, currency)


def _cut(value: Mapping[str, Any], currency: str) -> str:
    if value.get("minor") is not None:
        return cash(int(value["minor"]), currency)
    return _("%(rate)s off the price", rate=percent(int(value.get("off_bps", 0))))


def _off(value: Mapping[str, Any], currency: str) -> str:
    off = (
        percent(int(value["rate_bps"]))
        if value.get("rate_bps")
        else cash(int(value.get("minor", 0)), currency)
    )
    told = _("%(rate)s off the price", rate=off)
    if value.get("most_minor"):
        told = _("%(what)s, at most %(most)s", what=told, most=cash(int(value["most_minor"]), currency))
    if value.get("from_minor"):
        told = _("%(what)s from %(amount)s on", what=told, amount=cash(int(value["from_minor"]), currency))
    return told


def how_got(row: StoredPromotion, *, whole: bool = True) -> str:
    """How a buyer gets it; `whole`: with the code itself, which is for those who gave it."""
    if row.kind in IN_A_WAY:
        return str(IN_A_WAY[row.kind])
    if row.claim == "page":
        return _("claimed in the coupon centre")
    if row.claim == "link":
        return _("claimed by a link")
    if row.code:
        return _("with the code %(code)s", code=row.code if whole else HIDDEN)
    return _("by itself") if row.automatic else _("with a single-use code")


def titled(row: object) -> str:
    english = getattr(row, "title_en", "") if str(get_locale()) == "en" else ""
    return str(english or getattr(row, "title", ""))

"""Which floor counts and where it comes from, in a sentence: "your floor is ¥23.80: level Gold, since 1 Nov"."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from app.domain.commissions.standing import Standing, standing
from app.domain.pricing.floors import FloorInForce
from app.foundation import clock
from app.web.look.money import money

BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class FloorSaid:
    """A floor (minor units), where it comes from in a few words, and the whole sentence."""

    minor: int
    why: str
    sentence: str


def floors_explained(sku_ids: Collection[int], currency: str) -> dict[int, FloorSaid]:
    """The floor in force by Sku for the open shop's distributor, explained."""
    now = clock.now()
    found: dict[int, FloorSaid] = {}
    for sku_id, stand in standing(sku_ids, now=now).items():
        floor = stand.floor(now)
        found[sku_id] = FloorSaid(floor.floor_minor, reason(floor, stand), explained(floor, stand, currency))
    return found


def reason(floor: FloorInForce, stand: Standing) -> str:
    """Where a floor comes from and since when, beside its amount."""
    if floor.since is None:
        return source_words(floor, stand)
    return _("%(why)s, since %(day)s", why=source_words(floor, stand), day=day(floor.since))


def explained(floor: FloorInForce, stand: Standing, currency: str) -> str:
    """The sentence of one floor."""
    amount = money(floor.floor_minor, currency, str(get_locale()))
    if floor.since is None:
        return _("Your floor is %(floor)s: %(why)s", floor=amount, why=source_words(floor, stand))
    return _(
        "Your floor is %(floor)s: %(why)s, since %(day)s",
        floor=amount, why=source_words(floor, stand), day=day(floor.since),
    )  # fmt: skip


def source_words(floor: FloorInForce, stand: Standing) -> str:
    if floor.source == "distributor":
        return _("agreed with you")
    if floor.source == "level":
        english = str(get_locale()) == "en" and stand.level.get("name_en")
        return _("level %(name)s", name=english or stand.level.get("name", ""))
    if floor.source == "exemption":
        return _("exempted for %(name)s", name=floor.promotion)
    return _("for everybody")


def day(at: datetime) -> str:
    """A day as people here say it: 1 Nov, or with its year where that is another."""
    local = at.astimezone(BEIJING)
    this_year = local.year == clock.now().astimezone(BEIJING).year
    if str(get_locale()) == "en":
        return str(format_date(local, "d MMM" if this_year else "d MMM yyyy"))
    return str(format_date(local, "M月d日" if this_year else "yyyy年M月d日"))

"""Earnings at a glance, and the list of them behind every figure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from flask_babel import gettext as _

from app.domain.brands import queries as brands
from app.domain.commissions import earned
from app.domain.commissions.earned import Slice
from app.domain.commissions.models import Earning
from app.domain.distributors import shops
from app.domain.ledger.statements import Days
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.money import periods, pictures
from app.web.money.periods import Period
from app.web.money.standing import firm, of_own_firm, standing
from app.web.money.words import ROLES

MOST_ROWS = 8
"""Products and shops on the first page; the list has all of them."""
KEPT = ("since", "until", "currency", "product", "level", "brand", "shop", "by", "matured")
"""What an address may narrow the list by beside its own filters."""


def hang_under(blueprint: Blueprint) -> None:
    """Add the pages of earnings to a console."""
    blueprint.add_url_rule("/earnings", "earnings", of_own_firm(overview))
    blueprint.add_url_rule("/earnings/lines", "earning_lines", of_own_firm(lines))


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a breakdown: what it is, how much of the most it is, and the list behind it."""

    name: str
    part: Slice
    href: str


def here(page: str, **values: Any) -> str:
    """An address in the console that is open."""
    return url_for(f"{g.seat.kind}.{page}", **values)


def overview() -> Any:
    """Today, held until when, available, on the way; then the period by day, product, level, shop and role."""
    balances, balance = standing()
    period = periods.asked(request.args, usual="days30")
    told = earned.earned(firm(), balance.currency, period.days)
    ahead = earned.held_by_day(firm(), balance.currency)
    days = pictures.every_day(period.days)
    page = render_template(
        "money/earnings.html",
        balances=balances, balance=balance, period=period, periods=periods.names(), told=told,
        today=_today(told, period, balance.currency), ahead=ahead, bars=_bars(told, period, balance.currency),
        by_day=pictures.by_day(period.days, told.by["day"], balance.currency),
        day_links=[lines_of(Days(day, day), balance.currency) for day in days],
        days=[(part, lines_of(Days(part.key, part.key), balance.currency)) for part in reversed(told.by["day"])],
        maturing=pictures.maturing(ahead, balance.currency),
        tile_links=tile_links(balance.currency),
        maturing_links=[here("earning_lines", currency=balance.currency, state="held")] * len(ahead),
        returned_link=here("earning_lines", currency=balance.currency, by="returned", **period.address),
        whole_link=lines_of(period.days, balance.currency), here=here,
    )  # fmt: skip
    return page, 422 if period.wrong else 200


def _today(told: earned.Earned, period: Period, currency: str) -> Slice:
    """Today's figures: from the period where it holds today, otherwise asked for."""
    now = periods.today()
    if period.days.since <= now <= period.days.until:
        return next((part for part in told.by["day"] if part.key == now), earned.Earned().whole)
    return earned.earned(firm(), currency, Days(now, now)).whole


def tile_links(currency: str) -> dict[str, str]:
    """Where the tiles lead: to the list, or to the books."""
    now, books = periods.today(), here("statements", currency=currency)
    return {
        "today": lines_of(Days(now, now), currency),
        "held": here("earning_lines", currency=currency, state="held"), "available": books, "in_transit": books,
    }  # fmt: skip


def lines_of(days: Days, currency: str, **more: Any) -> str:
    """The list of what was earned in these days."""
    return here("earning_lines", since=days.since, until=days.until, currency=currency, **more)


def _bars(told: earned.Earned, period: Period, currency: str) -> dict[str, list[Bar]]:
    """The breakdowns, each row with the list that it opens."""
    shop_names = shops.shop_names([part.key for part in told.by["shop"]]) if told.by["shop"] else {}
    brand_names = _brand_names({part.key[0] for part in told.by["level"]})
    made: dict[str, Callable[[Slice], Bar]] = {
        "product": lambda part: Bar(part.name, part, lines_of(period.days, currency, product=part.key)),
        "level": lambda part: Bar(
            " · ".join(filter(None, (brand_names.get(part.key[0], ""), part.key[1] or _("No level")))), part,
            lines_of(period.days, currency, brand=part.key[0], level=part.key[1]),
        ),
        "shop": lambda part: Bar(
            shop_name(shop_names, part.key), part, lines_of(period.days, currency, shop=part.key)
        ),
        "role": lambda part: Bar(str(ROLES[part.key]), part, lines_of(period.days, currency, role=part.key)),
    }  # fmt: skip
    bars = {name: [bar(part) for part in told.by[name]] for name, bar in made.items()}
    if g.seat.kind == "distributor":
        own = [bar for bar in bars["shop"] if bar.part.key in shop_names]
        others = [bar.part for bar in bars["shop"] if bar.part.key not in shop_names]
        link = lines_of(period.days, currency, role="upline")
        rest = Bar(_("Shops of distributors you recruited"), _together(others), link)
        bars["shop"] = [*own, rest] if others else own
    return bars


def _together(parts: Sequence[Slice]) -> Slice:
    """Several parts as one."""
    return Slice(
        None, "", sum(one.earned_minor for one in parts), sum(one.returned_minor for one in parts),
        sum(one.net_minor for one in parts), sum(one.pieces for one in parts), sum(one.sales for one in parts),
    )  # fmt: skip


def _brand_names(brand_ids: set[int]) -> dict[int, str]:
    """Whose levels they are; a brand needs not be told its own name."""
    return {} if g.seat.kind == "brand" else brands.names(brand_ids)


def shop_name(names: Mapping[int, Any], shop_id: int) -> str:
    """A shop's name where the firm may know it; another distributor's shop is only somebody's."""
    return str(names[shop_id][1]) if shop_id in names else _("A shop of another distributor")


def lines() -> Response | str:
    """Every earning of the period, filtered, sorted, paged, and as a file."""
    own = firm()
    period = periods.asked(request.args, usual="days90")
    # What is held, and what one maturity moved, is asked for whenever it was earned.
    timeless = request.args.get("matured") or (
        request.args.get("state") == "held" and "since" not in request.args
    )
    days = None if timeless else period.days
    fixed = {name: request.args[name] for name in KEPT[2:] if name in request.args}
    found: list[Any] = []

    def find(asked: Any) -> Any:
        page = earned.earnings_page(asked, firm=own, days=days)
        found.append(shops.shop_names({row.shop_id for row in page.rows}) if page.rows else {})
        return page

    def view(row: Earning) -> dict[str, Any]:
        return line_view(row, found[-1])

    return answer(
        listing(), find, view, "money/lines.html", fixed=fixed, period=period, days=days, here=here,
        narrowed=_narrowed(fixed),
    )  # fmt: skip


def listing() -> Listing:
    """The list of earnings."""
    of_brand = g.seat.kind == "brand"
    parts = (*options(ROLES)[1:], ("upline", str(_("Every override"))))
    roles = () if of_brand else (("role", _("Part"), parts),)
    states = (("held", _("Held")), ("available", _("Available")), ("returned", _("Something was taken back")))
    number = () if of_brand else (Col("number", _("Order"), shown=False),)
    return Listing(
        name="earnings", usual="-earned", searches=_("Product") if of_brand else _("Product or order number"),
        columns=(
            Col("product", _("Product"), sort=True), Col("earned", _("Earned"), sort=True), Col("shop", _("Shop")),
            Col("role", _("Part")), Col("level", _("Level")), Col("quantity", _("Pieces"), figures=True, shown=False),
            *number, Col("currency", _("Currency"), shown=False),
            Col("net", _("Paid by buyers"), sort=True, money=True), Col("amount", _("Earned"), sort=True, money=True),
            Col("returned", _("Taken back"), money=True, shown=False), Col("left", _("Left"), sort=True, money=True),
            Col("state", _("State")),
            Col("matures", _("Available from"), sort=True, shown=False),
        ),
        filters=(("state", _("State"), states), *roles), keeps=KEPT,
        empty=_("Nothing was earned in these days."),
    )  # fmt: skip


def line_view(row: Earning, shop_names: Mapping[int, Any]) -> dict[str, Any]:
    """An earning as lists show it. A brand is not told order numbers: buyers are none of its business."""
    held = row.matured_by is None
    return {
        "id": row.id, "product": row.product_name, "sku": row.sku_name, "earned": row.earned_at,
        "shop": shop_name(shop_names, row.shop_id), "role": str(ROLES[row.role]), "level": row.level,
        "quantity": row.quantity, "number": row.order_number if row.role == "seller" else "",
        "currency": row.currency, "net": row.net_minor, "amount": row.amount_minor,
        "returned": -row.taken_back_minor, "left": row.amount_minor - row.taken_back_minor,
        "state": str(_("Held")) if held else str(_("Available")), "tone": "warning" if held else "success",
        "held": held, "matures": row.matures_at,
    }  # fmt: skip


def _narrowed(fixed: Mapping[str, str]) -> list[str]:
    """What the address narrows the list to, in words."""
    told = []
    if "product" in fixed:
        told.append(_("one product"))
    if "level" in fixed and fixed.get("brand"):
        told.append(_("level %(name)s", name=fixed["level"] or _("No level")))
    if "shop" in fixed:
        told.append(_("one shop"))
    if fixed.get("by") == "returned":
        told.append(_("something was taken back in these days"))
    if "matured" in fixed:
        told.append(_("became available together"))
    return told

"""What a promotion does while it runs, what it did, and the orders behind every number."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, g, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from app.domain.commissions import promotion_report as report
from app.domain.commissions.promotion_report import Part
from app.domain.promotions import lists
from app.domain.promotions.models import StoredPromotion
from app.foundation import clock
from app.foundation.errors import Forbidden
from app.foundation.money import Money
from app.web.console.columns import Col
from app.web.console.export import as_file
from app.web.console.listing import Listing, answer
from app.web.console.names import ORDER_STATES
from app.web.console.promotion_words import titled
from app.web.distributor import distributor
from app.web.distributor.promotions import own, words_about
from app.web.look import times
from tenants.context import distributor_scope

MOST_DAYS = 92


@distributor.get("/shops/<slug>/promotions/<int:promotion_id>/figures")
def promotion_figures(slug: str, promotion_id: int) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    """The live numbers, asked for again while the page is open."""
    row = own(promotion_id)
    return render_template("distributor/promotion_figures.html", row=row, **numbers(row), **words_about(row))


def numbers(row: StoredPromotion) -> dict[str, Any]:
    """Sums, what the distributor earned, and what the limits have left."""
    lines = report.lines_of(row.id)
    with distributor_scope(g.seat.distributor_id):
        earned = report.earned_of(lines, distributor_id=g.seat.distributor_id)
    return {
        "sums": report.figures_of(row.id),
        "earned": earned,
        "lines": len(lines),
        "left": lists.left(row.id),
    }


@distributor.get("/shops/<slug>/promotions/<int:promotion_id>/report")
def promotion_report(slug: str, promotion_id: int) -> Any:
    """Who came, what it cost, what it brought; as a file one row a day."""
    row = own(promotion_id)
    days = report.by_day(row.id)
    if request.args.get("export") in {"csv", "xlsx"}:
        return _file(request.args["export"], f"{slug}-{row.key}", days, row.currency)
    since, until = _window(row, clock.now())
    with_it, without = report.held_out(row.id, since, until, every=row.automatic)
    products = report.by_product(row.id)
    return render_template(
        "distributor/promotion_report.html", row=row, **numbers(row), **words_about(row), days=days,
        products=products[:20],
        more_products=len(products) - 20, new=report.new_buyers(row.id), ways=report.ways(row.id), with_it=with_it,
        without=without, chart=_chart(days, row.currency), scaled=_scaled(row, without.orders),
        links=[_of_day(slug, row.id, day) for day in _axis(days)],
    )  # fmt: skip


def _scaled(row: StoredPromotion, orders: int) -> int:
    """How many orders as many buyers as could have it would have placed, at the rate of those held out."""
    return orders * (10_000 - row.holdout_bps) // row.holdout_bps if row.holdout_bps else 0


def _window(row: StoredPromotion, now: datetime) -> tuple[datetime, datetime]:
    ends = [at for at in (row.ends_at, row.ended_at, now) if at is not None]
    return max(row.starts_at, row.published_at or row.starts_at), min(ends)


def _file(kind: str, name: str, days: Sequence[Part], currency: str) -> Response:
    if not g.seat.may("export"):
        raise Forbidden(action="export")
    columns = (
        Col("day", _("Day")), Col("orders", _("Orders")), Col("units", _("Pieces")),
        Col("given", _("Given away"), money=True), Col("sold", _("Sold"), money=True), Col("currency", _("Currency")),
    )  # fmt: skip
    rows = [
        {"day": part.name, "orders": part.orders, "units": part.units, "given": part.given_minor,
         "sold": part.sold_minor, "currency": currency}
        for part in days
    ]  # fmt: skip
    return as_file(kind, name, columns, rows)


@distributor.get("/shops/<slug>/promotions/<int:promotion_id>/orders")
def promotion_orders(slug: str, promotion_id: int) -> Any:
    """The orders that it changed, and by how much each."""
    row = own(promotion_id)
    listing = Listing(
        name=f"{slug}-{row.key}-orders", usual="-created", searches=_("Number or e-mail"), keeps=("sku", "day"),
        columns=(
            Col("number", _("Order"), sort=True), Col("goods", _("Items")), Col("email", _("Buyer"), shown=False),
            Col("total", _("Total"), sort=True, money=True), Col("given", _("Given away"), sort=True, money=True),
            Col("currency", _("Currency"), shown=False), Col("state", _("State")), Col("created", _("Placed"),
            sort=True),
        ),
        filters=(("which", _("Which"), [
            ("paid", _("Paid")), ("waiting", _("Waiting for payment")), ("back", _("Refunded")), ("new",
            _("New buyers")),
        ]),),
        empty=_("No order under it yet."),
    )  # fmt: skip
    fixed = {name: request.args.get(name, "") for name in ("sku", "day")}
    return answer(
        listing, lambda asked: report.orders_page(asked, promotion_id=row.id), _order,
        "distributor/promotion_orders.html",
        fixed=fixed, row=row, titled=titled(row),
    )  # fmt: skip


def _order(found: Any) -> dict[str, Any]:
    order, goods, given = found
    state, tone = ORDER_STATES[order.state]
    return {
        "id": order.id, "number": order.number, "goods": goods, "email": order.email, "total": order.total_minor,
        "given": int(given or 0), "currency": order.currency, "state": str(state), "tone": tone,
        "created": order.created_at,
    }  # fmt: skip


def _of_day(slug: str, promotion_id: int, day: date) -> str:
    return url_for(
        ".promotion_orders", slug=slug, promotion_id=promotion_id, which="paid", day=day.isoformat()
    )


def _axis(days: Sequence[Part]) -> list[date]:
    """Every day from its first sale to its last, the newest ones where there are many."""
    if not days:
        return []
    first, last = days[0].key, days[-1].key
    axis = [first + timedelta(days=past) for past in range((last - first).days + 1)]
    return axis[-MOST_DAYS:]


def _chart(days: Sequence[Part], currency: str) -> dict[str, Any] | None:
    """Sold and given away, day by day, in major units."""
    if not days:
        return None
    found: Mapping[date, Part] = {part.key: part for part in days}
    axis = _axis(days)

    def bars(name: str, of: str) -> dict[str, Any]:
        data = [
            float(Money(getattr(found[day], of), currency).decimal()) if day in found else 0 for day in axis
        ]
        return {"name": name, "type": "bar", "barMaxWidth": 22, "data": data}

    return {
        "legend": {"top": 0, "right": 0, "icon": "roundRect", "itemWidth": 12, "itemHeight": 8},
        "grid": {"left": 8, "right": 12, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [times.day(day, str(get_locale())) for day in axis]},
        "yAxis": {"type": "value"},
        "series": [bars(_("Sold"), "sold_minor"), bars(_("Given away"), "given_minor")],
    }

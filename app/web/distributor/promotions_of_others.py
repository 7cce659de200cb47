"""What brands and the platform have made for a shop: to be seen with its numbers there, and not to be changed."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _

from app.domain.commissions import promotion_report as report
from app.domain.flash import queries as flash
from app.domain.promotions import lists
from app.foundation import clock
from app.foundation.paging import Asked, Page
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.console.others import by_name
from app.web.console.promotion_words import ICONS, KINDS, STATES, gives, how_got, state_of, titled
from app.web.distributor import distributor


@distributor.get("/shops/<slug>/promotions/others")
def promotions_of_others(slug: str) -> Any:
    """Each with who pays for it and what it did in this shop."""
    listing = Listing(
        name=f"{slug}-promotions-of-others", usual="-made", searches=_("Name"),
        columns=(
            Col("title", _("Promotion"), sort=True), Col("by", _("Paid by")), Col("kind", _("Kind"), shown=False),
            Col("state", _("State")), Col("starts", _("From"), sort=True), Col("ends", _("Until"), sort=True,
            shown=False),
            Col("orders", _("Orders"), figures=True), Col("units", _("Pieces"), figures=True, shown=False),
            Col("sold", _("Sold"), money=True), Col("given", _("Given away"), money=True),
        ),
        filters=(
            ("state", _("State"), options({key: one for key, one in STATES.items() if key != "draft"})),
            ("kind", _("Kind"), options(KINDS)),
            ("by", _("Paid by"), (("brand", _("brands")), ("platform", _("the platform")))),
        ),
        empty=_("No brand and nobody of the platform has made anything for this shop."),
    )  # fmt: skip
    return answer(listing, _with_figures, _row, "distributor/promotions_of_others.html")


def _with_figures(asked: Asked) -> Page[Any]:
    page = lists.of_others(asked)
    ids = [row.StoredPromotion.id for row in page.rows]
    sums, drops = report.figures(ids), flash.of_promotions(ids)
    rows = [(row, sums.get(row.StoredPromotion.id, report.Figures()), drops) for row in page.rows]
    return Page(rows, page.total, page.asked)


def _row(found: Any) -> dict[str, Any]:
    (row, brand, brand_en), sums, drops = found
    state, tone = STATES[state_of(row, clock.now())]
    return {
        "id": row.id, "title": titled(row), "by": by_name(row.owner, brand, brand_en), "kind": str(KINDS[row.kind]),
        "icon": ICONS[row.kind], "gives": gives(row.kind, row.value, row.currency), "how": how_got(row),
        "state": str(state), "tone": tone, "starts": row.starts_at, "ends": row.ends_at, "orders": sums.orders,
        "units": sums.units, "sold": sums.sold_minor, "given": sums.given_minor, "currency": row.currency,
        "href": _page_of(row, drops),
    }  # fmt: skip


def _page_of(row: Any, drops: dict[int, int]) -> str:
    """The page of this shop on which its numbers run, where the kind has one."""
    if row.id in drops:
        return url_for(".flash_live", slug=g.shop.slug, drop_id=drops[row.id])
    if row.kind in {"group_price", "referral"}:
        page = ".groups" if row.kind == "group_price" else ".referrals_home"
        return url_for(page, slug=g.shop.slug)
    return ""

"""A coupon's single-use codes: made by the batch, downloaded once, voided; and how many are free, held and used."""

import csv
import io
from typing import Any

from flask import Response, flash, g, render_template
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.promotions import batch_queries
from app.domain.promotions.batch_queries import Counted
from app.domain.promotions.batches import COUPONS, LONGEST_PREFIX, MOST_CODES
from app.domain.promotions.models import StoredPromotion
from app.flows import coupons
from app.foundation.errors import ProductError
from app.web.console.desk import back
from app.web.console.names import named
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from app.web.distributor import distributor
from app.web.look.times import moment

CODES = "/shops/<slug>/promotions/<int:promotion_id>/codes"


@distributor.get(CODES)
def coupon_codes(slug: str, promotion_id: int) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    """The batches of a coupon, newest first."""
    return _page(batch_queries.own(promotion_id), Typed({"size": 1000}))


@distributor.post(CODES)
@needs("sell")
def make_coupon_codes(slug: str, promotion_id: int) -> Any:
    row = batch_queries.own(promotion_id)
    form = Typed()
    size = form.whole("size", least=1, most=MOST_CODES)
    prefix = form.text("prefix", most=LONGEST_PREFIX, required=False).upper()
    if prefix and not (prefix.isascii() and prefix.isalnum()):
        form.errors["prefix"] = _("Letters and digits only.")
    if not form.ok:
        return _page(row, form)
    try:
        coupons.make_batch(promotion_id, size=size or 1, prefix=prefix, actor=actor())
        flash(
            ngettext(
                "%(num)d code is ready to be downloaded.",
                "%(num)d codes are ready to be downloaded.",
                size or 1,
            ),
            "success",
        )
    except ProductError as error:
        tell(error)
    return back("distributor.coupon_codes", slug=slug, promotion_id=promotion_id)


@distributor.post(f"{CODES}/<int:batch_id>/download")
@needs("export")
def download_coupon_codes(slug: str, promotion_id: int, batch_id: int) -> Any:
    """The codes as CSV, this once."""
    try:
        found = coupons.export_batch(batch_id, promotion_id, actor=actor())
    except ProductError as error:
        tell(error)
        return back("distributor.coupon_codes", slug=slug, promotion_id=promotion_id)
    return Response(
        _csv(found), content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{slug}-codes-{batch_id}.csv"', "Cache-Control": "no-store",
        },
    )  # fmt: skip


@distributor.post(f"{CODES}/<int:batch_id>/void")
@needs("sell")
def void_coupon_codes(slug: str, promotion_id: int, batch_id: int) -> Any:
    try:
        voided = coupons.void_batch(batch_id, promotion_id, actor=actor())
        flash(ngettext("%(num)d code counts no more.", "%(num)d codes count no more.", voided), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.coupon_codes", slug=slug, promotion_id=promotion_id)


def _csv(found: coupons.Exported) -> bytes:
    """Number, code, and until when; our own signs only, so nothing that a spreadsheet would run."""
    ends = moment(found.promotion.ends_at, "en") if found.promotion.ends_at else ""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_("No."), _("Coupon code"), _("Until")])
    writer.writerows((number, code, ends) for number, code in enumerate(found.codes, 1))
    return text.getvalue().encode("utf-8-sig")  # with a mark, so that Excel reads the Chinese


def _page(row: StoredPromotion, form: Typed) -> Any:
    counted = batch_queries.counted(row.id)
    batches = [(one, counted.get(one.id, Counted())) for one in batch_queries.batches_of(row.id)]
    page = render_template(
        "distributor/coupon_codes.html", promotion=row, title=named(row, "title"), form=form, batches=batches,
        sums=_sums([each for _batch, each in batches]), most=MOST_CODES,
        takes_codes=row.kind in COUPONS and row.claim == "none" and row.status != "ended"
        and (not row.automatic or row.status == "draft"),
        may_download=g.seat.may("export"),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _sums(counted: list[Counted]) -> Counted:
    return Counted(
        sum(one.free for one in counted), sum(one.held for one in counted), sum(one.used for one in counted),
        sum(one.void for one in counted),
    )  # fmt: skip

"""A brand lets one promotion go below its floor, for chosen Skus and a while."""

from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.catalog import goods
from app.domain.pricing.floor_service import SetFloor
from app.domain.promotions import switch_queries as queries
from app.domain.promotions.models import StoredPromotion
from app.flows import floors as setting
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.web.brand import brand
from app.web.console.desk import back
from app.web.console.persons import actor, needs
from app.web.console.sentences import sentence
from app.web.console.stopping import one_page
from app.web.console.typed import Typed, ids
from app.web.console.typed_terms import typed_moment


@brand.post("/promotions/<int:promotion_id>/exempt")
@needs("sell")
def exempt_promotion(promotion_id: int) -> Any:
    """A floor of its own for each ticked Sku, as the floors page would set it."""
    found = queries.one(promotion_id)
    if found is None:
        raise NotFound(what="promotion")
    row, form = found[0], Typed()
    chosen = sorted(set(ids("sku")))
    if not chosen:
        form.errors["sku"] = _("Choose at least one Sku.")
    ends = typed_moment(form, "ends_at")
    starts = row.starts_at if row.starts_at > clock.now() else None
    wanted = [_floor(form, sku_id, row, starts=starts, ends=ends) for sku_id in chosen]
    if form.ok:
        done = 0
        for one in wanted:
            done += _grant(form, one)
        if done:
            flash(
                ngettext("%(num)d Sku may go lower in it.", "%(num)d Skus may go lower in it.", done),
                "success",
            )
        if form.ok:
            return back("brand.promotion", promotion_id=promotion_id)
    return one_page(promotion_id, errors=form.errors, form=form, ticked=set(chosen))


def _floor(form: Typed, sku_id: int, row: StoredPromotion, *, starts: Any, ends: Any) -> SetFloor:
    sku = goods.sku(sku_id)
    if sku is None:
        raise NotFound(what="sku")
    return SetFloor(
        sku.id, form.money(f"floor{sku_id}", sku.currency) or 0, sku.currency, starts, ends, promotion=row.key,
        reason=request.form.get("reason", "").strip()[:200],
    )  # fmt: skip


def _grant(form: Typed, wanted: SetFloor) -> bool:
    try:
        setting.set_floor(wanted, actor=actor())
        return True
    except ProductError as error:
        place = "ends_at" if error.param in {"ends", "starts"} else f"floor{wanted.sku_id}"
        form.errors[place] = sentence(error)
        return False

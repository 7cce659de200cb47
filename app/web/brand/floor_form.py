"""What a brand types to set a floor, as the command it means."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _

from app.domain.catalog import goods
from app.domain.catalog.models import Sku
from app.domain.pricing.floor_service import CHOICES, SetFloor
from app.domain.promotions import switch_queries
from app.web.console.names import named
from app.web.console.promotion_words import titled
from app.web.console.stopping_words import whose
from app.web.console.typed import Typed

BEIJING = ZoneInfo("Asia/Shanghai")
FIELDS = ("target", "promotion", "floor", "when", "starts", "ends", "overtaken", "reason")


def targets(levels: Any, partners: Any) -> list[tuple[str, str]]:
    """Whom a floor may be for, as options."""
    everybody = [("all", _("Everybody"))]
    steps = [(f"level:{level.id}", _("Level %(name)s", name=named(level))) for level in levels]
    return everybody + steps + [(f"distributor:{key}", name) for key, name, _level in partners]


def promotions(sku: Sku) -> list[tuple[str, str]]:
    """The promotions that an exemption may be for: key, and title with whose it is."""
    product = goods.product(sku.product_id)
    rows = switch_queries.running_for(sku.id, sku.product_id, product.category_id) if product else ()
    return [(row.key, f"{titled(row)} · {whose(row, shop)}") for row, shop in rows]


def typed(
    form: Typed, sku: Sku, options: list[tuple[str, str]], known: list[tuple[str, str]]
) -> SetFloor | None:
    """The floor that was typed, or None where a field cannot be; each fault stands at its field."""
    target = form.choice("target", dict(options))
    kind, _sign, key = target.partition(":")
    floor = form.money("floor", sku.currency)
    overtaken = form.choice("overtaken", CHOICES)
    later = form.choice("when", ("now", "later")) == "later"
    starts = _moment(form, "starts", required=later) if later else None
    ends = _moment(form, "ends", required=False)
    promotion = form.text("promotion", required=False, most=60) or None
    if promotion is not None and promotion not in dict(known):
        form.errors["promotion"] = _("Choose one of the promotions that are on for this Sku or coming.")
    reason = form.text("reason", required=False, most=200)
    if not form.ok or floor is None:
        return None
    return SetFloor(
        sku.id, floor, sku.currency, starts, ends, int(key) if kind == "level" else None,
        int(key) if kind == "distributor" else None, promotion, overtaken, reason,
    )  # fmt: skip


def _moment(form: Typed, name: str, *, required: bool) -> datetime | None:
    """A date and minute as people here read their clocks."""
    value = request.form.get(name, "").strip()
    if not value and not required:
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=BEIJING)
    except ValueError:
        form.errors[name] = _("A day and a time, for example 2026-11-01 00:00.")
        return None

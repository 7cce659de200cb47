"""Every SELECT of a brand's rules of pay and of what they are tried on, in the open scope."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import load_only

from app.domain.brands.models import Brand
from app.domain.catalog.models import Product, Sku
from app.domain.commissions.clashes import Good
from app.domain.commissions.drafts import Draft
from app.domain.commissions.models import RateRule, Volume
from app.domain.commissions.rules import Rule
from app.domain.commissions.trial import SoldLine
from app.domain.distributors.models import Distributor, Level, Partnership
from app.domain.pricing.floors import FloorRow
from app.domain.pricing.models import Floor
from app.foundation import clock
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

MOST_LINES = 20_000
LINES = text("SELECT * FROM money.settled_lines(:since, :until, :most)")
STATES = ("now", "coming", "ended")


def as_rule(row: RateRule) -> Rule:
    """A row as the pure rules know it."""
    return Rule(
        row.id, row.series, row.version, row.kind, row.value, row.starts_at, row.ends_at, row.product_id, row.sku_id,
        row.level_id, row.distributor_id,
    )  # fmt: skip


def all_rules(brand_id: int) -> list[Rule]:
    """Every version of every rule that a brand has had."""
    found = select(RateRule).where(RateRule.brand_id == brand_id).order_by(RateRule.id)
    return [as_rule(row) for row in session().execute(found).scalars()]


def series(brand_id: int, name: str) -> Sequence[RateRule]:
    """The versions of one rule, the newest first."""
    found = select(RateRule).where(RateRule.brand_id == brand_id, RateRule.series == name)
    return session().execute(found.order_by(RateRule.version.desc())).scalars().all()


def _with_names() -> Any:
    return (
        select(RateRule, Product, Sku, Level, Distributor)
        .outerjoin(Sku, Sku.id == RateRule.sku_id)
        .outerjoin(Product, or_(Product.id == RateRule.product_id, Product.id == Sku.product_id))
        .outerjoin(Level, Level.id == RateRule.level_id)
        .outerjoin(Distributor, Distributor.id == RateRule.distributor_id)
        .options(load_only(Distributor.name))  # a distributor may read no more of itself than this
    )


def series_rows(brand_id: int, name: str) -> Sequence[Any]:
    """(rule, product, Sku, level, distributor) of every version of one rule, the newest first."""
    found = _with_names().where(RateRule.brand_id == brand_id, RateRule.series == name)
    return session().execute(found.order_by(RateRule.version.desc())).all()


def rows_by_id(rule_ids: Collection[int]) -> Sequence[Any]:
    """The same for rules by their ids."""
    return session().execute(_with_names().where(RateRule.id.in_(rule_ids))).all()


def rules_page(asked: Asked) -> Page[Any]:
    """(rule, product, Sku, level, distributor) of the open brand; `state` is now, coming or ended."""
    found = _with_names().where(_in_state(asked.get("state")))
    if asked.get("kind"):
        found = found.where(RateRule.kind == asked.get("kind"))
    if asked.words:
        like = f"%{asked.words}%"
        named = (Product.name, Product.name_en, Sku.name, Level.name, Distributor.name)
        found = found.where(or_(*(column.ilike(like) for column in named)))
    sorts = {"since": RateRule.starts_at, "until": RateRule.ends_at, "kind": RateRule.kind}
    return cut(found, asked, sorts=sorts, usual="-since", tie=RateRule.id)


def _in_state(state: str) -> ColumnElement[bool]:
    now, lasts = clock.now(), or_(RateRule.ends_at.is_(None), RateRule.ends_at > RateRule.starts_at)
    if state == "coming":
        return (RateRule.starts_at > now) & lasts
    if state == "ended":
        return (RateRule.ends_at <= now) | ~lasts
    return (RateRule.starts_at <= now) & or_(RateRule.ends_at.is_(None), RateRule.ends_at > now)


def counts() -> Mapping[str, int]:
    """How many rules the open brand has in each state."""
    found = select(*(func.count().filter(_in_state(state)).label(state) for state in STATES))
    return dict(session().execute(found.select_from(RateRule)).mappings().one())


def goods_of(brand_id: int, draft: Draft | None = None) -> list[Good]:
    """The Skus of a brand that a draft is for; all without one."""
    found = select(Sku, Product).join(Product, Product.id == Sku.product_id).where(Sku.brand_id == brand_id)
    if draft is not None and draft.sku_id is not None:
        found = found.where(Sku.id == draft.sku_id)
    elif draft is not None and draft.product_id is not None:
        found = found.where(Sku.product_id == draft.product_id)
    rows = session().execute(found.order_by(Product.name, Sku.position, Sku.id)).all()
    return [
        Good(
            sku.id, sku.product_id, sku.currency, sku.supply_price_minor, sku.floor_minor,
            f"{product.name} · {sku.name}", f"{product.name_en or product.name} · {sku.name_en or sku.name}",
        )
        for sku, product in rows
    ]  # fmt: skip


def good(brand_id: int, sku_id: int) -> Good | None:
    """One Sku of a brand."""
    return next(iter(goods_of(brand_id, Draft("margin", sku_id=sku_id))), None)


def floors_of(sku_ids: Collection[int]) -> dict[int, list[FloorRow]]:
    """The floors in force or coming, by Sku."""
    found = select(Floor).where(
        Floor.sku_id.in_(sku_ids), or_(Floor.ends_at.is_(None), Floor.ends_at > clock.now())
    )
    rows: dict[int, list[FloorRow]] = defaultdict(list)
    for row in session().execute(found).scalars():
        rows[row.sku_id].append(
            FloorRow(row.id, row.floor_minor, row.starts_at, row.ends_at, row.level_id, row.distributor_id,
                row.promotion)
        )  # fmt: skip
    return rows


def levels(brand_id: int) -> Sequence[Level]:
    """A brand's levels from the first."""
    found = select(Level).where(Level.brand_id == brand_id).order_by(Level.rank)
    return session().execute(found).scalars().all()


def partners(brand_id: int) -> Sequence[tuple[Distributor, int | None]]:
    """The distributors a brand has approved, with their level."""
    found = (
        select(Distributor, Partnership.level_id)
        .join(Partnership, Partnership.distributor_id == Distributor.id)
        .where(Partnership.brand_id == brand_id, Partnership.status == "approved")
    )
    return [
        (one, level) for one, level in session().execute(found.order_by(Distributor.name, Distributor.id))
    ]


def names_of(distributor_ids: Collection[int]) -> dict[int, str]:
    """The names of distributors the open scope may see; others are missing."""
    found = select(Distributor.id, Distributor.name).where(Distributor.id.in_(distributor_ids))
    return {one.id: one.name for one in session().execute(found)}


def sold_lines(since: datetime, until: datetime, *, most: int = MOST_LINES) -> list[SoldLine]:
    """The open brand's lines that were delivered in a period and settled, the newest first; at most so many."""
    return [
        SoldLine(*row) for row in session().execute(LINES, {"since": since, "until": until, "most": most})
    ]


def own_rules(brand_id: int, distributor_id: int, level_id: int | None) -> list[Rule]:
    """The rules in force or coming that can count for one distributor."""
    found = select(RateRule).where(
        RateRule.brand_id == brand_id,
        or_(RateRule.ends_at.is_(None), RateRule.ends_at > clock.now()),
        or_(RateRule.level_id.is_(None), RateRule.level_id == level_id),
        or_(RateRule.distributor_id.is_(None), RateRule.distributor_id == distributor_id),
    )
    return [as_rule(row) for row in session().execute(found.order_by(RateRule.id)).scalars()]


def volume(brand_id: int, distributor_id: int, currency: str, month: Any) -> int:
    """What a distributor has sold of a brand's goods in a month."""
    found = select(Volume.volume_minor).where(
        Volume.brand_id == brand_id, Volume.distributor_id == distributor_id, Volume.currency == currency,
        Volume.month == month,
    )  # fmt: skip
    return session().execute(found).scalar() or 0


def own_partnerships(distributor_id: int) -> Sequence[Any]:
    """(brand, level) of every brand that has approved a distributor, by name."""
    found = (
        select(Brand, Level)
        .join(Partnership, Partnership.brand_id == Brand.id)
        .outerjoin(Level, Level.id == Partnership.level_id)
        .where(Partnership.distributor_id == distributor_id, Partnership.status == "approved")
    )
    return session().execute(found.order_by(Brand.name, Brand.id)).all()


def goods_on_offer(brand_id: int) -> Sequence[Any]:
    """(Sku, product) of what a brand offers."""
    found = (
        select(Sku, Product)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.brand_id == brand_id, Product.status == "active", Sku.status == "active")
    )
    return session().execute(found.order_by(Product.name, Sku.position, Sku.id)).all()

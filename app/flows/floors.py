"""A brand sets floors. Stories of a brand need its scope; the clock's open the platform's themselves.

A change is three transactions: the brand's own, in which the floor is written and the database holds to
it; telling distributors; and, once it has begun, raising or pausing what it overtook. The clock makes up
for the second and third where a process died between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.brands import queries as brands
from app.domain.catalog import goods
from app.domain.catalog.models import Product, Sku
from app.domain.commissions import rule_service
from app.domain.commissions.supply import Party, margin_rules, uncovered
from app.domain.notifications import service as notifications
from app.domain.pricing import floor_queries as queries
from app.domain.pricing import floor_service as service
from app.domain.pricing.errors import FloorPromotion, FloorUnderSupply
from app.domain.pricing.floor_service import Drawn, SetFloor
from app.domain.pricing.floors import FloorRow
from app.domain.pricing.overtaken import Overtaken, overtaken
from app.domain.promotions import switch_queries
from app.domain.promotions.stored import promotion_of
from app.foundation.actor import SYSTEM, Actor
from app.foundation.errors import Busy, NotFound
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import current_scope, platform_scope

BEIJING = ZoneInfo("Asia/Shanghai")
BATCH = 200


@dataclass(frozen=True, slots=True)
class FloorPreview:
    """What a floor would do: from when, to which listings, and which window it ends."""

    sku: Sku
    starts_at: datetime
    begins_now: bool
    affected: Sequence[Overtaken]
    closes_minor: int | None


def preview(wanted: SetFloor) -> FloorPreview:
    """What setting this floor would do, or the refusal it would meet; nothing is changed."""
    sku = _sku(wanted.sku_id)
    drawn = _draw(sku, wanted)
    closed = [row.floor_minor for row, _at in drawn.plan.closed]
    return FloorPreview(
        sku, drawn.row.starts_at, wanted.starts_at is None, service.at_begin(drawn, sku), closed[0] if closed else None,
    )  # fmt: skip


def set_floor(wanted: SetFloor, *, actor: Actor) -> int:
    """Let a floor begin, at once or later; returns its id. Distributors whose listings it overtakes are told."""
    with unit_of_work(actor) as work:
        _hold_terms()
        service.lock(wanted.sku_id)
        sku = _sku(wanted.sku_id)
        drawn = _draw(sku, wanted)
        floor = service.write(sku, wanted, drawn, created_by=actor.id)
        work.record(
            "floor.set", f"sku:{sku.id}", floor_id=floor.id, floor=wanted.floor_minor, level=wanted.level_id,
            distributor=wanted.distributor_id, promotion=wanted.promotion, overtaken=wanted.overtaken,
            starts=drawn.row.starts_at.isoformat(), ends=wanted.ends_at.isoformat() if wanted.ends_at else None,
            reason=wanted.reason,
        )  # fmt: skip
        floor_id = floor.id
    if wanted.starts_at is None:
        catch_up_soon(wanted.sku_id, actor=actor)
    else:
        _tell(floor_id)
    return floor_id


def end_floor(sku_id: int, floor_id: int, *, actor: Actor) -> None:
    """End a floor now, or take a coming one back; FloorStays for what cannot be ended."""
    with unit_of_work(actor) as work:
        _hold_terms()
        service.lock(sku_id)
        sku = _sku(sku_id)
        floor = queries.floor(floor_id)
        if floor is None or floor.sku_id != sku_id:
            raise NotFound(what="floor")
        minor, coming = floor.floor_minor, floor.applied_at is None
        service.end(sku, floor, now=queries.database_now(), created_by=actor.id)
        work.record("floor.ended", f"sku:{sku_id}", floor_id=floor_id, floor=minor, coming=coming)
    catch_up_soon(sku_id, actor=actor)


def _hold_terms() -> None:
    """A floor and a supply price never cross: both are changed under the brand's own lock."""
    brand_id = current_scope().brand_id
    if brand_id is not None:
        rule_service.hold(brand_id)


def check_standing(sku: Sku) -> None:
    """Refuse a Sku some of whose floors, now or to come, would be below what somebody owes for it."""
    rows = [queries.as_row(one) for one in queries.standing_floors(sku.id, since=queries.database_now())]
    for row in rows:
        _check_supply(sku, row, rows)


def overtaken_by_base(sku: Sku, floor_minor: int) -> Sequence[Overtaken]:
    """The listings that the Sku's own floor would overtake if it changed now."""
    now = queries.database_now()
    rows = _base_changed(sku, floor_minor, now=now)
    return overtaken(queries.listings_of(sku.id), rows, sku_floor_minor=floor_minor, at=now, choices={})


def _base_changed(sku: Sku, floor_minor: int, *, now: datetime) -> list[FloorRow]:
    rows = [queries.as_row(one) for one in queries.standing_floors(sku.id, since=now)]
    return [
        replace(row, floor_minor=floor_minor, starts_at=now)
        if _is_base(row) and row.starts_at <= now
        else row
        for row in rows
    ]


def _is_base(row: FloorRow) -> bool:
    return (row.level_id, row.distributor_id, row.promotion) == (None, None, None)


# ------------------------------------------------------------------ the clock's


def keep_floors() -> int:
    """Tell of coming floors, and carry out what has begun or ended; how many Skus were touched. Twice is once."""
    with platform_scope(), unit_of_work():
        coming, due = queries.untold(most=BATCH), queries.due_skus(most=BATCH)
    for floor_id in coming:
        _tell(floor_id)
    done = 0
    for sku_id in due:
        done += catch_up_soon(sku_id) is not None
    return done


def catch_up_soon(sku_id: int, *, actor: Actor = SYSTEM) -> Sequence[Overtaken] | None:
    """As catch_up; where somebody is pricing just now it is left to the next tick, and None.

    Nothing is sold below meanwhile: the floor itself is in force.
    """
    try:
        return catch_up(sku_id, actor=actor)
    except Busy:
        return None


def follow_level(brand_id: int, distributor_id: int, *, actor: Actor = SYSTEM) -> int:
    """A distributor's level has moved: raise or pause what its new floors overtake; how many listings."""
    with platform_scope(), unit_of_work():
        skus = queries.listed_skus(brand_id, distributor_id)
    return sum(len(catch_up(sku_id, distributor_id=distributor_id, actor=actor) or ()) for sku_id in skus)


def catch_up(
    sku_id: int, *, distributor_id: int | None = None, actor: Actor = SYSTEM
) -> Sequence[Overtaken] | None:
    """Raise or pause every listing that the floors in force do not allow, and tell whose they are.

    Of one distributor only, where one is named (its level has moved). Calling twice changes nothing more.
    """
    with platform_scope(), unit_of_work(actor) as work:
        sku = goods.sku(sku_id)
        if sku is None:
            return None
        service.hold_listings(sku_id, distributor_id=distributor_id)
        noticed = service.notice(sku_id) if distributor_id is None else []
        found = service.below_now(sku_id, distributor_id=distributor_id)
        service.carry_out(found)
        if found:
            lifted = {str(one.listing.listing_id): one.floor_minor for one in found if one.becomes == "raise"}
            paused = [one.listing.listing_id for one in found if one.becomes == "pause"]
            work.record("listings.lifted", f"sku:{sku_id}", prices=lifted, paused=paused, floors=noticed)
            occasion = f"{max(noticed)}" if noticed else f"{queries.database_now().timestamp():.6f}"
            _write(work, sku, found, key=f"floor_begun:{sku_id}:{occasion}", starts_at=None)
        return found


def _tell(floor_id: int) -> None:
    """Write to every distributor whose listings a coming floor will overtake, once."""
    with platform_scope(), unit_of_work() as work:
        floor = service.told(floor_id)
        if floor is None:
            return
        sku = work.session.get_one(Sku, floor.sku_id)
        found = service.begun(floor, sku) if floor.promotion is None else []
        _write(work, sku, found, key=f"floor_coming:{floor.id}", starts_at=floor.starts_at)


def _write(work: Work, sku: Sku, found: Sequence[Overtaken], *, key: str, starts_at: datetime | None) -> None:
    product = work.session.get_one(Product, sku.product_id)
    brand = brands.brand(sku.brand_id)
    of: dict[int, list[Overtaken]] = {}
    for one in found:
        of.setdefault(one.listing.distributor_id, []).append(one)
    for distributor_id, email in queries.contacts(of).items():
        if not email:
            continue
        rows = of[distributor_id]
        notifications.write(
            work, key=f"{key}:{distributor_id}", kind="floor_coming" if starts_at else "floor_begun",
            recipient=email, locale="zh_Hans", shop_id=None, brand=brand.name if brand else "", product=product.name,
            sku=sku.name, currency=sku.currency, floor_minor=max(one.floor_minor for one in rows),
            starts=f"{starts_at.astimezone(BEIJING):%Y-%m-%d %H:%M}" if starts_at else "",
            listings=[[one.listing.shop, one.listing.price_minor, one.floor_minor, one.becomes] for one in rows],
        )  # fmt: skip


# ------------------------------------------------------------------ what both need


def _draw(sku: Sku, wanted: SetFloor) -> Drawn:
    if wanted.level_id is not None and wanted.level_id not in {level.id for level in queries.levels()}:
        raise NotFound(what="level")
    if wanted.distributor_id is not None and queries.level_of(wanted.distributor_id) is None:
        raise NotFound(what="distributor")
    drawn = service.draw(sku, wanted, now=queries.database_now())
    _check_supply(sku, drawn.row, drawn.after)
    if wanted.promotion is not None:
        _check_promotion(sku, drawn.row)
    return drawn


def _check_promotion(sku: Sku, wanted: FloorRow) -> None:
    """An exemption is one promotion's, which is not over and is for this Sku, and lies within its window."""
    row = switch_queries.by_key(wanted.promotion or "")
    product = goods.product(sku.product_id)
    if row is None or row.status == "ended" or product is None or not promotion_of(row).covers(
        sku_id=sku.id, product_id=product.id, category_id=product.category_id, brand_id=sku.brand_id
    ):  # fmt: skip
        raise FloorPromotion(param="promotion", reason="unknown")
    late = row.ends_at is not None and (wanted.ends_at is None or wanted.ends_at > row.ends_at)
    if late or (row.ends_at is not None and wanted.starts_at >= row.ends_at):
        raise FloorPromotion(param="ends", reason="outside")


def _check_supply(sku: Sku, wanted: FloorRow, after: Sequence[FloorRow]) -> None:
    rules = margin_rules(sku.brand_id, sku.id, sku.product_id, since=wanted.starts_at)
    levels, partners = queries.levels(), queries.partners()
    named = {rule.distributor_id for rule in rules} | {one.distributor_id for one in after}
    parties = [Party(level.id) for level in levels]
    parties += [Party(level, key) for key, _name, level in partners if key in named]
    owes = uncovered(
        wanted, after, rules, parties, sku_id=sku.id, product_id=sku.product_id,
        supply_price_minor=sku.supply_price_minor,
    )  # fmt: skip
    if owes is None:
        return
    firms = {key: name for key, name, _level in partners}
    steps = {level.id: level.name for level in levels}
    who = firms.get(owes.party.distributor_id or 0) or steps.get(owes.party.level_id or 0) or ""
    raise FloorUnderSupply(
        param="floor", floor_minor=wanted.floor_minor, supply_minor=owes.supply_minor, currency=sku.currency, who=who,
    )  # fmt: skip


def _sku(sku_id: int) -> Sku:
    sku = goods.sku(sku_id)
    if sku is None:
        raise NotFound(what="sku")
    return sku

"""A brand's ladder: changed after a preview, climbed by sales, moved by hand with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.domain.brands import queries as brands
from app.domain.brands import service as brand_service
from app.domain.brands.models import Brand
from app.domain.commissions.climbing import sold_within
from app.domain.distributors import levels, partnerships
from app.domain.distributors.ladder import Pace, Place, Rung, Verdict, check_climbs, judge
from app.domain.distributors.models import Level, LevelMove, Partnership
from app.flows.partner_news import distributor_reader, tell
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import Busy, InvalidInput, NotFound
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import brand_scope, platform_scope


@dataclass(frozen=True, slots=True)
class Step:
    """A level as somebody wants it; a rank above all others is a new one."""

    rank: int
    name: str
    name_en: str
    threshold_minor: int
    hold_days: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole ladder as somebody wants it."""

    steps: tuple[Step, ...]
    pace: Pace
    currency: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a ladder does to one distributor at the next tick."""

    partnership_id: int
    distributor_id: int
    verdict: Verdict
    from_rank: int
    to_rank: int
    volume_minor: int


def foresee(brand_id: int, plan: Plan) -> list[Foreseen]:
    """Who would move, or get notice, if this ladder were in force now; nothing is changed."""
    rungs = _rungs(plan)
    check_climbs(rungs)
    now = clock.now()
    with platform_scope():
        standing = levels.climbers(brand_id)
        sold = _sold(brand_id, standing, currency=plan.currency, days=plan.pace.window_days)
    found = []
    for partnership, place in standing:
        volume = sold[partnership.distributor_id]
        verdict, rung = judge(rungs, place, volume, pace=plan.pace, now=now)
        if verdict is not Verdict.STAY:
            found.append(
                Foreseen(partnership.id, partnership.distributor_id, verdict, place.rank, rung.rank, volume)
            )
    return found


def change_ladder(brand_id: int, plan: Plan, *, actor: Actor) -> None:
    """Set names, thresholds, holding periods, window, grace and currency, and add a level; LadderNotClimbing."""
    check_climbs(_rungs(plan))
    with brand_scope(brand_id), unit_of_work(actor) as work:
        brand = brand_service.lock(brand_id)
        brand.level_window_days, brand.level_grace_days = plan.pace.window_days, plan.pace.grace_days
        brand.level_currency = plan.currency
        known = {level.rank: level for level in levels.ladder(brand_id)}
        for step in plan.steps:
            level = known.get(step.rank)
            if level is None:
                level = Level(brand_id=brand_id, rank=step.rank)
                work.session.add(level)
            level.name, level.name_en = step.name, step.name_en
            level.threshold_minor, level.hold_days = step.threshold_minor, step.hold_days
        work.record(
            "levels.changed", f"brand:{brand_id}", currency=plan.currency, window=plan.pace.window_days,
            grace=plan.pace.grace_days, thresholds=[step.threshold_minor for step in plan.steps],
        )  # fmt: skip


def pin(brand_id: int, partnership_id: int, level_id: int, *, reason: str, actor: Actor) -> None:
    """Put a distributor on a level by hand; the rule leaves it there until it is let go."""
    reason = _reason(reason)
    with brand_scope(brand_id):
        seen = partnerships.get(partnership_id)
    if seen is None:
        raise NotFound(what="partnership")
    reader, name = distributor_reader(seen.distributor_id), _brand_name(brand_id)
    with brand_scope(brand_id), unit_of_work(actor) as work:
        partnership = partnerships.locked(partnership_id)
        partnerships.check_status(partnership, "approved")
        level = levels.level_of(brand_id, level_id)
        moved = partnership.level_id != level.id
        partnership.level_pinned = True
        move = partnerships.give_level(partnership, level.id, moved_by="hand", reason=reason)
        work.record("level.pinned", f"partnership:{partnership_id}", level=level.id, reason=reason)
        if moved:
            _follow_soon(work, partnership, move)
            tell(
                work, reader, "level_moved", key=f"level:{move.id}", page=f"/distributor/brands/{brand_id}", brand=name,
                level=level.name, level_en=level.name_en, way="hand", reason=reason,
            )  # fmt: skip


def let_go(brand_id: int, partnership_id: int, *, reason: str, actor: Actor) -> None:
    """Give a pinned level back to the rule, which leaves it for one window."""
    reason = _reason(reason)
    with brand_scope(brand_id), unit_of_work(actor) as work:
        partnership = partnerships.locked(partnership_id)
        partnerships.check_status(partnership, "approved")
        if not partnership.level_pinned or partnership.level_id is None:
            return
        partnership.level_pinned = False
        partnerships.give_level(partnership, partnership.level_id, moved_by="hand", reason=reason)
        work.record("level.let_go", f"partnership:{partnership_id}", reason=reason)


def move_levels() -> int:
    """Let the rule look at every distributor of every brand; how many moved or got notice. A tick of the clock."""
    with platform_scope():
        wanted = [brand.id for brand in brands.approved()]
    moved = 0
    for brand_id in wanted:
        try:
            moved += move_levels_of(brand_id)
        except Busy:  # somebody decides about its distributors at this moment; the next tick finds it again
            continue
    return moved


def move_levels_of(brand_id: int) -> int:
    """The same for one brand, in one transaction; whoever looks second finds nothing to do."""
    with platform_scope(), unit_of_work() as work:
        brand = brands.brand(brand_id)
        rungs = levels.rungs(brand_id)
        if brand is None or len(rungs) < 2:
            return 0
        standing = levels.climbers(brand_id, locked=True)
        sold = _sold(brand_id, standing, currency=brand.level_currency, days=brand.level_window_days)
        return sum(
            _judge(work, brand, rungs, partnership, place, sold[partnership.distributor_id])
            for partnership, place in standing
        )


def _judge(
    work: Work, brand: Brand, rungs: Sequence[Rung], partnership: Partnership, place: Place, volume: int
) -> bool:
    pace = Pace(brand.level_window_days, brand.level_grace_days)
    now = clock.now()
    verdict, rung = judge(rungs, place, volume, pace=pace, now=now)
    if verdict in {Verdict.UP, Verdict.DOWN} and rung.id is not None:
        move = partnerships.give_level(partnership, rung.id, moved_by="rule", volume_minor=volume)
        _tell_moved(work, brand, partnership, move, rung, way=verdict.value)
        _follow_soon(work, partnership, move)
    elif verdict is Verdict.NOTICE:
        partnership.grace_until = now + timedelta(days=pace.grace_days)
        _tell_notice(work, brand, partnership, rungs, place, volume, rung)
    elif verdict is Verdict.RECOVERED:
        partnership.grace_until = None
    else:
        return False
    work.session.flush()
    subject = f"partnership:{partnership.id}"
    work.record(f"level.{verdict.value}", subject, from_rank=place.rank, to_rank=rung.rank, volume=volume)
    return True


def _follow_soon(work: Work, partnership: Partnership, move: LevelMove) -> None:
    """Another level may have other floors: what they overtake is raised or paused, and its distributor told."""
    work.enqueue(
        "follow_level", key=f"follow_level:{move.id}", brand_id=partnership.brand_id,
        distributor_id=partnership.distributor_id,
    )  # fmt: skip


def _tell_moved(
    work: Work, brand: Brand, partnership: Partnership, move: LevelMove, rung: Rung, *, way: str
) -> None:
    tell(
        work, distributor_reader(partnership.distributor_id), "level_moved", key=f"level:{move.id}",
        page=f"/distributor/brands/{brand.id}", brand=brand.name, level=rung.name, level_en=rung.name_en, way=way,
        reason="",
    )  # fmt: skip


def _tell_notice(
    work: Work, brand: Brand, partnership: Partnership, rungs: Sequence[Rung], place: Place, volume: int, rung: Rung
) -> None:  # fmt: skip
    held = next(one for one in rungs if one.rank == place.rank)
    tell(
        work, distributor_reader(partnership.distributor_id), "level_notice",
        key=f"level-notice:{partnership.id}:{partnership.grace_until:%Y%m%d%H%M%S%f}",
        page=f"/distributor/brands/{brand.id}", brand=brand.name, level=held.name, level_en=held.name_en,
        missing_minor=held.threshold_minor - volume, currency=brand.level_currency,
        until=f"{partnership.grace_until:%Y-%m-%d}", below=rung.name, below_en=rung.name_en,
    )  # fmt: skip


def _rungs(plan: Plan) -> list[Rung]:
    return [Rung(None, step.rank, step.threshold_minor, step.name, step.name_en) for step in plan.steps]


def _sold(
    brand_id: int, standing: Sequence[tuple[Partnership, Place]], *, currency: str, days: int
) -> dict[int, int]:
    wanted = [partnership.distributor_id for partnership, _place in standing]
    return sold_within(brand_id, wanted, currency=currency, days=days, now=clock.now())


def _brand_name(brand_id: int) -> str:
    with platform_scope():
        brand = brands.brand(brand_id)
        return brand.name if brand else ""


def _reason(text: str) -> str:
    reason = text.strip()[:1000]
    if not reason:
        raise InvalidInput(param="reason", reason="empty")
    return reason

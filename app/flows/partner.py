"""Brands and distributors find each other: joining, applying, being decided on, and what follows from it."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select

from app.domain.brands import queries as brands
from app.domain.brands import service as brand_service
from app.domain.brands.models import Brand
from app.domain.catalog.models import Sku
from app.domain.distributors import levels, papers, partnerships
from app.domain.distributors.errors import PartnerSuspended
from app.domain.distributors.models import Partnership
from app.domain.distributors.papers import Paper
from app.flows.partner_news import Reader, brand_reader, distributor_reader, tell
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound, StaleState
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope

JOINING = ("open", "by_approval")
LONGEST_WORDS = 1000


def join_open(distributor_id: int, sku_ids: Collection[int], *, actor: Actor) -> int:
    """Make a distributor partner of the brands of these Skus that are open to everybody; how many are new."""
    if not sku_ids:
        return 0
    with platform_scope(), unit_of_work(actor) as work:
        of_skus = Brand.id.in_(select(Sku.brand_id).where(Sku.id.in_(sku_ids)))
        return len(_join(work, distributor_id, of_skus))


def join(distributor_id: int, brand_id: int, *, actor: Actor) -> None:
    """Become partner of one brand that is open to everybody; StaleState where it is not, or has decided otherwise."""
    with platform_scope(), unit_of_work(actor) as work:
        if not _join(work, distributor_id, Brand.id == brand_id):
            raise StaleState(what="partnership")


def _join(work: Work, distributor_id: int, wanted: ColumnElement[bool]) -> list[int]:
    open_brands = select(Brand.id).where(Brand.joining == "open", Brand.status == "approved", wanted)
    joined = []
    for brand_id in session().execute(open_brands.order_by(Brand.id)).scalars():
        if partnerships.of(brand_id, distributor_id) is None:
            level = partnerships.first_level(brand_id)
            partnerships.approve(brand_id, distributor_id, level_id=level)
            work.record("partnership.joined", f"distributor:{distributor_id}", brand=brand_id)
            joined.append(brand_id)
    return joined


def apply(distributor_id: int, brand_id: int, *, message: str, files: Sequence[Paper], actor: Actor) -> int:
    """Ask a brand, or ask again after a decline; returns the partnership's id. StaleState for one that is decided."""
    message = message.strip()[:LONGEST_WORDS]
    reader, asking = brand_reader(brand_id), distributor_reader(distributor_id)
    with distributor_scope(distributor_id), unit_of_work(actor) as work:
        brand = brands.brand(brand_id)
        if brand is None or brand.status != "approved":
            raise NotFound(what="brand")
        partnership = partnerships.ask(brand_id, distributor_id, message)
        papers.attach(partnership, files)
        at = partnership.applied_at
        work.record("partnership.applied", f"partnership:{partnership.id}", brand=brand_id, papers=len(files))
        tell(
            work, reader, "partner_applied", key=f"partner:{partnership.id}:applied:{at:%Y%m%d%H%M%S%f}",
            page=f"/brand/distributors/{partnership.id}", distributor=asking.name, message=message,
        )  # fmt: skip
        return partnership.id


def approve(brand_id: int, partnership_id: int, *, level_id: int, actor: Actor) -> None:
    """Let an applicant, or one that was declined, sell the brand's goods, at a level."""
    reader, brand = _parties(brand_id, partnership_id)
    with brand_scope(brand_id), unit_of_work(actor) as work:
        partnership = _locked(partnership_id, "applied", "declined")
        level = levels.level_of(brand_id, level_id)
        partnership.level_pinned = False
        partnerships.give_level(partnership, level.id, moved_by="approval")
        partnerships.settle_on(partnership, "approved", by=actor.id)
        work.record("partnership.approved", f"partnership:{partnership_id}", level=level.id)
        tell(
            work, reader, "partner_approved", key=_key(partnership), page=f"/distributor/brands/{brand_id}",
            brand=brand, level=level.name, level_en=level.name_en,
        )  # fmt: skip


def decline(brand_id: int, partnership_id: int, *, reason: str, actor: Actor) -> None:
    """Say no to an applicant, and why; it may ask again."""
    _refuse(brand_id, partnership_id, "declined", ("applied",), reason=reason, actor=actor)


def suspend(brand_id: int, partnership_id: int, *, reason: str, actor: Actor) -> None:
    """End an approval for now: its listings are off sale in the same transaction; what was sold still settles."""
    _refuse(brand_id, partnership_id, "suspended", ("approved",), reason=reason, actor=actor)


def resume(brand_id: int, partnership_id: int, *, actor: Actor) -> None:
    """Approve a suspended distributor again, at its level; what it sold is on sale again where the floor allows."""
    reader, brand = _parties(brand_id, partnership_id)
    with brand_scope(brand_id), unit_of_work(actor) as work:
        partnership = _locked(partnership_id, "suspended")
        partnerships.settle_on(partnership, "approved", by=actor.id)
        work.record("partnership.resumed", f"partnership:{partnership_id}")
        tell(
            work, reader, "partner_resumed", key=_key(partnership), page=f"/distributor/brands/{brand_id}",
            brand=brand,
        )  # fmt: skip


def set_joining(brand_id: int, joining: str, *, actor: Actor) -> None:
    """Open to every distributor, or by approval from now on; who sells already stays."""
    if joining not in JOINING:
        raise InvalidInput(param="joining", reason="unknown")
    with brand_scope(brand_id), unit_of_work(actor) as work:
        brand = brand_service.lock(brand_id)
        if brand.joining != joining:
            brand.joining = joining
            work.record("brand.joining_changed", f"brand:{brand_id}", joining=joining)


def admit(work: Work, brand_id: int, distributor_id: int, *, level_id: int | None) -> bool:
    """Approve who comes by the brand's own link, in the open transaction; False for one who sells its goods already."""
    before = partnerships.of(brand_id, distributor_id)
    if before is not None and before.status == "approved":
        return False
    if before is not None and before.status == "suspended":
        raise PartnerSuspended
    level = level_id if level_id is not None else partnerships.first_level(brand_id)
    partnerships.approve(brand_id, distributor_id, level_id=level)
    work.record("partnership.joined", f"distributor:{distributor_id}", brand=brand_id, by="invite")
    return True


def _refuse(
    brand_id: int, partnership_id: int, status: str, allowed: tuple[str, ...], *, reason: str, actor: Actor
) -> None:
    reason = reason.strip()[:LONGEST_WORDS]
    if not reason:
        raise InvalidInput(param="reason", reason="empty")
    reader, brand = _parties(brand_id, partnership_id)
    with brand_scope(brand_id), unit_of_work(actor) as work:
        partnership = _locked(partnership_id, *allowed)
        partnerships.settle_on(partnership, status, by=actor.id, reason=reason)
        work.record(f"partnership.{status}", f"partnership:{partnership_id}", reason=reason)
        tell(
            work, reader, f"partner_{status}", key=_key(partnership), page=f"/distributor/brands/{brand_id}",
            brand=brand, reason=reason,
        )  # fmt: skip


def _parties(brand_id: int, partnership_id: int) -> tuple[Reader, str]:
    """The distributor who hears of it, and the brand's name; NotFound for a partnership of another brand."""
    with brand_scope(brand_id):
        partnership = partnerships.get(partnership_id)
    if partnership is None:
        raise NotFound(what="partnership")
    return distributor_reader(partnership.distributor_id), brand_reader(brand_id).name


def _locked(partnership_id: int, *allowed: str) -> Partnership:
    partnership = partnerships.locked(partnership_id)
    partnerships.check_status(partnership, *allowed)
    return partnership


def _key(partnership: Partnership) -> str:
    return f"partner:{partnership.id}:{partnership.status}:{partnership.decided_at:%Y%m%d%H%M%S%f}"

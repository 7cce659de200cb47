"""Every SELECT of floors: a Sku's own, what shops ask against them, who tried to go below."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, text

from app.domain.catalog.models import Listing, Product, Sku
from app.domain.distributors.models import Distributor, Level, Partnership, Shop
from app.domain.pricing.floors import FloorRow
from app.domain.pricing.models import Floor, FloorAttempt, ListingPrice
from app.domain.pricing.overtaken import Shown
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut


def database_now() -> datetime:
    """The time of the database, which decides what is in force."""
    found: datetime = session().execute(select(func.clock_timestamp())).scalar_one()
    return found


def floors_of(sku_id: int) -> Sequence[Floor]:
    """Every floor a Sku has had, has and will have, in the order they begin."""
    found = select(Floor).where(Floor.sku_id == sku_id).order_by(Floor.starts_at, Floor.id)
    return session().execute(found.execution_options(populate_existing=True)).scalars().all()


def standing_floors(sku_id: int, *, since: datetime) -> Sequence[Floor]:
    """The floors of a Sku that are not over at a moment."""
    found = select(Floor).where(Floor.sku_id == sku_id, or_(Floor.ends_at.is_(None), Floor.ends_at > since))
    return (
        session().execute(found.order_by(Floor.id).execution_options(populate_existing=True)).scalars().all()
    )


def as_row(floor: Floor) -> FloorRow:
    return FloorRow(
        floor.id, floor.floor_minor, floor.starts_at, floor.ends_at, floor.level_id, floor.distributor_id,
        floor.promotion,
    )  # fmt: skip


def floor(floor_id: int) -> Floor | None:
    """A floor that the open scope sees."""
    return session().get(Floor, floor_id)


def listings_of(sku_id: int, *, distributor_id: int | None = None) -> list[Shown]:
    """Every shop's listing of a Sku, with its distributor's level."""
    found = (
        select(
            Listing.id, Listing.shop_id, Shop.name, Shop.slug, Shop.distributor_id, Partnership.level_id,
            Listing.price_minor, Listing.status,
        )
        .join_from(Listing, Shop, Shop.id == Listing.shop_id)
        .join(Sku, Sku.id == Listing.sku_id)
        .outerjoin(
            Partnership,
            (Partnership.brand_id == Sku.brand_id) & (Partnership.distributor_id == Shop.distributor_id),
        )
        .where(Listing.sku_id == sku_id)
        .order_by(Shop.name, Listing.id)
    )  # fmt: skip
    if distributor_id is not None:
        found = found.where(Shop.distributor_id == distributor_id)
    return [Shown(*row) for row in session().execute(found)]


def listed_skus(brand_id: int, distributor_id: int) -> Sequence[int]:
    """A brand's Skus that a distributor has in any of its shops. Needs the platform's scope."""
    found = (
        select(Listing.sku_id)
        .join(Shop, Shop.id == Listing.shop_id)
        .join(Sku, Sku.id == Listing.sku_id)
        .where(Sku.brand_id == brand_id, Shop.distributor_id == distributor_id)
    )
    return session().execute(found.distinct().order_by(Listing.sku_id)).scalars().all()


def levels() -> Sequence[Level]:
    """The open brand's ladder, from the bottom."""
    return session().execute(select(Level).order_by(Level.rank)).scalars().all()


def partners() -> Sequence[Any]:
    """(distributor id, name, level id) of everybody the open brand has approved."""
    found = (
        select(Distributor.id, Distributor.name, Partnership.level_id)
        .join(Partnership, Partnership.distributor_id == Distributor.id)
        .where(Partnership.status == "approved")
    )
    return session().execute(found.order_by(Distributor.name, Distributor.id)).all()


def level_of(distributor_id: int) -> int | None:
    """The level of one of the open brand's distributors; None where it is none of them."""
    found = select(Partnership.level_id).where(
        Partnership.distributor_id == distributor_id, Partnership.status == "approved"
    )
    return session().execute(found).scalar_one_or_none()


def contacts(distributor_ids: Collection[int]) -> dict[int, str]:
    """Where distributors are written to. Needs the platform's scope."""
    found = select(Distributor.id, Distributor.contact_email).where(Distributor.id.in_(distributor_ids))
    return dict(session().execute(found).all())


def floors_page(asked: Asked) -> Page[Any]:
    """(Sku, product, special floors in force, coming floors, listings below) of the open brand."""
    now, special = (
        func.now(),
        or_(Floor.level_id.is_not(None), Floor.distributor_id.is_not(None), Floor.promotion.is_not(None)),
    )
    running = (Floor.starts_at <= now) & or_(Floor.ends_at.is_(None), Floor.ends_at > now)
    of_sku = select(func.count()).select_from(Floor).where(Floor.sku_id == Sku.id)
    found = (
        select(
            Sku, Product, of_sku.where(special, running).scalar_subquery().label("special"),
            of_sku.where(Floor.starts_at > now).scalar_subquery().label("coming"),
        )
        .join(Product, Product.id == Sku.product_id)
        .where(Product.status != "archived")
    )  # fmt: skip
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(Product.name.ilike(like), Product.name_en.ilike(like), Sku.name.ilike(like)))
    if asked.get("has") == "coming":
        found = found.where(of_sku.where(Floor.starts_at > now).scalar_subquery() > 0)
    if asked.get("has") == "special":
        found = found.where(of_sku.where(special, running).scalar_subquery() > 0)
    sorts = {"name": Product.name, "floor": Sku.floor_minor, "suggested": Sku.suggested_minor}
    return cut(found, asked, sorts=sorts, usual="name", tie=Sku.id)


def attempts_page(asked: Asked) -> Page[Any]:
    """(attempt, shop's name, distributor's name, Sku, product): who tried to go below, newest first."""
    found = (
        select(FloorAttempt, Shop.name.label("shop"), Distributor.name.label("distributor"), Sku, Product)
        .join(Shop, Shop.id == FloorAttempt.shop_id, isouter=True)
        .join(Distributor, Distributor.id == FloorAttempt.distributor_id, isouter=True)
        .join(Sku, Sku.id == FloorAttempt.sku_id)
        .join(Product, Product.id == Sku.product_id)
    )
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(
            or_(Shop.name.ilike(like), Distributor.name.ilike(like), Product.name.ilike(like))
        )
    if asked.get("stage"):
        found = found.where(FloorAttempt.stage == asked.get("stage"))
    sorts = {
        "at": FloorAttempt.id, "below": FloorAttempt.floor_minor - FloorAttempt.wanted_minor, "shop": Shop.name,
        "product": Product.name,
    }  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="-at", tie=FloorAttempt.id)


def attempts_since(since: datetime) -> int:
    """How many attempts the open brand has had since a moment."""
    found = select(func.count()).select_from(FloorAttempt).where(FloorAttempt.created_at >= since)
    return int(session().execute(found).scalar_one())


HISTORY = 500


def price_history(listing_id: int) -> Sequence[ListingPrice]:
    """What a listing has cost, oldest first; the newest few hundred steps."""
    found = select(ListingPrice).where(ListingPrice.listing_id == listing_id)
    rows = session().execute(found.order_by(ListingPrice.id.desc()).limit(HISTORY)).scalars().all()
    return rows[::-1]


DUE = text("""
    SELECT sku_id, min(id) FROM (
        SELECT sku_id, id FROM floors WHERE applied_at IS NULL AND starts_at <= clock_timestamp()
        UNION ALL
        SELECT sku_id, id FROM floors WHERE left_at IS NULL AND ends_at <= clock_timestamp()
    ) due GROUP BY sku_id ORDER BY 2 LIMIT :most
""")
UNTOLD = text(
    "SELECT id FROM floors WHERE told_at IS NULL AND starts_at > clock_timestamp() ORDER BY id LIMIT :most"
)


def due_skus(*, most: int) -> list[int]:
    """Skus with a floor that has begun or ended unnoticed. Needs the platform's scope."""
    return [row[0] for row in session().execute(DUE, {"most": most})]


def untold(*, most: int) -> list[int]:
    """Coming floors of which nobody has been told. Needs the platform's scope."""
    return list(session().execute(UNTOLD, {"most": most}).scalars())

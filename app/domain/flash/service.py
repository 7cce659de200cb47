"""Changes of flash sales and their seats, inside the caller's transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text, update

from app.domain.catalog.on_sale import OnSale
from app.domain.flash.errors import DropInvalid, SeatGone
from app.domain.flash.models import Drop, DropSeat, DropSeatKey
from app.domain.inventory import service as inventory
from app.domain.inventory.service import Want
from app.foundation import clock
from app.foundation.database import session

GRANT = text("SELECT at, seat, said, until FROM flash.grant(:drop, CAST(:asks AS jsonb))")
LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Plan:
    """A flash sale as somebody wants it. `price_minor` of the shop's currency."""

    listing_id: int
    title: str
    price_minor: int
    units: int
    starts_at: datetime
    ends_at: datetime
    per_buyer: int = 1
    sign_in: bool = False
    difficulty: int = 0
    seat_minutes: int = 5
    title_en: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody at the head of the line."""

    position: int
    device: str
    email: str = ""
    buyer_id: int | None = None
    locale: str = "zh_Hans"
    keys: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an ask: a seat (`said` empty, or "already"), or why not (limit)."""

    position: int
    seat_id: int | None
    said: str
    until: datetime | None


def check(plan: Plan, goods: OnSale, *, floor_minor: int) -> None:
    """DropInvalid where the plan cannot be; `param` names the field."""
    now = clock.now()
    if goods.unlimited:
        raise DropInvalid(param="listing", reason="unlimited")
    if plan.ends_at <= plan.starts_at:
        raise DropInvalid(param="ends_at", reason="ends_before_start")
    if plan.ends_at <= now:
        raise DropInvalid(param="ends_at", reason="in_the_past")
    if plan.ends_at - plan.starts_at > LONGEST:
        raise DropInvalid(param="ends_at", reason="too_long_a_sale")
    if plan.price_minor >= goods.price_minor:
        raise DropInvalid(param="price", reason="not_cheaper", list_minor=goods.price_minor)
    if plan.price_minor < floor_minor:
        raise DropInvalid(
            param="price", reason="sale_below_floor", floor_minor=floor_minor, currency=goods.currency
        )
    if plan.per_buyer > min(plan.units, goods.max_per_order * 50):
        raise DropInvalid(param="per_buyer", reason="more_than_units")


def make(plan: Plan, goods: OnSale, *, promotion_id: int, key: str, shop_id: int) -> Drop:
    """Set the stock aside and write the drop of a promotion (`key`: its name); StockExhausted where there is less."""
    want = Want(goods.sku_id, plan.units, goods.delivery_kind, unlimited=False)
    aside = inventory.reserve(f"drop:{key}", [want], plan.ends_at, set_aside=True)
    if aside is None:
        raise AssertionError(f"promotion {key} has stock set aside already")
    row = Drop(
        shop_id=shop_id, promotion_id=promotion_id, listing_id=plan.listing_id, sku_id=goods.sku_id,
        reservation_id=aside, units=plan.units, per_buyer=plan.per_buyer, sign_in=plan.sign_in,
        difficulty=plan.difficulty, seat_minutes=plan.seat_minutes, starts_at=plan.starts_at, ends_at=plan.ends_at,
        state="scheduled",
    )  # fmt: skip
    session().add(row)
    session().flush()
    return row


def grant(drop_id: int, asks: Sequence[Ask]) -> list[Outcome] | None:
    """Give seats in the order asked, while units are left; None where another admitter is at it.

    Whoever got neither a seat nor a reason waits on.
    """
    told = [
        {"at": one.position, "device": one.device, "email": one.email, "buyer": one.buyer_id, "locale": one.locale,
         "keys": list(one.keys)}
        for one in asks
    ]  # fmt: skip
    rows = session().execute(GRANT, {"drop": drop_id, "asks": json.dumps(told)}).all()
    if len(rows) == 1 and rows[0].said == "busy":
        return None
    return [Outcome(row.at, row.seat, row.said, row.until) for row in rows]


def open_room(drop_id: int) -> bool:
    """Note that the waiting room is in use; False where it has been before, and so has lost what it knew."""
    row = update(Drop).where(Drop.id == drop_id, Drop.opened_at.is_(None)).values(opened_at=clock.now())
    return session().execute(row.returning(Drop.id)).scalar() is not None


def bind(seat_id: int, order_id: int, *, device: str) -> None:
    """Let an order be the seat's; SeatGone where its time is over or it is somebody else's."""
    row = (
        update(DropSeat)
        .where(
            DropSeat.id == seat_id, DropSeat.state == "granted", DropSeat.until > clock.now(), DropSeat.device == device
        )
        .values(state="ordered", order_id=order_id)
        .returning(DropSeat.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if session().execute(row).scalar() is None:
        raise SeatGone(param="quote")


def settle(seat: DropSeat) -> bool:
    """Let a seat's unit go back to the drop, or to the shelf where that has ended; False where it moved meanwhile.

    The reservation before the seat, as an order takes them: two who want both never wait for each other.
    """
    inventory.release(seat.reservation_id)
    before, after = (seat.state, "lapsed") if seat.state == "granted" else ("returned", "returned")
    row = (
        update(DropSeat)
        .where(DropSeat.id == seat.id, DropSeat.state == before, DropSeat.ended_at.is_(None))
        .values(state=after, ended_at=clock.now())
        .returning(DropSeat.id)
        .execution_options(synchronize_session=False)
    )
    if session().execute(row).scalar() is None:
        return False
    let_go = update(DropSeatKey).where(DropSeatKey.seat_id == seat.id).values(live=False)
    session().execute(let_go.execution_options(synchronize_session=False))
    return True


def forfeit(order_id: int) -> int | None:
    """End the time of the seat whose order may not stand; its drop, or None where the order came from no seat."""
    row = (
        update(DropSeat)
        .where(DropSeat.order_id == order_id)
        .values(until=clock.now())
        .returning(DropSeat.drop_id)
        .execution_options(synchronize_session=False)
    )
    return session().execute(row).scalar()


def end(drop: Drop) -> bool:
    """End a drop and give what is left of its stock back; False where it has ended already."""
    row = (
        update(Drop)
        .where(Drop.id == drop.id, Drop.state == "scheduled")
        .values(state="ended", ended_at=clock.now())
        .returning(Drop.id)
        .execution_options(synchronize_session=False)
    )
    if session().execute(row).scalar() is None:
        return False
    inventory.release(drop.reservation_id)
    return True


def facts(drop: Drop) -> dict[str, Any]:
    """What the audit keeps of a drop."""
    return {
        "drop": drop.id, "sku": drop.sku_id, "units": drop.units, "per_buyer": drop.per_buyer,
        "starts_at": drop.starts_at.isoformat(), "ends_at": drop.ends_at.isoformat(),
    }  # fmt: skip

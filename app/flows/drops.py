"""Flash sales: made, lined up for, given out in order of arrival, and ended by the clock.

The line is in Redis and may be lost; who has a unit is in PostgreSQL. Every story needs the shop's scope but
`keep_drops`, the clock's.
"""

import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from app.domain.catalog.errors import ListingUnavailable
from app.domain.catalog.on_sale import on_sale
from app.domain.catalog.shelf import floors_here
from app.domain.commissions.calendar import ZONE
from app.domain.flash import queries, service
from app.domain.flash.models import Drop, DropSeat
from app.domain.flash.room import Place, Room
from app.domain.flash.rules import News
from app.domain.flash.service import Ask, Outcome, Plan
from app.domain.notifications import service as notifications
from app.domain.promotions import queries as promotion_queries
from app.domain.promotions import service as promotions
from app.foundation import clock
from app.foundation.actor import SYSTEM, Actor
from app.foundation.database import session
from app.foundation.errors import Busy, NotFound, ProductError
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import current_scope, platform_scope, shop_scope

log = logging.getLogger(__name__)

BATCH = 100
# After a loss everybody with a ticket has come back to the line before anybody is called from it.
GRACE_SECONDS = 9.0
# Whoever has waited longer than this may have put the page away: told by mail.
MAIL_AFTER_SECONDS = 45
TOLD_AGAIN = 1_000
# A sale for several shops is published within seconds of its stock being set aside, or its maker was cut off.
HALF_MADE = timedelta(minutes=10)


def schedule(plan: Plan, *, currency: str, actor: Actor) -> int:
    """Make a flash sale: its promotion, its stock set aside now, its line. Returns the drop's id.

    DropInvalid, StockExhausted where there is not so much, PromotionInvalid.
    """
    shop_id = current_scope().shop_id
    if shop_id is None:
        raise NotFound(what="shop")
    with unit_of_work(actor) as work:
        goods = on_sale([plan.listing_id]).get(plan.listing_id)
        if goods is None:
            raise ListingUnavailable(param="listing", listing_id=plan.listing_id)
        service.check(plan, goods, floor_minor=floors_here([goods.sku_id])[goods.sku_id])
        promotion = promotions.make(
            owner="shop", shop_id=shop_id, kind="flash_price", value={"minor": plan.price_minor}, title=plan.title,
            title_en=plan.title_en, currency=currency, target_of="sku", target_ids=[goods.sku_id],
            total_limit=plan.units, limit_of="units", per_buyer=plan.per_buyer, returns="refunded",
            starts_at=plan.starts_at, ends_at=plan.ends_at, created_by=actor.id,
        )  # fmt: skip
        promotions.become(promotion, "live")
        row = service.make(plan, goods, promotion_id=promotion.id, key=promotion.key, shop_id=shop_id)
        work.record("drop.scheduled", f"drop:{row.id}", **service.facts(row))
        return row.id


def end(drop_id: int, *, actor: Actor = SYSTEM) -> None:
    """End a sale: seats nobody ordered lapse, orders under way run on, what is left goes back to the shelf."""
    with unit_of_work(actor) as work:
        row = queries.drop(drop_id)
        if row is None:
            raise NotFound(what="drop")
        # Locked by ending it: an admitter holds the row while it gives seats out.
        if not service.end(row):
            return
        promotion = promotion_queries.by_ids([row.promotion_id]).get(row.promotion_id)
        # A brand's or the platform's runs on in its other shops.
        if (
            promotion is not None
            and promotion.owner == "shop"
            and promotion.status in {"live", "paused", "draft"}
        ):
            promotions.become(promotion, "ended")
        work.record("drop.ended", f"drop:{drop_id}", **service.facts(row))
    tend(drop_id)


def enter(row: Drop, ask: Ask, *, address: str = "") -> Place:
    """Take a place in the line, or find one's own again, and let whoever is due be called. Busy without Redis."""
    room = Room(row.id)
    place = room.enter(ask, address=address)
    if place.refused:
        return place
    if place.news is None:
        warm(row.id)
        place = room.enter(replace(ask, position=place.position))
    due = place.news is not None and 0 <= place.rank < place.news.left
    # Not everybody who sees that somebody is due calls them: whoever finds it being done goes on.
    return room.enter(replace(ask, position=place.position)) if due and admit(row.id) else place


def warm(drop_id: int) -> bool:
    """Tell a room that knows nothing how its drop stands; False where somebody else is at it."""
    room, token = Room(drop_id), secrets.token_hex(8)
    if not room.lock(token):
        return False
    try:
        with unit_of_work():
            row = queries.drop(drop_id)
            if row is None:
                return False
            if not service.open_room(drop_id):
                room.rest(GRACE_SECONDS)
            seats = queries.seats(drop_id)
            news = queries.news(row)
        room.tell(news, {seat.position: told(seat) for seat in seats})
    finally:
        room.unlock(token)
    return True


def admit(drop_id: int) -> int:
    """Call whoever is next while units are left; how many were called. One admitter at a time."""
    room, token = Room(drop_id), secrets.token_hex(8)
    if not room.lock(token):
        return 0
    try:
        if room.rests():
            return 0
        asks = room.head(BATCH)
        return len(_give(room, asks)) if asks else 0
    finally:
        room.unlock(token)


def _give(room: Room, asks: Sequence[Ask]) -> list[Outcome]:
    with unit_of_work() as work:
        outcomes = service.grant(room.drop_id, asks)
        if not outcomes:
            return []
        by_position = {ask.position: ask for ask in asks}
        given = [one.seat_id for one in outcomes if one.seat_id]
        known = {seat.id: seat for seat in queries.seats(room.drop_id, given)}
        for one in outcomes:
            if one.said == "" and one.seat_id is not None:
                _write_if_away(work, known[one.seat_id], by_position[one.position])
        news = queries.news(session().get_one(Drop, room.drop_id))
        seats = {
            one.position: told(known[one.seat_id]) if one.seat_id else REFUSED[one.said] for one in outcomes
        }
    # After the commit: what the room says is true.
    room.tell(news, seats)
    return outcomes


REFUSED = {"limit": {"open": False, "state": "limit"}}


def told(seat: DropSeat) -> dict[str, Any]:
    """What the room says of a seat; `open`: its buyer may not line up again yet."""
    return {
        "open": seat.state in {"granted", "ordered"}, "state": seat.state, "seat": seat.id,
        "until": seat.until.isoformat(),
    }  # fmt: skip


def _write_if_away(work: Work, seat: DropSeat, ask: Ask) -> None:
    if ask.email and time.time() - ask.position / 1e6 > MAIL_AFTER_SECONDS:
        notifications.write(
            work, key=f"seat:{seat.id}", kind="seat", recipient=ask.email, locale=ask.locale, shop_id=seat.shop_id,
            path=f"/flash/{seat.drop_id}", until=seat.until.astimezone(ZONE).strftime("%H:%M"),
        )  # fmt: skip


def tend(drop_id: int) -> None:
    """Let seats whose time is over go, tell the room, call the next; each seat in a transaction of its own."""
    now = clock.now()
    with unit_of_work():
        row = queries.drop(drop_id)
        if row is None:
            return
        due = [seat.id for seat in queries.due_seats(drop_id, now, ended=row.state == "ended")]
    for seat_id in due:
        _settle_alone(seat_id)
    with unit_of_work():
        row = session().get_one(Drop, drop_id)
        news, seats = queries.news(row), queries.seats(drop_id)[-TOLD_AGAIN:]
    room = Room(drop_id)
    if room.news() is None:
        warm(drop_id)
    room.tell(news, {seat.position: told(seat) for seat in seats})
    while news.left and not news.over and admit(drop_id):
        pass


def _settle_alone(seat_id: int) -> None:
    """One that cannot be settled now (an order is at it) is seen again at the next tick."""
    try:
        with unit_of_work():
            seat = queries.seat(seat_id)
            if seat is not None and not service.settle(seat):
                raise Busy(retry_seconds=1)  # rolled back: its unit stays where it went meanwhile
    except (OperationalError, ProductError) as error:
        log.info("seat not settled", extra={"seat": seat_id, "error": type(error).__name__})


def keep_drops() -> int:
    """By the clock: rooms are made ready, seats lapse, the next are called, sales end; how many were looked at."""
    now = clock.now()
    with platform_scope():
        due = sorted({*queries.open_drops(now), *queries.with_due_seats(now)})
    for shop_id, drop_id in due:
        try:
            with shop_scope(shop_id):
                _keep(drop_id)
        except (OperationalError, ProductError) as error:
            log.warning("drop not kept", extra={"drop": drop_id, "error": type(error).__name__})
    return len(due)


def _keep(drop_id: int) -> None:
    with unit_of_work():
        row = session().get_one(Drop, drop_id)
        over = row.state == "scheduled" and (row.ends_at <= clock.now() or _given_up(row))
    if over:
        end(drop_id)
    else:
        tend(drop_id)


def _given_up(row: Drop) -> bool:
    """Whether its promotion has ended; or is a draft of another owner's, who never came to publish it."""
    promotion = promotion_queries.by_ids([row.promotion_id]).get(row.promotion_id)
    if promotion is None:
        return row.created_at < clock.now() - HALF_MADE
    return promotion.status == "ended"


def stands(row: Drop) -> News:
    """How a drop stands, by the truth."""
    with unit_of_work():
        return queries.news(row)

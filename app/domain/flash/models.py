"""Flash sales: the drop, the seats it granted, and by what each seat's buyer is known again."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class Drop(Record, TenantOwned):
    """One shop's flash sale of one Sku: so many units at the price of its promotion, from `starts_at` to `ends_at`.

    A brand's or the platform's promotion has one in each shop it is for, each with stock of its own.
    `reservation_id`: the stock set aside for it, from when it is made until it has ended. `seat_minutes`: how long a
    granted unit waits for its buyer's order. `difficulty`: how much work the challenge is, 0 for none.
    `opened_at`: when its waiting room was first used.
    """

    __tablename__ = "drops"
    __table_args__ = (
        CheckConstraint("state IN ('scheduled', 'ended')", name="state"),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("units BETWEEN 1 AND 100000 AND per_buyer BETWEEN 1 AND 50", name="limits"),
        CheckConstraint("seat_minutes BETWEEN 1 AND 60 AND difficulty BETWEEN 0 AND 1000000", name="rules"),
        UniqueConstraint("promotion_id", "shop_id"),
        UniqueConstraint("reservation_id"),
        UniqueConstraint("id", "per_buyer"),
        Index("ix_drops_shop_id", "shop_id", "id"),
        Index("ix_drops_open", "ends_at", postgresql_where=text("state = 'scheduled'")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id"))
    units: Mapped[int]
    per_buyer: Mapped[int]
    sign_in: Mapped[bool] = mapped_column(server_default=text("false"))
    difficulty: Mapped[int] = mapped_column(server_default=text("0"))
    seat_minutes: Mapped[int] = mapped_column(server_default=text("5"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'scheduled'"))
    opened_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]


class DropSeat(Record, TenantOwned):
    """A unit that is one buyer's until a time: a seat is a reserved unit, or it is none.

    `position`: when its buyer arrived, in microseconds of the waiting room's clock; no two are the same. States:
    granted → ordered → bought; granted → lapsed; ordered → granted again where its order ended unpaid;
    bought → returned where the money went back. `reservation_id` holds the unit, and the order's takes it from there.
    """

    __tablename__ = "drop_seats"
    __table_args__ = (
        CheckConstraint("state IN ('granted', 'ordered', 'bought', 'lapsed', 'returned')", name="state"),
        CheckConstraint("order_id IS NOT NULL OR state IN ('granted', 'lapsed')", name="order"),
        UniqueConstraint("drop_id", "position"),
        UniqueConstraint("reservation_id"),
        Index("uq_drop_seats_order_id", "order_id", unique=True, postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_drop_seats_open", "until", postgresql_where=text("state IN ('granted', 'returned')")),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    drop_id: Mapped[int] = mapped_column(ForeignKey("drops.id"))
    position: Mapped[int]
    device: Mapped[str]
    email: Mapped[str] = mapped_column(server_default="")
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("buyers.id"))
    locale: Mapped[str] = mapped_column(server_default="zh_Hans")
    state: Mapped[str] = mapped_column(server_default=text("'granted'"))
    until: Mapped[datetime]
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    granted_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    ended_at: Mapped[datetime | None]


class DropSeatKey(Record, TenantOwned):
    """By what the buyer of a seat is known again: `d:` device, `e:` mailbox, `b:` account.

    `turn`: the how-manieth unit of that buyer; while `live` no other seat of the drop has the same key and turn,
    and none is beyond the drop's `per_buyer`.
    """

    __tablename__ = "drop_seat_keys"
    __table_args__ = (
        CheckConstraint("turn BETWEEN 1 AND per_buyer", name="within_limit"),
        ForeignKeyConstraint(["drop_id", "per_buyer"], ["drops.id", "drops.per_buyer"]),
        Index("uq_drop_seat_keys_turn", "drop_id", "key", "turn", unique=True, postgresql_where=text("live")),
    )

    seat_id: Mapped[int] = mapped_column(ForeignKey("drop_seats.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    drop_id: Mapped[int]
    per_buyer: Mapped[int]
    turn: Mapped[int] = mapped_column(SmallInteger)
    live: Mapped[bool] = mapped_column(server_default=text("true"))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))

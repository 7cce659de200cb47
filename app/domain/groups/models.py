"""What is offered to groups, the groups that were opened, and who is in them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class GroupOffer(Record, TenantOwned):
    """What a promotion of kind group_price asks of its buyers: so many people within so many hours.

    A brand's or the platform's promotion asks it in each shop it is for. `per_member`: pieces each takes.
    `most_open`: how many groups may hold stock at a time in that shop. `reservation_id`: the `units` that were set
    aside for its groups, which take from there and give back there; NULL: they take from what is free.
    """

    __tablename__ = "group_offers"
    __table_args__ = (
        CheckConstraint(
            "people BETWEEN 2 AND 50 AND hours BETWEEN 1 AND 168 AND per_member BETWEEN 1 AND 10"
            " AND most_open BETWEEN 1 AND 1000",
            name="sizes",
        ),
        CheckConstraint("(reservation_id IS NULL) = (units IS NULL) AND units > 0", name="own_stock"),
        UniqueConstraint("reservation_id"),
        Index("ix_group_offers_listing_id", "listing_id"),
    )

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    people: Mapped[int]
    hours: Mapped[int]
    per_member: Mapped[int] = mapped_column(server_default=text("1"))
    most_open: Mapped[int] = mapped_column(server_default=text("50"))
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("reservations.id"))
    units: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class Group(Record, TenantOwned):
    """One group: open → full or failed, and never back. A trigger holds: full means exactly `size` paid members.

    `reservation_id`: what was set aside for all its places while it is open. `because` it failed: deadline, empty
    (nobody is left in it), ended (its promotion was).
    """

    __tablename__ = "groups"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'full', 'failed')", name="state"),
        CheckConstraint("size BETWEEN 2 AND 50", name="size"),
        CheckConstraint(
            "(state = 'full') = (full_at IS NOT NULL) AND (state = 'failed') = (failed_at IS NOT NULL)"
            " AND (state = 'failed') = (because <> '')",
            name="ended",
        ),
        CheckConstraint("because IN ('', 'deadline', 'empty', 'ended')", name="because"),
        UniqueConstraint("token"),
        UniqueConstraint("reservation_id"),
        UniqueConstraint("id", "size"),
        Index("ix_groups_due", "deadline", postgresql_where=text("state = 'open'")),
        Index("ix_groups_promotion_id", "promotion_id", "state"),
        Index("ix_groups_shop_id", "shop_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    token: Mapped[str]
    size: Mapped[int]
    deadline: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    because: Mapped[str] = mapped_column(server_default="")
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id"))
    created_at: Mapped[CreatedAt]
    full_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]


class GroupMember(Record, TenantOwned):
    """An order's place in a group: held (unpaid) → paid; left where the order expired, was given up or refunded.

    A trigger on orders lets go; late money takes a free place again. `size` is the group's, so that no place is
    beyond it. One living membership a group for a mailbox and for a device.
    """

    __tablename__ = "group_members"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'paid', 'left')", name="state"),
        CheckConstraint("place BETWEEN 1 AND size", name="place"),
        ForeignKeyConstraint(
            ["group_id", "size"], ["groups.id", "groups.size"], name="fk_group_members_group_id_groups"
        ),
        UniqueConstraint("order_id"),
        Index(
            "uq_group_members_place", "group_id", "place", unique=True,
            postgresql_where=text("state IN ('held', 'paid')"),
        ),
        Index(
            "uq_group_members_mailbox", "group_id", "mailbox", unique=True,
            postgresql_where=text("state IN ('held', 'paid')"),
        ),
        Index(
            "uq_group_members_device", "group_id", "device", unique=True,
            postgresql_where=text("state IN ('held', 'paid')"),
        ),
        Index("ix_group_members_group_id", "group_id", "id"),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    group_id: Mapped[int]
    size: Mapped[int]
    place: Mapped[int]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    mailbox: Mapped[str]
    device: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'held'"))
    created_at: Mapped[CreatedAt]
    paid_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]

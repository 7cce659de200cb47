"""Staff who sign in to the consoles, and buyers who are known to one shop."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class User(Record):
    """A person with a door key to the consoles. Global: one person may work for several firms."""

    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int | None]
    locale: Mapped[str] = mapped_column(server_default="zh_Hans")
    disabled_at: Mapped[datetime | None]
    session_epoch: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]


class Membership(Record):
    """What a person may do, and for whom. Global; exactly one of the owners is set, none for the platform."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("kind IN ('platform', 'brand', 'distributor')", name="kind"),
        CheckConstraint("role IN ('owner', 'manager', 'staff', 'viewer')", name="role"),
        CheckConstraint(
            "(kind = 'brand') = (brand_id IS NOT NULL) AND (kind = 'distributor') = (distributor_id IS NOT NULL)",
            name="owner",
        ),
        UniqueConstraint("user_id", "kind", "brand_id", "distributor_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    role: Mapped[str]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    created_at: Mapped[CreatedAt]


class Buyer(Record, TenantOwned):
    """A consumer known to one shop by e-mail; in another shop the same address is somebody else."""

    __tablename__ = "buyers"
    __table_args__ = (UniqueConstraint("shop_id", "email"),)

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    email: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="zh_Hans")
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[datetime | None]


class BuyerSignIn(Record, TenantOwned):
    """A mailed sign-in link: only its digest is kept, it works once and for minutes."""

    __tablename__ = "buyer_sign_ins"
    __table_args__ = (Index("ix_buyer_sign_ins_expires_at", "expires_at"),)

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    email: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

"""Buyers of one shop: coming in by a mailed link."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.identity.models import Buyer, BuyerSignIn
from app.foundation.database import session


def use_sign_in(digest: bytes, *, at: datetime) -> str | None:
    """Spend a link and return its e-mail; None where there is none, or it was spent, or its time is over."""
    spent = (
        update(BuyerSignIn)
        .where(BuyerSignIn.digest == digest, BuyerSignIn.used_at.is_(None), BuyerSignIn.expires_at > at)
        .values(used_at=at)
        .returning(BuyerSignIn.email)
    )
    return session().execute(spent).scalar()


def forget_links(before: datetime) -> None:
    """Delete links whose time was over by then, used or not; needs the platform's scope."""
    session().execute(delete(BuyerSignIn).where(BuyerSignIn.expires_at < before))


def come_in(shop_id: int, email: str, *, locale: str, at: datetime) -> int:
    """The shop's buyer with this e-mail, made on the first visit."""
    row = insert(Buyer).values(shop_id=shop_id, email=email, locale=locale, last_seen_at=at)
    kept = row.on_conflict_do_update(
        index_elements=["shop_id", "email"], set_={"last_seen_at": at, "locale": locale}
    )
    return int(session().execute(kept.returning(Buyer.id)).scalar_one())

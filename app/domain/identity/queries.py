"""Every SELECT of people and their seats."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.domain.identity.models import Membership, User
from app.domain.identity.rules import Person, Seat
from app.foundation.database import session


def user(user_id: int) -> User | None:
    return session().get(User, user_id)


def user_by_email(email: str) -> User | None:
    return session().execute(select(User).where(User.email == email)).scalar_one_or_none()


def person(user_id: int) -> Person | None:
    """Somebody who may be signed in, with every seat of theirs; None for unknown and disabled people."""
    found = user(user_id)
    if found is None or found.disabled_at is not None:
        return None
    kept = select(Membership).where(Membership.user_id == user_id).order_by(Membership.id)
    seats = tuple(
        Seat(seat.id, seat.kind, seat.role, seat.brand_id, seat.distributor_id)
        for seat in session().execute(kept).scalars()
    )
    return Person(
        found.id,
        found.email,
        found.name,
        found.locale,
        found.session_epoch,
        found.totp_secret is not None,
        seats,
    )


def people(seat: Seat) -> Sequence[Any]:
    """(membership, user) of everybody who has a seat in the same firm."""
    return (
        session()
        .execute(
            select(Membership, User)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.kind == seat.kind,
                Membership.brand_id.is_not_distinct_from(seat.brand_id),
                Membership.distributor_id.is_not_distinct_from(seat.distributor_id),
            )
            .order_by(Membership.id)
        )
        .all()
    )

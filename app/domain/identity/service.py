"""Changes of people and seats, inside the caller's transaction."""

from sqlalchemy import or_, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.identity.errors import EmailTaken
from app.domain.identity.models import Membership, User
from app.domain.identity.passwords import hash_password
from app.domain.identity.rules import check_password
from app.foundation.database import session


def register(*, email: str, name: str, password: str, locale: str = "zh_Hans") -> int:
    """A new person, or EmailTaken."""
    check_password(password, email=email)
    values = {"email": email, "name": name, "password_hash": hash_password(password), "locale": locale}
    row = insert(User).values(values).on_conflict_do_nothing(index_elements=["email"])
    user_id = session().execute(row.returning(User.id)).scalar()
    if user_id is None:
        raise EmailTaken(param="email")
    return user_id


def give_seat(
    user_id: int, *, kind: str, role: str, brand_id: int | None = None, distributor_id: int | None = None
) -> int:
    """A membership; a person who has one in this firm keeps it with the new role."""
    values = {
        "user_id": user_id,
        "kind": kind,
        "role": role,
        "brand_id": brand_id,
        "distributor_id": distributor_id,
    }
    row = insert(Membership).values(values)
    row = row.on_conflict_do_update(
        index_elements=["user_id", "kind", "brand_id", "distributor_id"], set_={"role": role}
    )
    return session().execute(row.returning(Membership.id)).scalar_one()


def set_password(user: User, password: str) -> None:
    """A new password; every other sign-in of this person ends."""
    check_password(password, email=user.email)
    user.password_hash = hash_password(password)
    user.session_epoch += 1


def use_step(user_id: int, step: int) -> bool:
    """Take a TOTP step; False where it or a later one was used before."""
    taken = session().execute(
        update(User)
        .where(User.id == user_id, or_(User.totp_last_step.is_(None), User.totp_last_step < step))
        .values(totp_last_step=step)
        .returning(User.id)
    )
    return taken.scalar() is not None

"""Links that bring somebody in, inside the caller's transaction. Their tokens are made from a key, never kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from app.domain.distributors.errors import InviteOver
from app.domain.distributors.models import Invite
from app.foundation import clock, ids
from app.foundation.database import session


def token_of(key: bytes, *, brand_id: int | None, distributor_id: int | None, made_at: datetime) -> str:
    """The token of an owner's link of a moment; nobody without our key can make it."""
    owner = f"brand:{brand_id}" if brand_id is not None else f"distributor:{distributor_id}"
    return ids.keyed(key, f"{owner}:{made_at.timestamp():.6f}")


def keep(
    key: bytes, *, brand_id: int | None = None, distributor_id: int | None = None, level_id: int | None = None,
    most: int, expires_at: datetime, note: str = "", by: int | None = None,
) -> str:  # fmt: skip
    """A new link; only its digest is kept. Returns the token."""
    made_at = clock.now()
    token = token_of(key, brand_id=brand_id, distributor_id=distributor_id, made_at=made_at)
    session().add(
        Invite(
            brand_id=brand_id, distributor_id=distributor_id, level_id=level_id, digest=ids.token_digest(token),
            note=note, most=most, expires_at=expires_at, created_by=by, created_at=made_at,
        )
    )  # fmt: skip
    session().flush()
    return token


def look(token: str) -> Invite:
    """The link of a token while it brings people in, or InviteOver that says why not."""
    invite = by_token(token)
    if invite is None:
        raise InviteOver(reason="unknown")
    reason = state_of(invite)
    if reason != "open":
        raise InviteOver(reason=reason)
    return invite


def by_token(token: str) -> Invite | None:
    found = select(Invite).where(Invite.digest == ids.token_digest(token))
    return session().execute(found).scalar_one_or_none()


def state_of(invite: Invite) -> str:
    """open, used, expired or ended."""
    if invite.ended_at is not None:
        return "ended"
    if invite.expires_at <= clock.now():
        return "expired"
    return "used" if invite.used >= invite.most else "open"


def claim(token: str) -> Invite:
    """Take one of a link's uses, or InviteOver. Whoever changes the row first has it."""
    taken = session().execute(
        update(Invite)
        .where(Invite.digest == ids.token_digest(token), Invite.used < Invite.most)
        .where(Invite.ended_at.is_(None), Invite.expires_at > clock.now())
        .values(used=Invite.used + 1)
        .returning(Invite)
    )
    invite = taken.scalar_one_or_none()
    return invite if invite is not None else look(token)


def end(invite_id: int) -> bool:
    """Let a link of the open scope bring nobody in any more; False where it does not exist or has ended."""
    ended = session().execute(
        update(Invite)
        .where(Invite.id == invite_id, Invite.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(Invite.id)
    )
    return ended.scalar() is not None


def kept() -> Sequence[Invite]:
    """Every link of the open scope, the newest first."""
    return session().execute(select(Invite).order_by(Invite.id.desc()).limit(200)).scalars().all()

"""An owner gives people a place in the firm, and takes it back."""

from sqlalchemy import select

from app.domain.identity import queries, service
from app.domain.identity.errors import LastOwner
from app.domain.identity.models import Membership
from app.domain.identity.rules import ROLES, Seat, clean_email
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def invite(seat: Seat, *, email: str, name: str, password: str, role: str, actor: Actor) -> int:
    """A place in the owner's firm. A person who is new gets the password given here; a known one keeps theirs."""
    email = clean_email(email)
    if role not in ROLES:
        raise InvalidInput(param="role", reason="unknown")
    with platform_scope(), unit_of_work(actor) as work:
        known = queries.user_by_email(email)
        user_id = known.id if known else service.register(email=email, name=name, password=password)
        seat_id = service.give_seat(
            user_id, kind=seat.kind, role=role, brand_id=seat.brand_id, distributor_id=seat.distributor_id
        )
        work.record("seat.given", f"user:{user_id}", kind=seat.kind, role=role, seat=seat_id)
        return seat_id


def change_role(seat: Seat, seat_id: int, role: str | None, *, actor: Actor) -> None:
    """Another role, or none (the place is taken back); a firm keeps at least one owner."""
    with platform_scope(), unit_of_work(actor) as work:
        members = {member.id: member for member, _ in queries.people(seat)}
        locked = (
            select(Membership).where(Membership.id.in_(members)).order_by(Membership.id).with_for_update()
        )
        rows = {member.id: member for member in session().execute(locked).scalars()}
        member = rows.get(seat_id)
        if member is None:
            raise NotFound(what="seat")
        owners = [row.id for row in rows.values() if row.role == "owner"]
        if owners == [seat_id] and role != "owner":
            raise LastOwner
        if role is None:
            session().delete(member)
        elif role in ROLES:
            member.role = role
        work.record("seat.changed", f"user:{member.user_id}", role=role, seat=seat_id)

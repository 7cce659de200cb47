"""Who may do what in the consoles. Values in, values out."""

from dataclasses import dataclass

from app.domain.identity.errors import PasswordTooWeak
from app.foundation.errors import InvalidInput
from app.foundation.plain import is_one_line

ROLES = ("viewer", "staff", "manager", "owner")
KINDS = ("distributor", "brand", "platform")

# What may be done, and the lowest role that may do it.
NEEDS = {
    "look": "viewer",
    "export": "staff",
    "sell": "staff",  # goods, prices, stock
    "manage": "manager",  # shops, approvals, retries
    "reveal": "manager",  # a buyer's code
    "people": "owner",
    "money": "owner",  # where the firm is paid
}
LEAST_PASSWORD = 10
# No quoting and no lists: what a mail's header could read as two addresses is none.
NOT_IN_EMAIL = frozenset(',;:<>()[]"\\')


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place in one firm, or in the platform."""

    id: int
    kind: str
    role: str
    brand_id: int | None = None
    distributor_id: int | None = None

    def may(self, action: str) -> bool:
        return may(self.role, action)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in, as the doors know them."""

    id: int
    email: str
    name: str
    locale: str
    epoch: int
    has_totp: bool
    seats: tuple[Seat, ...]

    def seat(self, seat_id: int | None) -> Seat | None:
        """The seat of that id, if it is theirs."""
        return next((seat for seat in self.seats if seat.id == seat_id), None)


def may(role: str, action: str) -> bool:
    """Whether a role reaches what an action needs."""
    return ROLES.index(role) >= ROLES.index(NEEDS[action])


def clean_email(text: str) -> str:
    """An address as we keep it, or InvalidInput for `email`."""
    email = text.strip().lower()
    name, at, host = email.rpartition("@")
    if (
        not (name and at and "." in host.strip("."))
        or len(email) > 254
        or not (is_one_line(email) and NOT_IN_EMAIL.isdisjoint(email))
        or any(sign.isspace() for sign in email)
    ):
        raise InvalidInput(param="email", reason="not_an_email")
    return email


def check_password(password: str, *, email: str) -> None:
    """Raise PasswordTooWeak for what nobody should sign in with."""
    if len(password) < LEAST_PASSWORD or password.strip().lower() == email or len(set(password)) < 4:
        raise PasswordTooWeak(param="password", least=LEAST_PASSWORD)

"""Passwords as argon2id hashes (RFC 9106, second recommended option)."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

HASHER = PasswordHasher()
# Compared with where nobody is known, so that the answer takes as long.
NOBODY = HASHER.hash("nobody signs in with this")


def hash_password(password: str) -> str:
    return HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the kept one; takes as long when nothing is kept."""
    try:
        return HASHER.verify(kept or NOBODY, password) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


def is_dated(kept: str) -> bool:
    """Whether the hash was made with weaker figures than today's."""
    return HASHER.check_needs_rehash(kept)

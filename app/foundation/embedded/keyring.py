"""Secrets made once for a home and found again at every start."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping

from app.foundation.embedded.errors import EmbeddedError
from app.foundation.embedded.home import Home


def random_text() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def random_key() -> str:
    """Return a 256-bit key in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def ensure_secrets(home: Home, makers: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """Return the home's secrets by name, making those it has not got yet.

    A secret once written is never changed here: codes are encrypted under it.
    """
    home.prepare()
    known = _read(home)
    missing = {name: make() for name, make in makers.items() if name not in known}
    if missing:
        _write(home, known | missing)
    return known | missing


def _read(home: Home) -> dict[str, str]:
    if not home.secrets.exists():
        return {}
    lines = [line.strip() for line in home.secrets.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    if not all(equals and name for name, equals, _ in pairs):
        raise EmbeddedError(
            f"{home.secrets} is damaged: every line must read NAME=value. Restore it from a backup."
        )
    return {name: value for name, _, value in pairs}


def _write(home: Home, secrets_by_name: Mapping[str, str]) -> None:
    """Replace the file in one step, so that a power cut leaves the old one or the new one."""
    fresh = home.secrets.with_suffix(".new")
    lines = ["# The keys of this home. Whoever has them and the database can read every code."]
    lines += [f"{name}={value}" for name, value in secrets_by_name.items()]
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(home.secrets)

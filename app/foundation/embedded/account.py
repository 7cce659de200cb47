"""Which account of the operating system the embedded PostgreSQL runs as."""

import functools
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.foundation.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Account:
    """A user of this machine, and the arguments that start a process as that user."""

    name: str
    uid: int
    gid: int
    switched: bool

    def popen(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess` start a process as this account."""
        if not self.switched:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this account can pass through a folder, by trying."""
        return self._test("-x", folder)

    def can_read(self, path: Path) -> bool:
        """Tell whether this account can reach and read a file, by trying."""
        return self._test("-r", path)

    def _test(self, question: str, path: Path) -> bool:
        trial = ["/bin/sh", "-c", f'test {question} "$1"', "sh", str(path)]
        return subprocess.run(trial, cwd="/", check=False, **self.popen()).returncode == 0

    def take(self, path: Path) -> None:
        """Make this account the owner of a path."""
        if self.switched:
            os.chown(path, self.uid, self.gid)


@functools.cache
def current() -> Account:
    """Return the user who runs Perkline."""
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL needs a user with a name, and user id {os.geteuid()} has none: "
            "run as a named user, or set DATABASE_URL to a server of your own."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switched=False)


@functools.cache
def unprivileged() -> Account:
    """Return the account PostgreSQL runs as: ours, or `nobody` when we are root, which it refuses."""
    if os.geteuid() != 0:
        return current()
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root and this machine has no user `nobody`: "
            "run as an ordinary user, or set DATABASE_URL to a server of your own."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switched=True)

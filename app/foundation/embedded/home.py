"""The folder that holds everything Perkline must find again: database, queues, secrets and logs."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.foundation.embedded import account
from app.foundation.embedded.errors import EmbeddedError, HomeBusy

# A unix socket's whole path must fit in 103 bytes; "/postgres/.s.PGSQL.5432" takes 23 of them.
LONGEST_SOCKET_FOLDER = 80
ROOTS_GROUND = Path("/var/lib/perkline")


def default_home(checkout: Path) -> Path:
    """Return where this checkout keeps its data: beside the code, or under /var/lib for root.

    As root PostgreSQL runs as `nobody`, who can seldom reach into a checkout.
    """
    if os.geteuid() != 0:
        return checkout / ".perkline"
    return ROOTS_GROUND / nickname(checkout)


def nickname(path: Path) -> str:
    """Return a short name for a path that no other path on the machine shares."""
    resolved = path.resolve()
    digest = hashlib.sha256(str(resolved).encode()).hexdigest()[:8]
    return f"{resolved.name.strip('.')}-{digest}"


@dataclass(frozen=True)
class Home:
    """One home and the places in it. Nothing is made before `prepare`."""

    path: Path

    def __post_init__(self) -> None:
        # The servers run in another folder than we do.
        object.__setattr__(self, "path", self.path.absolute())

    @property
    def note(self) -> Path:
        return self.path / "README.txt"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def parts(self) -> Path:
        """Where a running house writes down which processes are its own."""
        return self.path / "parts"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.env"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    @cached_property
    def postgres(self) -> Path:
        """The database's folder, where the account it runs as can reach it."""
        nearest = next(place for place in (self.path, *self.path.parents) if place.exists())
        if account.unprivileged().can_enter(nearest):
            return self.path / "postgres"
        return ROOTS_GROUND / nickname(self.path) / "postgres"

    @cached_property
    def sockets(self) -> Path:
        """A folder short enough for unix sockets to live in."""
        inside = self.postgres.parent / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        return Path(f"/tmp/perkline-{os.geteuid()}-{nickname(self.path)[-8:]}")  # noqa: S108 - see `_private`

    def prepare(self) -> None:
        """Make the home and its folders, closed to other people; doing it again changes nothing."""
        self._claim()
        _private(self.logs)
        _private(self.redis)
        _reachable(self.postgres.parent)
        _reachable(self.sockets)

    @contextmanager
    def lock(self, who: str) -> Iterator[None]:
        """Be the only one who runs servers in this home, or raise HomeBusy.

        The kernel lets go when the process ends, however it ends: there is no stale lock to remove.
        """
        self._claim()
        with self.lock_file.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise HomeBusy(
                    f"Perkline already runs in {self.path} ({holder}): stop it first, "
                    "or set PERKLINE_HOME to another folder."
                ) from None
            file.truncate(0)
            file.write(f"{who}, process {os.getpid()}")
            file.flush()
            yield

    def delete(self) -> None:
        """Remove everything in the home, which is all ours. The servers must have stopped."""
        self._claim()
        for place in (self.postgres, self.sockets, self.redis, self.path):
            shutil.rmtree(place, ignore_errors=True)
        if self.postgres.parent != self.path:
            shutil.rmtree(self.postgres.parent, ignore_errors=True)
        with suppress(OSError):
            ROOTS_GROUND.rmdir()

    def _claim(self) -> None:
        """Make the home, or raise EmbeddedError if it holds what is not ours: `delete` would take it along."""
        if self.path.is_dir() and not self.note.exists() and any(self.path.iterdir()):
            raise EmbeddedError(
                f"{self.path} holds other things: set PERKLINE_HOME to an empty or a new folder."
            )
        _reachable(self.path)
        if not self.note.exists():
            self.note.write_text("Perkline keeps its data here. `make reset` deletes all of it.\n")


def _reachable(folder: Path) -> None:
    """Make a folder that PostgreSQL's account may pass through to what it owns, but not list."""
    if os.geteuid() != 0:
        _own(folder, mode=0o700)
        return
    if ROOTS_GROUND in folder.parents:
        _own(ROOTS_GROUND, mode=0o755)
    _own(folder, mode=0o711)


def _private(folder: Path) -> None:
    """Make a folder that only its owner may enter."""
    _own(folder, mode=0o700)


def _own(folder: Path, *, mode: int) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A stranger may have made the folder first, where everybody can write.
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise EmbeddedError(f"{folder} belongs to somebody else: set PERKLINE_HOME to a folder of yours.")
        folder.chmod(mode)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise EmbeddedError(
            f"{folder} cannot be made ({error.strerror}): set PERKLINE_HOME to a folder you may write to."
        ) from error

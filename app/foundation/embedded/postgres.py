"""The embedded PostgreSQL: started on a private socket, found again, stopped cleanly."""

import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from app.foundation.embedded import account, cluster, process
from app.foundation.embedded.errors import EmbeddedError
from app.foundation.embedded.home import Home

PORT = 5432  # only part of the socket's name
FAST_STOP = signal.SIGINT  # rolls back what is open, writes a checkpoint, ends
# A crash leaves at most max_wal_size to read again.
PATIENCE = 120.0


@dataclass
class Postgres:
    """One PostgreSQL server in one home."""

    home: Home
    fast_unsafe: bool = False
    child: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)

    @property
    def socket_folder(self) -> Path:
        return self.home.sockets / "postgres"

    @property
    def log(self) -> Path:
        return self.home.logs / "postgres.log"

    def url(self, database: str = "perkline", *, driver: str = "postgresql+psycopg") -> str:
        """Return the address of a database, as the superuser who owns everything."""
        return f"{driver}://{cluster.SUPERUSER}@/{database}?host={quote(str(self.socket_folder))}"

    def start(self, database: str = "perkline") -> None:
        """Run the server and make the database, or use the server that runs here already."""
        self.home.prepare()
        cluster.make(self.home)
        if not self.answers():
            self._replace_what_is_left()
            self._launch()
        self._ensure_database(database)

    def stop(self) -> None:
        """Stop whatever server runs on this data, cleanly."""
        running = self.running()
        if running is not None:
            process.end(running, FAST_STOP, patience=PATIENCE)
        if self.child is not None:
            self.child.wait(PATIENCE)
            self.child = None

    def running(self) -> psutil.Process | None:
        """Return the server process on this data, whoever started it."""
        try:
            pid = int(self._pid_file().read_text().split("\n", 1)[0])
            found = psutil.Process(pid)
            if found.status() != psutil.STATUS_ZOMBIE and str(self.home.postgres) in found.cmdline():
                return found
        except (OSError, ValueError, psutil.Error):
            return None
        return None

    def answers(self) -> bool:
        """Tell whether a server here takes connections now."""
        with suppress(psycopg.Error):
            self._connect().close()
            return True
        return False

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.socket_folder),
            user=cluster.SUPERUSER,
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )

    def _pid_file(self) -> Path:
        return self.home.postgres / "postmaster.pid"

    def _replace_what_is_left(self) -> None:
        """End an orphan that is stopping or stuck, and remove the marks of one that was killed.

        PostgreSQL removes such marks itself, except when their process number was given to
        another process since: then it would refuse to start.
        """
        orphan = self.running()
        if orphan is not None:
            process.end(orphan, FAST_STOP, patience=PATIENCE)
        self._pid_file().unlink(missing_ok=True)
        for mark in self.socket_folder.glob(".s.PGSQL.*"):
            mark.unlink(missing_ok=True)

    def _launch(self) -> None:
        owner = account.unprivileged()
        cluster.admit_only_us(self.home)
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        owner.take(self.socket_folder)
        # The last backends of a killed server hold its memory for a moment longer.
        if not process.wait_until(self._try_launch, seconds=15, every=0.5):
            raise EmbeddedError(
                f"PostgreSQL did not start: {process.last_lines(self.log)} (all of it in {self.log})."
            )

    def _try_launch(self) -> bool:
        self.child = process.spawn(
            self._command(), account=account.unprivileged(), log=self.log, last_signal=FAST_STOP
        )
        process.wait_until(lambda: self.answers() or self._ended(), seconds=PATIENCE)
        return not self._ended()

    def _command(self) -> list[str | Path]:
        chosen = cluster.SETTINGS | (cluster.UNSAFE if self.fast_unsafe else {})
        chosen = chosen | {"unix_socket_directories": str(self.socket_folder), "port": str(PORT)}
        options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        return [cluster.programs(self.home) / "postgres", "-D", self.home.postgres, *options]

    def _ended(self) -> bool:
        return self.child is not None and self.child.poll() is not None

    def _ensure_database(self, name: str) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise EmbeddedError(f"{name!r} is not a plain name for a database.")
        with self._connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

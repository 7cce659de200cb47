"""One process of the house: started, watched, started again when it dies, ended with all it started."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from app.foundation.embedded import Home, process
from app.launcher import fork, records
from app.launcher.plan import Part

LONG_LIFE = 20.0
LONGEST_PAUSE = 30.0
LARGEST_LOG = 20_000_000


class Running(Protocol):
    """A process, however it was started."""

    pid: int

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""

    def terminate(self) -> None:
        """Ask it to stop."""


class Child:
    """A part that should be running."""

    def __init__(self, part: Part, settings: Mapping[str, str], home: Home, *, copied: bool = True) -> None:
        """Describe a part without starting it.

        It may be a copy of this process only if that has no thread and no connection of its own.
        """
        self.part = part
        self._copied = copied
        self.log = home.logs / f"{part.name}.log"
        self.failures = 0
        self._home = home
        self._settings = settings
        self._started_at = 0.0
        self._again_at = 0.0
        self._process: Running | None = None

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches the supervisor, which stops the parts in order."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        tie = process.tied_to_parent(signal.SIGTERM)
        if self._copied and fork.can(self.part):
            self._process = fork.Copy(self.part, self._settings, self.log, tie)
        else:
            self._process = self._run_program(tie)
        records.write(self._home.parts, self.part.name, self._process.pid)
        self._started_at = time.monotonic()

    def _run_program(self, tie: Callable[[], None] | None) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self.part.command,
                cwd=self.part.folder,
                env=dict(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # It only makes two system calls, and the supervisor has a single thread.
                preexec_fn=tie,  # noqa: PLW1509
            )

    @property
    def pid(self) -> int | None:
        """Its process number while it runs."""
        return self._process.pid if self._process else None

    def returncode(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._process.poll() if self._process else None

    def look_after(self) -> str | None:
        """Start it again if it died, after a pause that grows; return a sentence when something happened."""
        if self._process is None:
            if time.monotonic() < self._again_at:
                return None
            self.start()
            return f"{self.part.name} runs again."
        code = self._process.poll()
        if code is None:
            return None
        _end_group(self._process)
        self._process = None
        lived = time.monotonic() - self._started_at
        self.failures = 1 if lived > LONG_LIFE else self.failures + 1
        pause = 0.0 if self.failures == 1 else min(LONGEST_PAUSE, 0.5 * 2**self.failures)
        self._again_at = time.monotonic() + pause
        return f"{self.part.name} ended ({_ending(code)}) and starts again; see {self.log}."

    def stop(self, *, hurry: Callable[[], bool]) -> None:
        """Ask it to finish what it holds, wait unless in a hurry, then end it and everything it started."""
        leader = self._process
        if leader is None:
            return
        leader.terminate()
        process.wait_until(
            lambda: leader.poll() is not None or hurry(), seconds=self.part.patience, every=0.05
        )
        _end_group(leader)
        records.cross_out(self._home.parts, self.part.name)
        self._process = None


def _end_group(leader: Running) -> None:
    """End a process and the processes it started, which share its group."""

    def gone() -> bool:
        leader.poll()
        return not records.group(leader.pid)

    for asking in (signal.SIGTERM, signal.SIGKILL):
        if gone():
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader.pid, asking)
        process.wait_until(gone, seconds=3.0)


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

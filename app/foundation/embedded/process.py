"""Starting a server as our own process, and ending it or its orphan."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from app.foundation.embedded.account import Account

PR_SET_PDEATHSIG = 1


def tied_to_parent(final: signal.Signals) -> Callable[[], None] | None:
    """Return what a new child must do so that the kernel signals it when its parent dies.

    Only Linux can; elsewhere the next start finds the orphan.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(final), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return tie


def spawn(
    command: Sequence[str | Path], *, account: Account, log: Path, last_signal: signal.Signals
) -> "subprocess.Popen[bytes]":
    """Start a server in a session of its own, so that Ctrl-C reaches only whoever started it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # It only makes two system calls, and the supervisor has a single thread.
            preexec_fn=tied_to_parent(last_signal),  # noqa: PLW1509
            **account.popen(),
        )


def end(process: psutil.Process, asking: signal.Signals, *, patience: float) -> None:
    """Ask a process to end, wait, and kill it when its patience is used up."""
    try:
        process.send_signal(asking)
        process.wait(patience)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(10)


def wait_until(ready: Callable[[], bool], *, seconds: float, every: float = 0.02) -> bool:
    """Tell whether something became true in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def last_lines(log: Path, count: int = 3) -> str:
    """Return the end of a log for a message to a person."""
    if not log.exists():
        return ""
    lines = log.read_text(errors="replace").splitlines()
    return " / ".join(line.strip() for line in lines[-count:])

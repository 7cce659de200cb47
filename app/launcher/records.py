"""Which processes a house has started, written down for the house after a killed one."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from app.foundation.embedded import Home


def write(folder: Path, name: str, pid: int) -> None:
    """Write a part's process down, with the time it began: numbers are given out again."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with suppress(psutil.NoSuchProcess):
        (folder / name).write_text(f"{pid} {psutil.Process(pid).create_time()}\n")


def cross_out(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)


def group(leader: int) -> list[psutil.Process]:
    """Return the living processes of a group; whoever is dead and not yet buried does not count."""

    def belongs(found: psutil.Process) -> bool:
        try:
            return os.getpgid(found.pid) == leader and found.status() != psutil.STATUS_ZOMBIE
        except (OSError, psutil.Error):
            return False

    return [found for found in psutil.process_iter() if belongs(found)]


def end_leftovers(home: Home) -> int:
    """End what an earlier house in this home left running; return how many processes there were.

    Only whoever holds the home's lock may do this.
    """
    found = list(_leftovers(home.parts))
    for each in found:
        with suppress(psutil.Error):
            each.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=10)
    for each in stubborn:
        with suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(stubborn, timeout=5)
    return len(found)


def _leftovers(folder: Path) -> Iterator[psutil.Process]:
    for record in folder.glob("*"):
        with suppress(ValueError, psutil.Error):
            pid, began = record.read_text().split()
            for found in group(int(pid)):
                # Somebody younger may have the number by now, but nobody older.
                if found.pid != int(pid) or abs(found.create_time() - float(began)) < 1:
                    yield found
        record.unlink(missing_ok=True)

"""Processes of a house whose supervisor was killed."""

import os
from contextlib import suppress

import psutil

from app.foundation.embedded import Home
from app.launcher.child import MARK


def end_leftovers(home: Home) -> int:
    """End what an earlier house in this home left running; return how many there were.

    Whoever holds the home's lock may do this: nobody else's processes carry its mark.
    """
    found = [each for each in psutil.process_iter() if each.pid != os.getpid() and _belongs(each, home)]
    for each in found:
        with suppress(psutil.Error):
            each.terminate()
    _, alive = psutil.wait_procs(found, timeout=20)
    for each in alive:
        with suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(alive, timeout=5)
    return len(found)


def _belongs(found: psutil.Process, home: Home) -> bool:
    try:
        return found.environ().get(MARK) == str(home.path)
    except (psutil.Error, OSError):
        return False

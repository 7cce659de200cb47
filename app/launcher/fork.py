"""Starting a Python part as a copy of the supervisor, which has imported everything already.

Importing the application takes two seconds of a processor, and a house has ten parts.
"""

import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from app.foundation.embedded import Home
from app.launcher import gauges
from app.launcher.plan import PYTHON, Part

# Elsewhere a copy of a process may not use the system's libraries.
POSSIBLE = sys.platform == "linux"


class Copy:
    """A part that runs in a copy of this process."""

    def __init__(
        self, part: Part, settings: Mapping[str, str], log: Path, tie: Callable[[], None] | None
    ) -> None:
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_live, args=(part, settings, log, tie), name=part.name)
        self._process.start()
        self.pid: int = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()


def preload(modules: Iterable[str], environment: Mapping[str, str]) -> None:
    """Import what the copies will need; some libraries choose by the environment what they will be."""
    if not POSSIBLE:
        return
    os.environ.update(environment)
    for name in modules:
        # The part that needs it will say better what is wrong.
        with suppress(ImportError):
            import_module(name)


def can(part: Part) -> bool:
    """Tell whether a part can start this way: its command is `PYTHON script …` or `PYTHON -m module …`."""
    return POSSIBLE and part.command[0] == PYTHON


def _live(part: Part, settings: Mapping[str, str], log: Path, tie: Callable[[], None] | None) -> None:
    """Become the part: of the supervisor's, only its imports may be left."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    if tie:
        tie()
    _let_go_of(Home(Path(settings["PERKLINE_HOME"])).lock_file)
    _write_to(log)
    os.environ.clear()
    os.environ.update(settings)
    gauges.share()
    os.chdir(part.folder)
    with suppress(OSError):
        Path("/proc/self/comm").write_text(part.name)  # what `ps` and `top` call it
    _run(part.command[1:])


def _let_go_of(lock: Path) -> None:
    """Close our copy of the lock, which would keep the home taken after the supervisor's end."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if descriptor.readlink() == lock:
                os.close(int(descriptor.name))


def _write_to(log: Path) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(ours, theirs)
    for number in (output, nothing):
        os.close(number)


def _run(arguments: tuple[str, ...]) -> None:
    """Do what `python` does with these arguments."""
    warnings.filterwarnings("ignore", message=".*found in sys.modules", category=RuntimeWarning)
    first, *rest = arguments
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        sys.path.insert(0, str(Path(first).resolve().parent))
        runpy.run_path(first, run_name="__main__")

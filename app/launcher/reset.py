"""`perkline reset`: stop what runs on a home's data and delete it."""

import os
import sys
from collections.abc import Mapping

from app.foundation.embedded import EmbeddedError, Servers
from app.launcher.ground import Ground
from app.launcher.records import end_leftovers


def reset(environ: Mapping[str, str] = os.environ, *, force: bool = False) -> int:
    """Delete the home after asking; without a person at the terminal, or with `force`, without asking."""
    home = Ground.of(environ).home
    if not home.path.exists():
        print(f"There is nothing in {home.path}.")
        return 0
    if (
        not force
        and sys.stdin.isatty()
        and not _agreed(f"Delete every shop, order and code in {home.path}? [y/N] ")
    ):
        print("Nothing was deleted.")
        return 1
    try:
        with home.lock("make reset"):
            end_leftovers(home)
            home.prepare()
            Servers.of(home).stop()
            home.delete()
    except EmbeddedError as problem:
        print(f"perkline: {problem}", file=sys.stderr)
        return 1
    print(f"Deleted {home.path}.")
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, KeyboardInterrupt):
        return False

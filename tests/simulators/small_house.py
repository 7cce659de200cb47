"""A house with stand-ins for its parts, run by the real supervisor: `python -m tests.simulators.small_house`."""

import sys
from collections.abc import Mapping
from pathlib import Path

from app.launcher import run
from app.launcher.plan import PYTHON, Part, Plan

PARTS = Path(__file__).with_name("house_parts.py")


def stand_in(what: str) -> Part:
    return Part(what, (PYTHON, str(PARTS), what))


def small(settings: Mapping[str, str]) -> Plan:
    """Plan a worker with a child of its own, and a web server; with BROKEN, a part that never works."""
    names = ["worker", "broken"] if settings.get("BROKEN") else ["worker", "web"]
    return Plan(
        settings=settings,
        steps=(stand_in("migrate"),),
        parts=tuple(stand_in(name) for name in names),
        sheet=stand_in("sheet"),
    )


if __name__ == "__main__":
    sys.exit(run(planner=small))

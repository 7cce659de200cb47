"""Compiled once: every process of the house starts in a third of the time."""

from install import running, stamps
from install.places import Places

# What the house's processes import; an environment that forbids bytecode would compile it all at each start.
LOADED = "import app, app.demo.seed, app.launcher.inside, app.jobs.work, alembic.command, granian.cli"


def compile_all(places: Places) -> bool:
    """Let Python write the bytecode of the packages we load, if they changed since."""
    stamp, fingerprint = places.stamps / "bytecode", stamps.digest([places.lock("base")], LOADED)
    if stamps.fresh(stamp, fingerprint):
        return False
    running.run([places.python, "-c", LOADED], places, environment={"PYTHONDONTWRITEBYTECODE": ""})
    stamps.put(stamp, fingerprint)
    return True

"""Where the processes of a house keep their counters, so that one /metrics tells of all of them."""

import shutil
from pathlib import Path

from prometheus_client import values

# Read by prometheus_client when it is first imported.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def fresh_folder(home: Path) -> dict[str, str]:
    """Empty the folder of counters and name it; counters begin at zero with the house."""
    folder = home / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {VARIABLE: str(folder)}


def share() -> None:
    """Let a copy of the supervisor, which imported prometheus_client before the folder was named, use it.

    Holds for counters with labels, whose values are made when they are first counted: all of ours.
    """
    values.ValueClass = values.get_value_class()

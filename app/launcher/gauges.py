"""Where the processes of a house keep their counters, so that one /metrics tells of all of them."""

import shutil
from pathlib import Path

# Read by prometheus_client when it is first imported.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def fresh_folder(home: Path) -> dict[str, str]:
    """Empty the folder of counters and name it; counters begin at zero with the house."""
    folder = home / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {VARIABLE: str(folder)}

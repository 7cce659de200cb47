"""The virtual environment, made anew when the checkout moved or Python changed."""

import shutil
import sys

from install import running, stamps
from install.places import Places
from install.trouble import Trouble


def make(places: Places) -> bool:
    """Make `.venv` with the Python that runs this, unless it is there."""
    stamp = places.stamps / "environment"
    fingerprint = stamps.digest([], sys.version, sys.base_prefix, str(places.environment))
    if stamps.fresh(stamp, fingerprint) and places.python.exists():
        return False
    print(f"Making .venv with Python {sys.version.split()[0]} …", flush=True)
    shutil.rmtree(places.environment, ignore_errors=True)
    try:
        running.run([sys.executable, "-m", "venv", places.environment], places)
    except running.Failed as failure:
        raise Trouble(
            "Python could not make a virtual environment; on Debian and Ubuntu `apt install python3-venv` "
            f"adds what it needs. It said: {failure.output.strip().splitlines()[-1:]}"
        ) from None
    stamps.put(stamp, fingerprint)
    return True

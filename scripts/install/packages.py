"""Python packages, exactly as locked: every file's hash is checked."""

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from install import lock, running, stamps
from install.places import Places
from install.trouble import Trouble

COMMAND = """#!{python}
import sys

from app.cli import main

sys.exit(main())
"""


def base(places: Places) -> bool:
    """Install what Perkline needs to run."""
    return install(places, "base")


def dev(places: Places) -> bool:
    """Install what the tests and checks need on top."""
    return install(places, "dev")


def command(places: Places) -> bool:
    """Put the checkout on the environment's path and write `.venv/bin/perkline`.

    Two files do what an editable install would, without a build and its downloads.
    """
    files = {
        places.packages() / "perkline.pth": f"{places.checkout}\n",
        places.environment / "bin" / "perkline": COMMAND.format(python=places.python),
    }
    stale = {path: text for path, text in files.items() if not path.is_file() or path.read_text() != text}
    for path, text in stale.items():
        path.write_text(text)
    (places.environment / "bin" / "perkline").chmod(0o755)
    return bool(stale)


def pip(places: Places, *arguments: str | Path) -> list[str | Path]:
    """Return a pip command that installs only what its lock names, and no more."""
    quiet = ["-qq", "--no-input", "--disable-pip-version-check"]
    return [
        places.python,
        "-m",
        "pip",
        "install",
        *quiet,
        "--no-deps",
        "--require-hashes",
        "--no-compile",
        *arguments,
    ]


def install(places: Places, name: str) -> bool:
    """Install what one lock names, unless that is done."""
    lock.refuse_stale(places, name)
    stamp = places.stamps / name
    fingerprint = stamps.digest([places.lock(name)])
    if stamps.fresh(stamp, fingerprint):
        return False
    print(f"Installing the packages of requirements/{name}.txt …", flush=True)
    ready_made = pip(places, "--only-binary", ":all:", "-r", places.lock(name))
    built_here = pip(places, "-r", places.lock(name))
    try:
        running.run(ready_made, places)
    except running.Failed as failure:
        _retry(places, built_here, failure.output)
    stamps.put(stamp, fingerprint)
    return True


def _retry(places: Places, command: Sequence[str | Path], output: str) -> None:
    """Build what has no ready-made package for this machine, if that is what was wrong."""
    lacking = re.findall(r"No matching distribution found for (\S+)", output)
    if not lacking:
        raise Trouble(explain(output, places.log))
    if compiler() is None:
        raise Trouble(
            f"{lacking[0]} has no ready-made package for Python {sys.version.split()[0]} on this machine "
            "and there is no C compiler to build it: install one (apt install build-essential) "
            "or use Python 3.12 (PYTHON=python3.12 make setup)."
        )
    try:
        running.run(command, places)
    except running.Failed as failure:
        raise Trouble(explain(failure.output, places.log)) from None


def compiler() -> str | None:
    """Return a C compiler of this machine."""
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


def explain(output: str, log: Path) -> str:
    """Turn pip's words into one sentence that says what to do."""
    if "DO NOT MATCH THE HASHES" in output:
        return (
            f"a downloaded package is not the one that was locked, so nothing was installed; "
            f"if the lock is old, run `make lock` (details in {log})."
        )
    if re.search(
        r"NewConnectionError|ConnectTimeout|ReadTimeout|Failed to establish|Temporary failure", output
    ):
        return f"the package index cannot be reached: check the network or pip's settings (details in {log})."
    if "No space left on device" in output:
        return "the disk is full: free about 1 GB and run it again."
    said = [line for line in output.splitlines() if line.strip()][-1:] or ["nothing"]
    return f"the packages could not be installed; pip said: {said[0].strip()} (details in {log})."

"""Lock files: each says which list of wishes it was made from, so that a stale one is noticed.

`python -m install.lock` writes them all, with the uv of the development packages.
"""

import re
import subprocess
import sys
from pathlib import Path

from install import stamps
from install.places import OUTSIDE, PLACES, Places
from install.trouble import Trouble

NAMES = ("base", "dev", "node", "redis")
HEAD = "# Locked by `make lock` from {name}.in, whose fingerprint is {fingerprint}.\n"


def wishes(places: Places, name: str) -> Path:
    return places.lock(name).with_suffix(".in")


def fingerprint(places: Places, name: str) -> str:
    """Return a fingerprint of a list's lines, which no comment or blank line changes."""
    lines = [line.split("#")[0].strip() for line in wishes(places, name).read_text().splitlines()]
    return stamps.digest([], *sorted(filter(None, lines)))[:16]


def refuse_stale(places: Places, name: str) -> None:
    """Raise Trouble if the list was changed after it was locked."""
    lock = places.lock(name)
    if not lock.exists() or fingerprint(places, name) not in lock.read_text().split("\n", 1)[0]:
        raise Trouble(
            f"requirements/{name}.txt is older than requirements/{name}.in: run `make lock` and commit both."
        )


def write(places: Places, name: str, *more: str) -> None:
    """Lock a list for every Python and machine, with the hashes of every published file.

    What is locked already stays as it is, unless `--upgrade` is among the further options.
    uv reads neither pip's settings nor its extra folders, so only published files are named.
    """
    lock = places.lock(name)
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-config", "--quiet"]
    options += ["--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    if name == "redis":
        options.append("--no-deps")  # only its program is used
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        *options,
        *more,
        "-o",
        lock.name,
        wishes(places, name).name,
    ]
    quiet = {key: value for key, value in OUTSIDE.items() if not key.startswith(("UV_", "PIP_"))}
    subprocess.run(command, cwd=lock.parent, env=quiet, check=True)
    body = re.sub(r"\A# Locked.*\n", "", lock.read_text())
    lock.write_text(HEAD.format(name=name, fingerprint=fingerprint(places, name)) + body)
    print(f"Locked requirements/{name}.txt")


if __name__ == "__main__":
    for each in NAMES:
        write(PLACES, each, *sys.argv[1:])

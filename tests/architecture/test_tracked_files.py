"""What is committed works on every machine and for everybody."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Spelled in pieces, so that this file may be tracked too.
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "mirror.com",
    "yarn" + "pkg.com",
)
MACHINE_PATHS = ("/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/")


@cache
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def holding(words: tuple[str, ...]) -> list[str]:
    found = re.compile("|".join(map(re.escape, words)).encode())
    return [str(path.relative_to(ROOT)) for path in tracked() if found.search(path.read_bytes())]


def test_no_tracked_file_names_a_package_registry() -> None:
    assert holding(REGISTRIES) == []


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    assert holding(MACHINE_PATHS) == []


def test_locked_packages_all_carry_hashes() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        pins = re.split(r"\n(?=\S)", lock.read_text())
        assert [pin for pin in pins if not pin.startswith("#") and "--hash=sha256:" not in pin] == []

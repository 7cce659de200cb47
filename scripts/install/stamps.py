"""A step is done again only when what it was made from has changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(inputs: Iterable[Path], *more: str) -> str:
    """Return a fingerprint of the files' names and contents, and of some words."""
    total = hashlib.sha256()
    for path in sorted(inputs):
        total.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    for word in more:
        total.update(word.encode() + b"\0")
    return total.hexdigest()


def fresh(stamp: Path, fingerprint: str) -> bool:
    """Tell whether the step last succeeded with exactly this fingerprint."""
    return stamp.is_file() and stamp.read_text() == fingerprint


def put(stamp: Path, fingerprint: str) -> None:
    """Remember that the step succeeded."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)

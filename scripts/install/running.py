"""Running another program, quietly unless it fails."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from install.places import OUTSIDE, Places


class Failed(Exception):
    """A program ended with an error; `output` is what it said."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def run(
    command: Sequence[str | Path], places: Places, *, environment: Mapping[str, str] | None = None
) -> None:
    """Run a program in the checkout and keep its words in the set-up log, or raise Failed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=places.checkout,
        env={**OUTSIDE, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if places.environment.is_dir():
        with places.log.open("a") as log:
            log.write(f"$ {' '.join(map(str, command))}\n{done.stdout}\n")
    if done.returncode != 0:
        raise Failed(done.stdout)

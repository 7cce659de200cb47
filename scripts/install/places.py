"""Where set-up reads from and writes to."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """A checkout and its virtual environment."""

    checkout: Path

    @property
    def environment(self) -> Path:
        return self.checkout / ".venv"

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def stamps(self) -> Path:
        return self.environment / "stamps"

    @property
    def log(self) -> Path:
        return self.environment / "setup.log"

    def lock(self, name: str) -> Path:
        return self.checkout / "requirements" / f"{name}.txt"

    def packages(self) -> Path:
        """The folder the environment's packages are in."""
        return next((self.environment / "lib").glob("python3*/site-packages"))


PLACES = Places(Path(__file__).resolve().parents[2])

# Set-up's own import path must not leak into what it starts.
OUTSIDE = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}

"""`perkline run`: the whole house in one process tree, and `perkline reset`: an empty plot again."""

from app.launcher.ground import Ground, standing
from app.launcher.reset import reset
from app.launcher.supervisor import run

__all__ = ["Ground", "reset", "run", "standing"]

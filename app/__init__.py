"""Perkline: digital goods sold through distributors."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.assembly import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Load the house only for whoever asks for it: a command that needs less starts two seconds sooner."""
    if name == "create_app":
        return import_module("app.assembly").create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""What the running program was put together with: its settings and its Redis."""

from dataclasses import dataclass
from typing import cast

from flask import current_app
from redis import Redis

from app.config import Settings


@dataclass(slots=True)
class Runtime:
    """Made once by create_app() and kept beside the app."""

    settings: Settings
    redis: Redis


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions["perkline"])


def settings() -> Settings:
    return runtime().settings


def redis() -> Redis:
    return runtime().redis

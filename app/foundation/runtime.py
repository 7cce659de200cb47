"""What the running program was put together with: its settings and its Redis."""

from dataclasses import dataclass
from typing import Any, cast

from flask import current_app
from redis import Redis

from app.config import Settings
from app.foundation.vault import Fingerprinter, MasterKeys, Vault


@dataclass(slots=True)
class Runtime:
    """Made once by create_app() and kept beside the app."""

    settings: Settings
    redis: Redis
    vault: Vault
    mailer: Any
    """How mails leave: a domain.notifications Mailer."""


def vault_for(settings: Settings) -> Vault:
    return Vault(MasterKeys.parse(settings.master_keys), Fingerprinter(settings.fingerprint_key))


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions["perkline"])


def settings() -> Settings:
    return runtime().settings


def redis() -> Redis:
    return runtime().redis

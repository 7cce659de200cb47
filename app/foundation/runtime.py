"""What the running program was put together with: its settings and its Redis."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import current_app
from redis import Redis

from app.config import Settings
from app.foundation.vault import Fingerprinter, MasterKeys, Vault

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


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


def at_once(ask: Callable[[Asked], Answered], things: Sequence[Asked], *, most: int) -> list[Answered]:
    """Ask about several things at the same time, each in a thread with the application at hand; answers in order.

    For waiting on other people's servers: each `ask` opens its own scope and transaction, if any.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # the application itself

    def one(thing: Asked) -> Answered:
        with app.app_context():
            return ask(thing)

    if len(things) < 2:
        return [ask(thing) for thing in things]
    with ThreadPoolExecutor(min(most, len(things))) as hands:
        return list(hands.map(one, things))


def settings() -> Settings:
    return runtime().settings


def redis() -> Redis:
    return runtime().redis

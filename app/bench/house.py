"""A whole house in a temporary home: embedded servers, web, workers, relay and clock, as `make run` starts them."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from flask import Flask
from sqlalchemy import create_engine, text

from app import create_app
from app.config import Settings, load
from app.foundation.database import db
from app.foundation.embedded import Home, Servers
from app.launcher.child import Child
from app.launcher.doors import free_port, ready
from app.launcher.ground import Ground
from app.launcher.plan import usual
from app.schema import migrate

PATIENCE = 60.0
NOT_NEEDED = {"supplier"}


@dataclass(slots=True)
class BenchHouse:
    """A house that is being measured."""

    settings: Settings
    environ: dict[str, str]
    app: Flask
    home: Home
    children: list[Child] = field(default_factory=list)

    @property
    def postgres_folder(self) -> Path:
        """Where the database's socket is."""
        return Servers.of(self.home).postgres.socket_folder

    def tidy(self) -> None:
        """Bring the planner's figures up to date, as they are in a house that has been open for a while."""
        owner = create_engine(self.settings.database_url, isolation_level="AUTOCOMMIT")
        with owner.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
        owner.dispose()

    def open_doors(self) -> None:
        """Start what answers and works; returns when it is ready."""
        plan = usual(self.environ | {"SUPPLIER_URL": "http://127.0.0.1:9"})
        self.children = [
            Child(part, plan.settings, self.home, copied=False)
            for part in plan.parts
            if part.name not in NOT_NEEDED
        ]
        for child in self.children:
            child.start()
        until = time.monotonic() + PATIENCE
        while not ready(self.environ):
            if time.monotonic() > until:
                raise RuntimeError(f"the house does not answer; its logs are in {self.home.logs}")
            time.sleep(0.1)

    def close_doors(self) -> None:
        for child in reversed(self.children):
            child.stop(hurry=lambda: False)
        self.children = []

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time used so far, by part and by server."""
        roots = {child.part.name: child.pid for child in self.children}
        us = psutil.Process()
        used = {name: _family(pid) for name, pid in roots.items()}
        for child in us.children():
            name = child.name()
            if name in {"postgres", "redis-server"}:
                used[name] = _family(child.pid)
        return used


def _family(pid: int | None) -> float:
    """Seconds a process and all it started have used, those that have ended included."""
    total = 0.0
    root = psutil.Process(pid)
    for one in (root, *root.children(recursive=True)):
        try:
            times: Any = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
        except psutil.NoSuchProcess:
            continue
    return total


@contextmanager
def bench_house(plant: Callable[[], None] | None = None, **environ: str) -> Iterator[BenchHouse]:
    """Build a house with these settings, let `plant` fill it inside its application, and delete it afterwards."""
    place = Path(tempfile.mkdtemp(prefix="perkline-bench-"))
    keep = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "PYTHONPATH"}
    }
    port = str(free_port(near=18000))
    ground = Ground.of(keep | {"PERKLINE_HOME": str(place), "PORT": port} | environ)
    with ground.home.lock("bench"):
        settings = ground.settings(make_secrets=True)
        ground.servers.start()
        try:
            loaded = load(settings)
            migrate(loaded)
            app = create_app(loaded)
            house = BenchHouse(loaded, settings, app, ground.home)
            with app.app_context():
                try:
                    if plant is not None:
                        plant()
                    yield house
                finally:
                    house.close_doors()
                    db.session.remove()
                    db.engine.dispose()
                    app.extensions["perkline"].redis.close()
        finally:
            ground.servers.stop()
            ground.home.delete()

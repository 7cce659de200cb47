"""The processes of a house, in the order they start; they stop in the reverse order."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from app.config import PLACES_EACH
from app.launcher.doors import free_port, port

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable

# What the parts and steps import, so that it is done once, before they are copied.
WHOLE_HOUSE = (
    "app.assembly",
    "app.cli",
    "app.demo.seed",
    "app.demo.sheet",
    "app.jobs.clock",
    "app.jobs.relay",
    "app.jobs.work",
    "app.launcher.inside",
    "app.sandbox.supplier.server",
    "app.schema",
)


@dataclass(frozen=True)
class Part:
    """One process of the house: its name, its command, and how long it may take to finish what it holds."""

    name: str
    command: tuple[str, ...]
    patience: float = 20.0
    folder: Path = ROOT


@dataclass(frozen=True)
class Plan:
    """What every part is told, what runs once before the doors open, what keeps running, what is said then."""

    settings: Mapping[str, str]
    steps: tuple[Part, ...]
    parts: tuple[Part, ...]
    sheet: Part | None
    preload: tuple[str, ...] = ()


def perkline(*arguments: str) -> tuple[str, ...]:
    """Return a command of ours as a process of its own."""
    return (PYTHON, "-m", "app.cli", *arguments)


def usual(settings: Mapping[str, str]) -> Plan:
    """Return the plan of `make run`; unless a supplier is named, one that plays a supplier is part of it."""
    # Somebody who tries it out opens a shop, and gives it a domain, without waiting for a platform or a DNS.
    settings = {"AUTO_APPROVE": "1", "DOMAIN_PROOF": "sandbox", **settings}
    supplier: tuple[Part, ...] = ()
    if not settings.get("SUPPLIER_URL"):
        supplier = (Part("supplier", (PYTHON, "-m", "app.sandbox.supplier")),)
        settings = {**settings, "SUPPLIER_URL": f"http://127.0.0.1:{free_port(near=port(settings))}"}
    worker = (PYTHON, "worker.py")
    return Plan(
        settings=settings,
        steps=(
            Part("migrate", perkline("migrate")),
            Part("seed", perkline("demo", "seed", "--if-empty")),
        ),
        parts=(
            *supplier,
            # Two, so that a long import never stands in front of somebody who has paid.
            Part("worker-urgent", (*worker, "work", "urgent"), patience=60.0),
            Part("worker", (*worker, "work", "normal", "mail"), patience=60.0),
            Part("worker-bulk", (*worker, "work", "bulk", "mail"), patience=60.0),
            Part("relay", (*worker, "relay")),
            Part("clock", (*worker, "clock")),
            Part("web", web(settings), patience=30.0),
        ),
        sheet=Part("sheet", perkline("demo", "sheet")),
        preload=WHOLE_HOUSE,
    )


def web(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the web server's command."""
    granian = str(Path(PYTHON).with_name("granian"))
    choices = {
        "--interface": "wsgi",
        "--http": "1",
        "--host": settings.get("LISTEN", "127.0.0.1"),
        "--port": str(port(settings)),
        "--workers": settings.get("WEB_WORKERS", "2"),
        # Most of them wait for their shop's turn: web/fair_share.py lets WEB_THREADS of them work.
        "--blocking-threads": str(int(settings.get("WEB_THREADS") or 8) * PLACES_EACH),
        # A browser keeps its connection; with the usual 512 a waiting crowd would shut all others out.
        "--backlog": "4096",
        "--backpressure": "4096",
        "--workers-kill-timeout": "20",  # seconds for requests under way when it is asked to stop
    }
    return (granian, *chain.from_iterable(choices.items()), "--no-ws", "wsgi:app")

"""How long the books take to prove themselves, beside one plain aggregate over the same entries.

The aggregate sums by account, owner and currency, in the same role, session settings and snapshot
level; both are measured in turns, and the middle of each counts, because the machine may be shared.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from app.bench.books import plant
from app.bench.import_stock import House
from app.bench.machine import broken, notes
from app.foundation.embedded import Home, Servers, serving

ORDERS = 453_000
"""Their books have a few thousand entries more than 5,000,000."""
TURNS = 5


def run(*, orders: int = ORDERS) -> dict[str, Any]:
    """The figures of proving the books of so many orders, in a home that is thrown away."""
    home = Home(Path(tempfile.mkdtemp(prefix="perkline-bench-")))
    servers = Servers.of(home)
    try:
        with serving(servers, who="perkline bench prove"):
            house = House.built(servers, home.path, goods=False)
            engine = create_engine(house.environ["DATABASE_URL"], isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                entries = plant(connection, orders, settled=True)
            engine.dispose()
            program = [sys.executable, "-m", "app.bench.prove_hand", str(TURNS)]
            told = json.loads(
                subprocess.run(program, env=house.environ, stdout=subprocess.PIPE, check=True).stdout
            )
    finally:
        home.delete()
    wrong = broken(
        differences=told["differences"],
        unproven=entries - told["proven"],
        cent_not_found=not told["cent_found"],
    )
    return {"entries": entries, **told, "broken": wrong, "machine": notes()}

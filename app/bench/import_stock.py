"""How fast new codes come in: parsed, fingerprinted, encrypted, refused where known, stored.

The reference is PostgreSQL alone: the same number of rows, ready-made, in a
table of the same shape with the same indexes, by binary COPY.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, text

from app.config import load
from app.domain.inventory.copying import HEADER, TRAILER, copy_row
from app.foundation.embedded import Home, Servers, random_key, random_text, serving
from app.schema import migrate

CODES = 1_000_000
CHUNK = 20_000

GOODS = """
WITH brand AS (
    INSERT INTO brands (slug, name, status) VALUES ('bench', 'Bench', 'approved') RETURNING id),
category AS (
    INSERT INTO categories (slug, name, name_en) VALUES ('bench', 'Bench', 'Bench') RETURNING id),
product AS (
    INSERT INTO products (brand_id, category_id, slug, name)
    SELECT brand.id, category.id, 'bench', 'Bench' FROM brand, category RETURNING id, brand_id)
INSERT INTO skus (brand_id, product_id, name, delivery_kind, suggested_minor, floor_minor, supply_price_minor)
SELECT brand_id, id, 'Bench', 'code', 200, 100, 50 FROM product RETURNING brand_id, id
"""
REFERENCE = """
CREATE TABLE reference (LIKE codes INCLUDING ALL);
ALTER TABLE reference ADD line int;
ALTER TABLE reference ALTER brand_id SET DEFAULT 1, ALTER sku_id SET DEFAULT 1,
    ALTER batch_id SET DEFAULT 1, ALTER data_key_id SET DEFAULT 1
"""
COPY = "COPY reference (line, fingerprint, secret, pick, expires_at) FROM STDIN WITH (FORMAT binary)"


def run(*, codes: int = CODES) -> dict[str, Any]:
    """The figures of one import of so many codes, in a home that is thrown away."""
    home = Home(Path(tempfile.mkdtemp(prefix="perkline-bench-")))
    servers = Servers.of(home)
    try:
        with serving(servers, who="perkline bench import"):
            return _measure(House.built(servers, home.path), codes)
    finally:
        home.delete()


@dataclass(frozen=True, slots=True)
class House:
    """A migrated database with one Sku, and the settings its programs run with."""

    place: Path
    environ: dict[str, str]
    database_url: str
    brand_id: int
    sku_id: int

    @classmethod
    def built(cls, servers: Servers, place: Path, *, goods: bool = True) -> House:
        environ = os.environ | {
            "PERKLINE_HOME": str(place),
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "SECRET_KEY": random_text(),
            "FINGERPRINT_KEY": random_text(),
            "MASTER_KEYS": f"bench:{random_key()}",
            "LOG_LEVEL": "WARNING",
        }
        settings = load(environ)
        migrate(settings)
        engine = create_engine(settings.database_url)
        brand_id = sku_id = 0
        if goods:
            with engine.begin() as connection:
                brand_id, sku_id = connection.execute(text(GOODS)).one()
        url = str(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
        engine.dispose()
        return cls(place, environ, url, brand_id, sku_id)

    def hand(self, *words: object) -> dict[str, Any]:
        """What one program of the bench has to tell."""
        program = [sys.executable, "-m", "app.bench.import_hand", *map(str, words)]
        told = subprocess.run(program, env=self.environ, stdout=subprocess.PIPE, check=True)
        return dict(json.loads(told.stdout))


def _measure(house: House, codes: int) -> dict[str, Any]:
    file = _write_file(house.place / "codes.csv", codes)
    received = house.hand("receive", house.brand_id, house.sku_id, file)
    done = house.hand("work", house.brand_id, received["import_id"])
    checked = house.hand("check", file)
    reference = _reference_seconds(house, codes)
    return {
        "codes": codes,
        "added": done["added"],
        "opened_of_sample": f"{checked['opened']}/{checked['sampled']}",
        "codes_per_second": round(codes / done["seconds"]),
        "reference_per_second": round(codes / reference),
        "ratio": round(reference / done["seconds"], 3),
        "peak_rss_mb": round(max(done["rss_mb"], received["rss_mb"])),
        "import_rss_mb": round(done["rss_mb"]),
        "receive_rss_mb": round(received["rss_mb"]),
        "import_seconds": round(done["seconds"], 2),
        "receive_seconds": round(received["seconds"], 2),
        "reference_seconds": round(reference, 2),
        "file_mb": round(file.stat().st_size / 1024**2, 1),
    }


def _write_file(path: Path, codes: int) -> Path:
    """A card number of 16 signs and a password of 10 in each line, all different."""
    with path.open("w") as target:
        target.write("card,password\n")
        for _ in range(codes):
            sign = secrets.token_hex(13).upper()
            target.write(f"{sign[:16]},{sign[16:]}\n")
    return path


def _reference_seconds(house: House, codes: int) -> float:
    """The time COPY takes for the same rows, a chunk a transaction; making them is not counted."""
    seconds = 0.0
    with psycopg.connect(house.database_url, autocommit=True) as owner:
        owner.execute(REFERENCE)
        owner.execute("CHECKPOINT")
        for start in range(0, codes, CHUNK):
            rows = [
                copy_row(line, secrets.token_bytes(16), secrets.token_bytes(56), line, None)
                for line in range(start, min(start + CHUNK, codes))
            ]
            chunk = b"".join([HEADER, *rows, TRAILER])
            started = time.perf_counter()
            with owner.cursor().copy(COPY) as copy:
                copy.write(chunk)
            seconds += time.perf_counter() - started
    return seconds

"""`perkline bench storefront`: a shop's home with 24 goods and a product page, against a bare view of them."""

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.bench import machine
from app.bench.bare import cut_home, cut_product
from app.bench.goods import SHOP, Target, plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.bench.line import Answer, Line
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from app.launcher.doors import free_port
from app.launcher.plan import PYTHON, ROOT, web
from tenants.context import platform_scope

VISITORS, ROUNDS, GOODS = 16, 3, 24
# An address longer than what is kept: drawn anew for this visit alone.
FRESH = "?n=" + "0" * 200 + "{fresh}"


PRICE = text("UPDATE listings SET price_minor = :price WHERE product_id = :product")
LOOK_SECONDS = 2.0


def run(seconds: float = 18.0) -> dict[str, Any]:
    """Measure, and return the figures."""
    with bench_house() as house, tempfile.TemporaryDirectory() as pages:
        shop_id = plant_shop()
        targets = plant_goods(shop_id, skus=GOODS * 5, codes=20)
        house.tidy()
        house.open_doors()
        slug = targets[0].slug
        sizes = cut_pages(house, Path(pages), slug)
        with bare_server(house, Path(pages), shop_id) as bare_port:
            ways = {
                "fresh": (house.settings.port, [f"/{FRESH}", f"/p/{slug}{FRESH}"]),
                "kept": (house.settings.port, ["/", f"/p/{slug}"]),
                "bare": (bare_port, ["/", f"/p/{slug}"]),
            }
            each = seconds / ROUNDS / len(ways)
            for port, paths in ways.values():
                visit(house, port, paths, seconds=1.0)
            rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, (port, paths) in ways.items():
                    rounds[name].append(visit(house, port, paths, seconds=each))
        return _figures(rounds, sizes) | {"change_shows_ms": change_shows_ms(house, targets[0])}


def visit(
    house: BenchHouse, port: int, paths: list[str], *, seconds: float, hosts: list[str] | None = None
) -> dict[str, Any]:
    """One round of visits; raises where a page was not answered."""
    asks = [[host, path] for host in hosts or [shop_host(house)] for path in paths]
    told = {
        "port": port, "visitors": VISITORS, "seconds": seconds, "asks": asks,
        "headers": {"Accept": "text/html", "Accept-Language": "zh-CN"},
    }  # fmt: skip
    crowd = [PYTHON, "-m", "app.bench.visitors"]
    said = subprocess.run(crowd, input=json.dumps(told), capture_output=True, text=True, cwd=ROOT, check=True)
    seen: dict[str, Any] = json.loads(said.stdout)
    if seen["wrong"]:
        raise RuntimeError(seen["wrong"][0])
    return seen


def shop_host(house: BenchHouse, slug: str = SHOP) -> str:
    return f"{slug}.{house.settings.base_host}:{house.settings.port}"


def ask(house: BenchHouse, path: str) -> Answer:
    """One page of the shop."""

    async def once() -> Answer:
        line = Line(house.settings.port)
        try:
            return await line.get(path, host=shop_host(house), headers={"Accept-Language": "zh-CN"})
        finally:
            line.close()

    return asyncio.run(once())


def cut_pages(house: BenchHouse, folder: Path, slug: str) -> dict[str, int]:
    """Write the reference's templates; how many bytes each page has."""
    home, product = ask(house, "/").body.decode(), ask(house, f"/p/{slug}").body.decode()
    name = product.partition("<title>")[2].partition("</title>")[0].partition(" · ")[0]
    (folder / "home.html").write_text(cut_home(home))
    (folder / "product.html").write_text(cut_product(product, name))
    return {"home": len(home.encode()), "product": len(product.encode())}


@contextmanager
def bare_server(house: BenchHouse, folder: Path, shop_id: int) -> Iterator[int]:
    """The reference behind the same server with as many workers and threads; gives its port."""
    port = free_port(near=19000)
    environ = house.environ | {"PORT": str(port), "BENCH_PAGES": str(folder), "BENCH_SHOP": str(shop_id)}
    command = [*web(environ)[:-1], "app.bench.bare:app"]
    with (house.home.logs / "bare.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 20
        while not _answers(house, port) and time.monotonic() < until:
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _answers(house: BenchHouse, port: int) -> bool:
    try:
        visit(house, port, ["/"], seconds=0.05)
    except (RuntimeError, subprocess.CalledProcessError):
        return False
    return True


def change_shows_ms(house: BenchHouse, target: Target) -> float:
    """When an old price was last shown by any worker, at most, over a few changes: visited without a pause."""
    worst = 0.0
    for price in (1711, 1722, 1733):
        before = {ask(house, "/").body for _ in range(8)}
        with platform_scope(), unit_of_work():
            session().execute(PRICE, {"price": price, "product": target.product_id})
        began = now = time.perf_counter()
        while now - began < LOOK_SECONDS:
            if ask(house, "/").body in before:
                worst = max(worst, now - began)
            now = time.perf_counter()
    return round(worst * 1000, 1)


def _figures(rounds: dict[str, list[dict[str, Any]]], sizes: dict[str, int]) -> dict[str, Any]:
    rates = {
        name: machine.middle([one["count"] / one["seconds"] for one in some]) for name, some in rounds.items()
    }
    return {
        "pages_per_second": rates["fresh"],
        "reference_per_second": rates["bare"],
        "ratio": round(rates["fresh"] / rates["bare"], 3),
        "cached_per_second": rates["kept"],
        "cached_ratio": round(rates["kept"] / rates["bare"], 2),
        "page_ms": {
            name: machine.percentiles_ms([t for one in some for t in one["times"]])
            for name, some in rounds.items()
        },
        "bytes": sizes,
        "reference_bytes": rounds["bare"][-1]["sizes"],
        "visitors": VISITORS,
        "machine": machine.notes(),
    }

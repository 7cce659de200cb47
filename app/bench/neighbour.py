"""A calm shop beside another's rush, as a process of its own: `python -m app.bench.neighbour`, orders as JSON.

{"port", "host", "paths", "every", "times": [[name, from, to], …]}: one question every so many seconds, in each of the
named times; how long each took.
"""

import asyncio
import json
import sys
import time
from random import Random
from typing import Any

from app.bench.buyer import PAGE
from app.bench.line import Line


async def visit(told: dict[str, Any]) -> dict[str, Any]:
    """Questions at even distances, whether or not the last is answered: a slow answer hides no other."""
    took: dict[str, list[float]] = {}
    wrong: list[str] = []
    dice = Random(1)  # noqa: S311 - which page to open

    async def ask(name: str) -> None:
        line = Line(told["port"])
        path = dice.choice(told["paths"]).replace("{fresh}", f"{dice.getrandbits(64):016x}")
        began = time.perf_counter()
        answer = await line.get(path, host=told["host"], headers=PAGE)
        if answer.status != 200:
            wrong.append(f"{path} answered {answer.status} at {time.time():.2f}: {answer.body[:3000]!r}")
        took.setdefault(name, []).append(time.perf_counter() - began)
        line.close()

    asks = []
    for name, begins, ends in told["times"]:
        at = begins
        while at < ends:
            await asyncio.sleep(max(0.0, at - time.time()))
            asks.append(asyncio.create_task(ask(name)))
            at += told["every"]
    await asyncio.gather(*asks)
    return {**took, "wrong": wrong}


if __name__ == "__main__":
    json.dump(asyncio.run(visit(json.load(sys.stdin))), sys.stdout)

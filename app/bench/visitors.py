"""Visitors who only look, as a process of their own: `python -m app.bench.visitors` reads its orders as JSON.

{"port", "visitors", "seconds", "asks": [[host, path], …], "headers": {…}}
"""

import asyncio
import json
import sys
import time
from random import Random
from typing import Any

from app.bench.line import Line


async def visit(told: dict[str, Any]) -> dict[str, Any]:
    """So many visitors, each asking one page after another until the time is over."""
    times: list[float] = []
    wrong: list[str] = []
    sizes: dict[str, int] = {}
    until = time.monotonic() + told["seconds"]

    async def live(number: int) -> None:
        dice, line = Random(number), Line(told["port"])  # noqa: S311 - which page to open
        while time.monotonic() < until:
            host, path = dice.choice(told["asks"])
            path = path.replace("{fresh}", f"{dice.getrandbits(64):016x}")
            began = time.perf_counter()
            answer = await line.get(path, host=host, headers=told["headers"])
            times.append(time.perf_counter() - began)
            sizes[path.partition("?")[0]] = len(answer.body)
            if answer.status != 200:
                wrong.append(f"{host}{path} answered {answer.status}")
        line.close()

    await asyncio.gather(*(live(number) for number in range(told["visitors"])))
    times.sort()
    return {
        "count": len(times),
        "seconds": told["seconds"],
        "times": times,
        "wrong": wrong[:3],
        "sizes": sizes,
    }


if __name__ == "__main__":
    json.dump(asyncio.run(visit(json.load(sys.stdin))), sys.stdout)

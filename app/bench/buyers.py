"""The crowd, as a process of its own: `python -m app.bench.buyers` reads its orders from standard input, as JSON.

{"port", "shop_host", "base_host", "secret", "buyers", "seconds", "targets": [[slug, listing id], …],
"codes": coupon codes, one for each purchase while there are any, "shared": whether all buyers use the same ones}
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from random import Random
from typing import Any

from app.bench.buyer import Bought, CodeGone, Ground, WentWrong, buy
from app.bench.line import Line


class Crowd:
    """So many buyers, each buying one thing after another until the time is over."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.ground = Ground(told["port"], told["shop_host"], told["base_host"], told["secret"])
        self.targets, self.many, self.seconds = told["targets"], told["buyers"], told["seconds"]
        self.bought: list[Bought] = []
        self.wrong: list[str] = []
        self.codes, self.shared, self.gone = list(told.get("codes", ())), bool(told.get("shared")), 0

    async def run(self) -> dict[str, Any]:
        began = time.monotonic()
        self.until = began + self.seconds
        await asyncio.gather(*(self._live(number) for number in range(self.many)))
        return self._figures(began)

    async def _live(self, number: int) -> None:
        dice, line = Random(number), Line(self.ground.port)  # noqa: S311 - which shelf to walk to
        own = iter(self.codes) if self.shared else iter(self.codes.pop, None)
        while time.monotonic() < self.until:
            code = next(own, None) if self.codes else ""
            if code is None:
                break
            slug, listing_id = dice.choice(self.targets)
            try:
                self.bought.append(await buy(line, self.ground, slug, listing_id, code))
            except CodeGone:
                self.gone += 1
            except (WentWrong, ConnectionError, asyncio.IncompleteReadError) as problem:
                self.wrong.append(f"{type(problem).__name__}: {problem}")
                await asyncio.sleep(0.2)
        line.close()

    def _figures(self, began: float) -> dict[str, Any]:
        steps: dict[str, list[float]] = defaultdict(list)
        for one in self.bought:
            for step, seconds in one.steps.items():
                steps[step].append(seconds)
        return {
            "in_time": sum(one.done_at <= began + self.seconds for one in self.bought),
            "seconds": self.seconds,
            "codes": [one.code for one in self.bought],
            "numbers": [one.number for one in self.bought],
            "delivered": [round(one.delivered_seconds, 4) for one in self.bought],
            "looks": sum(one.looks for one in self.bought),
            "steps": {step: sorted(times) for step, times in steps.items()},
            "wrong": self.wrong,
            "gone": self.gone,
        }


if __name__ == "__main__":
    json.dump(asyncio.run(Crowd(json.load(sys.stdin)).run()), sys.stdout)

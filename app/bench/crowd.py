"""Those who want the units of a flash sale, as a process of their own: `python -m app.bench.crowd`, orders as JSON.

{"port", "shop_host", "base_host", "secret", "drop", "starts_at", "buyers", "spread", "think": [from, to], "until"}

Each has a browser, a mailbox and an address of its own: opens the page while it counts down, works on its challenge,
comes within the first `spread` seconds, asks where it stands when it is told to, and pays if it may.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any
from urllib.parse import urlsplit

import altcha

from app.bench.buyer import PAGE, QUOTE, Ground, WentWrong, found_in, paid_event, with_cookies
from app.bench.line import Answer, Line
from app.domain.payments.sandbox_token import read_token

AT_ONCE = 40
SOCKETS = 8192


class Crowd:
    """All of them, and what they saw."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.ground = Ground(told["port"], told["shop_host"], told["base_host"], told["secret"])
        self.path = f"/flash/{told['drop']}"
        self.steps: dict[str, list[float]] = defaultdict(list)
        self.positions: list[int] = []
        self.granted: list[int] = []
        self.notices: list[tuple[float, float]] = []
        self.paid: list[float] = []
        self.wrong: list[str] = []
        self.looks = 0
        self.told_to_wait = 0
        self.door = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> dict[str, Any]:
        await asyncio.gather(*(self._come(number) for number in range(self.told["buyers"])))
        return {
            "steps": {step: sorted(times) for step, times in self.steps.items()}, "positions": self.positions,
            "granted": self.granted, "notices": self.notices, "paid": self.paid, "wrong": self.wrong,
            "looks": self.looks, "told_to_wait": self.told_to_wait,
        }  # fmt: skip

    async def _come(self, number: int) -> None:
        dice, line = Random(number), Line(self.ground.port)  # noqa: S311 - when to come, and how long to think
        line.always = {"X-Forwarded-For": f"2001:db8:{number // 65536:x}:{number % 65536:x}::1"}
        jar: dict[str, str] = {}
        try:
            async with self.door:
                solution = await self._work(line)
            await asyncio.sleep(
                max(0.0, self.told["starts_at"] + dice.uniform(0, self.told["spread"]) - time.time())
            )
            await self._timed(
                "page", lambda: line.get(self.path, host=self.ground.shop_host, headers=PAGE), 200
            )
            ticket = await self._line_up(number, line, jar, solution)
            if ticket:
                await asyncio.sleep(dice.uniform(*self.told["think"]))
                await self._buy(number, line, jar, ticket)
        except (WentWrong, ConnectionError, asyncio.IncompleteReadError) as problem:
            self.wrong.append(f"{type(problem).__name__}: {problem}")
        finally:
            line.close()

    async def _comes_back(self, asked: Callable[[], Awaitable[Answer]]) -> Answer:
        """An answer, asked for again when told to come back, as page, script and person do; the wait counts."""
        while True:
            answer = await asked()
            if answer.status != 503:
                return answer
            self.told_to_wait += 1
            await asyncio.sleep(float(answer.headers.get("retry-after", 1)))

    async def _work(self, line: Line) -> str:
        """While the page counts down; not timed, the sale has not begun."""
        task = await line.get(f"{self.path}/task", host=self.ground.shop_host)
        if task.status != 200:
            raise WentWrong(f"task answered {task.status}")
        asked = altcha.Challenge.from_dict(json.loads(task.body))
        solution = altcha.solve_challenge(asked)
        if solution is None:
            raise WentWrong("a challenge without a solution")
        return str(altcha.Payload(asked, solution).to_base64())

    async def _line_up(self, number: int, line: Line, jar: dict[str, str], solution: str) -> str:
        """Enter and ask on; the ticket of whoever got a unit, or nothing."""
        sent = time.time()
        form = {"email": f"crowd{number}@bench.example", "challenge": solution}
        answer = await self._timed(
            "enter",
            lambda: line.post(
                f"{self.path}/enter", form, host=self.ground.shop_host, headers=with_cookies(jar)
            ),
            200,
        )
        jar.update(answer.cookies)
        said = json.loads(answer.body)
        self.positions.append(int(said["ticket"].split(".")[1]))
        noticed = False
        while said["state"] != "granted":
            if said.get("sold_out") and not noticed:
                noticed = True
                self.notices.append((sent, time.time()))
            again = said["again_ms"] / 1000
            if not again or time.time() + again > self.told["until"]:
                return ""
            await asyncio.sleep(again)
            headers = {**with_cookies(jar), "X-Ticket": said["ticket"]}
            said = json.loads((await self._timed("place", self._place(line, headers), 200)).body)
            self.looks += 1
        self.granted.append(int(said["ticket"].split(".")[1]))
        return str(said["ticket"])

    def _place(self, line: Line, headers: dict[str, str]) -> Callable[[], Awaitable[Answer]]:
        return lambda: line.get(f"{self.path}/place", host=self.ground.shop_host, headers=headers)

    async def _buy(self, number: int, line: Line, jar: dict[str, str], ticket: str) -> None:
        host = self.ground.shop_host
        taken = await self._timed(
            "take",
            lambda: line.post(f"{self.path}/take", {"ticket": ticket}, host=host, headers=with_cookies(jar)),
            303,
        )
        jar.update(taken.cookies)
        checkout = taken.headers["location"]
        page = await self._timed(
            "checkout", lambda: line.get(checkout, host=host, headers=with_cookies(jar)), 200
        )
        jar.update(page.cookies)
        form = {
            "quote": found_in(QUOTE, page), "email": f"crowd{number}@bench.example", "method": "alipay",
            "passphrase": "",
        }  # fmt: skip
        placed = await self._timed(
            "order", lambda: line.post(checkout, form, host=host, headers=with_cookies(jar)), 303
        )
        told = read_token([self.ground.secret], urlsplit(placed.headers["location"]).path.rpartition("/")[2])
        if told is None:
            raise WentWrong(f"not sent to pay but to {placed.headers['location']}")
        headers, body = paid_event(told, self.ground.secret)
        await self._timed(
            "event",
            lambda: line.send("/hooks/sandbox", body, host=self.ground.base_host, headers=headers),
            200,
        )
        self.paid.append(time.time())

    async def _timed(self, step: str, asked: Callable[[], Awaitable[Answer]], expected: int) -> Answer:
        began = time.perf_counter()
        answer = await self._comes_back(asked)
        self.steps[step].append(time.perf_counter() - began)
        if answer.status != expected:
            raise WentWrong(f"{step} answered {answer.status}: {answer.body[:300]!r}")
        return answer


if __name__ == "__main__":
    # Buyers have processors of their own: theirs take the time that the house leaves them.
    os.nice(10)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (SOCKETS, max(SOCKETS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    )
    json.dump(asyncio.run(Crowd(json.load(sys.stdin)).run()), sys.stdout)

"""`perkline run`: start the house, keep it running, stop it in order."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from app.foundation.embedded import EmbeddedError, process
from app.launcher import fork, gauges
from app.launcher.bell import Bell
from app.launcher.child import Child
from app.launcher.doors import PortTaken, port, ready, refuse_taken_port
from app.launcher.ground import Ground
from app.launcher.plan import Part, Plan, usual
from app.launcher.records import end_leftovers

PATIENCE_TO_OPEN = 120.0
TOO_MANY_FAILURES = 3

Planner = Callable[[Mapping[str, str]], Plan]


class CannotOpen(Exception):
    """The house does not come up; the message says which part and what it said."""


def run(environ: Mapping[str, str] = os.environ, planner: Planner = usual) -> int:
    """Run the house until somebody asks it to stop; return the exit code."""
    ground = Ground.of(environ)
    try:
        with ground.home.lock("make run"), Bell() as bell:
            end_leftovers(ground.home)
            refuse_taken_port(environ)
            return House(ground, bell).live(planner)
    except (EmbeddedError, PortTaken, CannotOpen) as problem:
        print(f"perkline: {problem}", file=sys.stderr)
        return 1


class House:
    """The servers and the parts of one running Perkline."""

    def __init__(self, ground: Ground, bell: Bell) -> None:
        self.ground = ground
        self.bell = bell
        self.servers = ground.servers
        self.children: list[Child] = []
        self.settings: Mapping[str, str] = {}

    def live(self, planner: Planner) -> int:
        """Open, keep watch, and close whatever happens."""
        try:
            counters = gauges.fresh_folder(self.ground.home.path)
            plan = planner(self.ground.settings(make_secrets=True) | counters | {"PYTHONUNBUFFERED": "1"})
            self.settings = plan.settings
            fork.preload(plan.preload, counters)
            self.servers.stop()  # an orphan would not end with us
            self.servers.start()
            self._open(plan)
            while not self.bell.stopping:
                self._look_after()
                self.bell.wait(1.0)
        finally:
            self._close()
        return 0

    def _open(self, plan: Plan) -> None:
        for step in plan.steps:
            if self.bell.stopping:
                return
            say(f"{step.name} …")
            self._do(step)
        for part in plan.parts:
            if self.bell.stopping:
                return
            child = Child(part, self.settings, self.ground.home)
            self.children.append(child)
            child.start()
        self._wait_until_ready()
        if plan.sheet and not self.bell.stopping:
            self._show(plan.sheet)

    def _do(self, step: Part) -> Path:
        """Run one step to its end, or give it up when asked to stop; return its log."""
        worker = Child(step, self.settings, self.ground.home)
        worker.start()
        while worker.returncode() is None and not self.bell.stopping:
            self.bell.wait(0.5)
        code = worker.returncode()
        worker.stop(hurry=self._in_a_hurry)
        if code:
            raise CannotOpen(
                f"{step.name} failed: {process.last_lines(worker.log)} (all of it in {worker.log})"
            )
        return worker.log

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_TO_OPEN
        while not self.bell.stopping and not ready(self.settings):
            self._look_after()
            broken = next((child for child in self.children if child.failures >= TOO_MANY_FAILURES), None)
            if broken or time.monotonic() > deadline:
                raise CannotOpen(_complaint(broken or self.children[-1]))
            self.bell.wait(0.1)

    def _show(self, sheet: Part) -> None:
        """Print what a part has to say, and where the house stands."""
        log = self.ground.home.logs / f"{sheet.name}.log"
        log.unlink(missing_ok=True)
        said = self._do(sheet).read_text().rstrip()
        log.unlink()  # it may name the passwords of the demo
        say(said or f"Perkline runs at http://localhost:{port(self.settings)}")
        say(f"\nLogs: {self.ground.home.logs}    Ctrl-C stops everything.")

    def _look_after(self) -> None:
        for server in self.servers.wanted:
            if server.child is None or server.child.poll() is not None:
                say(f"{type(server).__name__} ended and starts again; see {server.log}.")
                server.start()
        for child in self.children:
            happened = child.look_after()
            if happened:
                say(happened)

    def _close(self) -> None:
        """Stop the doors first and the ground last; asked a second time, wait for nobody."""
        if self.bell.stopping:
            say("Stopping …")
        for child in reversed(self.children):
            child.stop(hurry=self._in_a_hurry)
        self.servers.stop()

    def _in_a_hurry(self) -> bool:
        return self.bell.requests > 1


def say(sentence: str) -> None:
    """Tell whoever started the house, who may have closed the terminal since."""
    try:
        print(sentence, flush=True)
    except OSError:
        return


def _complaint(child: Child) -> str:
    return f"{child.part.name} does not come up: {process.last_lines(child.log)} (all of it in {child.log})"

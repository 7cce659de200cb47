"""Stand-ins for the parts of a house; each writes to `$PERKLINE_HOME/diary` what happens to it.

Run as scripts that import nothing of ours, so that a small house opens at once.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import FrameType


def note(event: str) -> None:
    with (Path(os.environ["PERKLINE_HOME"]) / "diary").open("a") as diary:
        diary.write(f"{event} {os.getpid()}\n")


def sheet() -> None:
    print("Open http://shop.localhost")  # noqa: T201 - what a person would read


def broken() -> None:
    sys.exit("this part never works")


def web() -> None:
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready)
    _live("web", server.handle_request, server)


def worker() -> None:
    """Work with a process of its own, as RQ's pool does."""
    subprocess.Popen([sys.executable, __file__, "grandchild"])
    _live("worker", lambda: time.sleep(0.05))


def grandchild() -> None:
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("grandchild up")
    time.sleep(600)


def _live(name: str, turn: Callable[[], None], server: HTTPServer | None = None) -> None:
    stopping = []

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.append(True)

    signal.signal(signal.SIGTERM, stop)
    if server:
        server.timeout = 0.05
    note(f"{name} up")
    while not stopping:
        turn()
    note(f"{name} down")


PLAYERS = {
    "migrate": lambda: note("migrated"),
    "sheet": sheet,
    "web": web,
    "worker": worker,
    "grandchild": grandchild,
    "broken": broken,
}

if __name__ == "__main__":
    PLAYERS[sys.argv[1]]()

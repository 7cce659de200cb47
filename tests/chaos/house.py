"""The real processes of a house on the test's own servers, to be killed and started again."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.config import ROOT, Settings
from app.foundation.embedded import process
from app.launcher.doors import free_port
from app.launcher.plan import web

SECRETS = ("secret_key", "fingerprint_key", "master_keys", "sandbox_secret", "supplier_secret")


class House:
    """Web, worker and relay, each in a process group of its own."""

    def __init__(self, settings: Settings, logs: Path) -> None:
        self.port = free_port(near=30_000 + os.getpid() % 20_000)
        self._logs = logs
        told = {name.upper(): getattr(settings, name) for name in SECRETS}
        self._environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | told | {
            "DATABASE_URL": settings.database_url, "DATABASE_APP_URL": settings.database_app_url,
            "REDIS_URL": settings.redis_url, "PERKLINE_HOME": str(settings.home), "PORT": str(self.port),
            "LOG_LEVEL": "WARNING", "WEB_WORKERS": "1", "WEB_THREADS": "4",
        }  # fmt: skip
        worker = (sys.executable, "worker.py")
        self.commands = {"web": web(self._environ), "worker": (*worker, "work"), "relay": (*worker, "relay")}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
                env=self._environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Ends with the test run, however that ends.
                preexec_fn=process.tied_to_parent(signal.SIGKILL),  # noqa: PLW1509 - two system calls, one thread
            )

    def kill(self, name: str) -> None:
        """As by a power cut: -9, its children too."""
        struck = self._running.pop(name, None)
        if struck is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(struck.pid, signal.SIGKILL)
        struck.wait(10)

    def mend(self) -> None:
        """Start whatever does not run, as a supervisor would."""
        for name in self.commands:
            found = self._running.get(name)
            if found is None or found.poll() is not None:
                self.kill(name)
                self.start(name)

    def post(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        """Send to the web as a gateway would; None where nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("POST", path, body, {**headers, "Host": f"127.0.0.1:{self.port}"})
            return line.getresponse().status
        except OSError:
            return None
        except http.client.HTTPException:
            return None
        finally:
            line.close()

    def wait_until_open(self, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while self.post("/hooks/sandbox", {}, b"") != 400:
            if time.monotonic() > until:
                raise TimeoutError((self._logs / "web.log").read_text("utf-8")[-2000:])
            time.sleep(0.2)


@contextmanager
def running(settings: Settings, logs: Path) -> Iterator[House]:
    """A house with all its processes; none of them is left afterwards."""
    house = House(settings, logs)
    try:
        house.mend()
        house.wait_until_open()
        yield house
    finally:
        for name in house.commands:
            house.kill(name)

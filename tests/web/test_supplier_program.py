"""The reference supplier as its own process."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from app.domain.fulfilment.gateway import Hearing, TopupRequest
from app.domain.fulfilment.http_supplier import Account, HttpSupplier
from app.foundation import clock

KEY, SECRET = "test-key", "test-secret-of-both-sides"


def test_the_program_starts_remembers_and_stops_on_a_signal(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    environment = os.environ | {
        "PERKLINE_HOME": str(tmp_path), "SUPPLIER_URL": url, "SUPPLIER_KEY": KEY, "SUPPLIER_SECRET": SECRET,
    }  # fmt: skip
    supplier = HttpSupplier(Account("alpha", f"{url}/alpha", KEY, SECRET))
    for start in range(2):
        program = subprocess.Popen(
            [sys.executable, "-m", "app.sandbox.supplier"], env=environment, stdout=subprocess.PIPE
        )
        assert program.stdout is not None
        assert b"/alpha" in program.stdout.readline()
        if start == 0:
            supplier.place(TopupRequest("d1-1", "mobile-cn", 5000, "CNY", clock.now() + timedelta(minutes=1)))
        until = time.monotonic() + 5
        while supplier.ask("d1-1").hearing is not Hearing.SUCCEEDED and time.monotonic() < until:
            time.sleep(0.02)
        assert supplier.ask("d1-1").hearing is Hearing.SUCCEEDED
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0
        program.stdout.close()


def test_without_a_secret_the_program_says_so_in_one_sentence(tmp_path: Path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUPPLIER_")}
    program = subprocess.run(
        [sys.executable, "-m", "app.sandbox.supplier"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert program.returncode == 1
    assert program.stderr.count("\n") == 1
    assert "SUPPLIER_SECRET" in program.stderr

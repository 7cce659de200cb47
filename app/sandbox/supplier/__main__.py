"""`python -m app.sandbox.supplier`: run until SIGTERM or Ctrl-C."""

import os
import signal
import sys
from threading import Event
from types import FrameType

from app.sandbox.supplier.server import SupplierServer
from app.sandbox.supplier.settings import SupplierSettings


def main() -> int:
    """Serve both instances; 0 after a graceful stop, 1 with a sentence when it cannot start."""
    stop = Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    try:
        server = SupplierServer(SupplierSettings.from_environment(os.environ))
    except (ValueError, OSError, SystemExit) as error:
        sys.stderr.write(f"The reference supplier cannot start: {error}\n")
        return 1
    server.start()
    sys.stdout.write(f"Reference supplier: {server.url}/alpha and {server.url}/beta\n")
    sys.stdout.flush()
    stop.wait()
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

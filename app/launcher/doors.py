"""Is the port free, and does the house answer?"""

import http.client
import socket
from collections.abc import Mapping
from contextlib import suppress


class PortTaken(Exception):
    """The port cannot be used; the message says what to do."""


def port(settings: Mapping[str, str]) -> int:
    """Return the port of the web server."""
    text = settings.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise PortTaken(f"PORT={text} is not a port: choose a number from 1 to 65535, for example PORT=8080.")
    return int(text)


def refuse_taken_port(settings: Mapping[str, str]) -> None:
    """Raise PortTaken unless the web server will be able to listen."""
    number = port(settings)
    try:
        # Granian shares a port with another Granian, so an error would come too late, or never.
        _try_to_listen(settings.get("LISTEN", "127.0.0.1"), number)
    except PermissionError:
        raise PortTaken(
            f"Port {number} is for root only: choose another, for example PORT=8080 make run."
        ) from None
    except OSError:
        raise PortTaken(
            f"Port {number} is in use: stop the program that uses it, or choose another: PORT=8080 make run."
        ) from None


def free_port(*, near: int) -> int:
    """Return a port of this machine that nobody uses at this moment, the first one after a number if there is one."""
    for number in (*range(near + 1, near + 20), 0):
        with suppress(OSError, OverflowError):
            return _try_to_listen("127.0.0.1", number)
    raise PortTaken("This machine has no free port left: end some programs and try again.")


def ready(settings: Mapping[str, str]) -> bool:
    """Tell whether the house answers that it is ready."""
    line = http.client.HTTPConnection("127.0.0.1", port(settings), timeout=5)
    try:
        line.request("GET", "/readyz", headers={"Host": settings.get("BASE_HOST", "localhost")})
        return line.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _try_to_listen(host: str, number: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((host, number))
        return int(trial.getsockname()[1])

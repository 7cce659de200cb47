"""Waiting without being deaf: a signal ends the wait at once."""

import select
import signal
import socket
from contextlib import suppress
from types import FrameType
from typing import Self

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Bell:
    """Counts the requests to stop, and rings for them and for a child that ended."""

    def __init__(self) -> None:
        self.requests = 0

    def __enter__(self) -> Self:
        self._heard, self._rung = socket.socketpair()
        for end in (self._heard, self._rung):
            end.setblocking(False)
        heard = {*STOPPING, signal.SIGCHLD}
        if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:  # `nohup`: the terminal may go
            heard.remove(signal.SIGHUP)
        self._before = {name: signal.signal(name, self._count) for name in heard}
        self._wakeup_before = signal.set_wakeup_fd(self._rung.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for name, handler in self._before.items():
            signal.signal(name, handler)
        self._heard.close()
        self._rung.close()

    @property
    def stopping(self) -> bool:
        return self.requests > 0

    def wait(self, seconds: float) -> None:
        """Wait so long, or until a signal."""
        select.select([self._heard], [], [], seconds)
        with suppress(BlockingIOError):
            self._heard.recv(4096)

    def _count(self, number: int, _: FrameType | None) -> None:
        if number in STOPPING:
            self.requests += 1

"""A house that listens for suppliers' callbacks."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from app.domain.fulfilment.gateway import Outcome
from app.domain.fulfilment.wire import Callback, read_callback


class Ear:
    """A house that listens for callbacks and verifies each."""

    def __init__(self, secret: str) -> None:
        self.heard: list[Callback] = []
        self.answers = 200
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                told = read_callback(
                    dict(self.headers), body, path=self.path, query="", secrets=[secret], now=time.time()
                )
                ear.heard.append(told)
                self.send_response(ear.answers)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://shop.localhost:{self._server.server_port}/hooks/suppliers/alpha"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_for(self, reference: str, count: int = 1) -> list[Outcome]:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            found = [told.outcome for told in list(self.heard) if told.reference == reference]
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"heard {self.heard} for {reference}")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

"""The supplier as a running thing: store, desk, messenger and doors, started and stopped together."""

from threading import Event, Thread

from werkzeug.serving import WSGIRequestHandler, make_server

from app.sandbox.supplier.desk import Desk
from app.sandbox.supplier.messenger import Messenger
from app.sandbox.supplier.settings import SupplierSettings
from app.sandbox.supplier.store import Store
from app.sandbox.supplier.web import House, create_supplier


class QuietHandler(WSGIRequestHandler):
    """Writes no line per request: accounts to top up are in the bodies and paths of some."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


class SupplierServer:
    """Serves from start() to stop(); port 0 takes any free one."""

    def __init__(self, settings: SupplierSettings) -> None:
        self._stopping = Event()
        self._store = Store(
            settings.home / "supplier.sqlite3", opening_balance_minor=settings.opening_balance_minor
        )
        desk = Desk(self._store, settings)
        self._messenger = Messenger(self._store, desk, settings)
        app = create_supplier(House(self._store, desk, settings, self._stopping))
        self._server = make_server(
            settings.host, settings.port, app, threaded=True, request_handler=QuietHandler
        )
        self._thread = Thread(target=self._server.serve_forever, name="supplier", daemon=True)
        self.url = f"http://{settings.host}:{self._server.server_port}"

    def start(self) -> None:
        self._messenger.start()
        self._thread.start()

    def stop(self) -> None:
        """Let go of held lines, answer what is being answered, deliver what is being carried."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()
        self._messenger.stop()
        self._store.close()

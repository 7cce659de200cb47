"""JSON lines that say which request, shop and order, and never a secret."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from tenants.context import current_scope_or_none

request_id: ContextVar[str | None] = ContextVar("perkline_request_id", default=None)
order_number: ContextVar[str | None] = ContextVar("perkline_order", default=None)

# What a record always has; anything else was passed as `extra` and is told.
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
HIDDEN = ("secret", "password", "passphrase", "token", "code", "authorization", "cookie")


class JsonLines(logging.Formatter):
    """One JSON object a line; fields with a secret's name are hidden whatever they hold."""

    def format(self, record: logging.LogRecord) -> str:
        scope = current_scope_or_none()
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request": request_id.get(),
            "shop": scope.shop_id if scope else None,
            "order": order_number.get(),
        }
        for name, value in vars(record).items():
            if name not in PLAIN:
                line[name] = "[hidden]" if any(word in name.lower() for word in HIDDEN) else value
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _frames(record)
        return json.dumps({key: value for key, value in line.items() if value is not None}, default=str)


def _frames(record: logging.LogRecord) -> list[str]:
    """File, line and function of each frame; no values and no message, which might quote a secret."""
    frames, trace = [], record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 3)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-12:]


def set_up(level: str) -> None:
    """Send every logger's lines to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel("WARNING")
    logging.getLogger("rq").setLevel("WARNING")
    logging.getLogger("werkzeug").setLevel("WARNING")

"""One run of paying out as a program of its own, which kills itself -9 at a given line or transfer.

`python tests/chaos/payout_hand.py LINES TRANSFERS KEEPS_KEY`: after so many lines of the payout code, or right after
the so-manieth transfer has left the house; 0 is never. With KEEPS_KEY 0 it is the twin: every try has a key of its own.
"""

import os
import signal
import sys
import threading
from dataclasses import replace
from types import FrameType
from typing import Any

from sqlalchemy import text

from app import create_app
from app.domain.payouts import carriers
from app.domain.payouts.gateway import Answer, Transfer
from app.domain.payouts.sandbox_carrier import SandboxCarrier
from app.flows import pay_out
from app.flows.sandbox_transfers import Transfers
from app.foundation import ids
from app.foundation.unit_of_work import unit_of_work
from app.jobs.run import run_batch
from tenants.context import platform_scope

WATCHED = ("app/flows/pay_out.py", "app/domain/payouts/", "app/flows/sandbox_transfers.py", "app/domain/ledger/", "app/jobs/run.py",
           "app/foundation/unit_of_work.py")  # fmt: skip
DUE = text("SELECT id FROM outbox WHERE kind = 'send_payouts' ORDER BY id LIMIT 1")


def strike() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Watcher:
    """Counts lines of the payout code, and strikes at the last."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def __call__(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        return self.line if any(part in frame.f_code.co_filename for part in WATCHED) else None

    def line(self, _frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self.left -= 1
            if self.left == 0:
                strike()
        return self.line


class Struck(SandboxCarrier):
    """Hands over; after the so-manieth time the lights go out before anybody could write it down."""

    def __init__(self, transfers: int, *, keeps_key: bool) -> None:
        super().__init__(Transfers())
        self.left, self.keeps_key = transfers, keeps_key

    def transfer(self, transfer: Transfer) -> Answer:
        given = transfer if self.keeps_key else replace(transfer, key=f"{transfer.key}:{ids.token()}")
        answer = super().transfer(given)
        self.left -= 1
        if self.left == 0:
            strike()
        return answer

    def find(self, transfer: Transfer) -> Answer | None:
        return super().find(transfer) if self.keeps_key else None


def run(lines: int, transfers: int, keeps_key: int) -> None:
    app = create_app()
    with app.app_context():
        carriers.register("sandbox", Struck(transfers, keeps_key=bool(keeps_key)))
        if lines:
            watcher = Watcher(lines)
            sys.settrace(watcher)
            threading.settrace(watcher)
        pay_out.plan_payouts()
        while (row := _due()) is not None:
            run_batch([row])
    sys.stdout.write("done\n")


def _due() -> int | None:
    with platform_scope(), unit_of_work() as work:
        found: int | None = work.session.execute(DUE).scalar()
        return found


if __name__ == "__main__":
    run(*map(int, sys.argv[1:4]))

"""Which story each kind of job tells, on which queue, and how long it may hold its row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.flows.ask_gateway import ask_gateway, close_checkout
from app.flows.confirm_payment import confirm_payment
from app.flows.deliver import deliver_order
from app.flows.dispute import hear_dispute
from app.flows.floors import follow_level
from app.flows.grouping import let_go
from app.flows.import_stock import LEASE_SECONDS, import_stock
from app.flows.pay_out import send_payouts
from app.flows.payers import learn_payer
from app.flows.payout_accounts import verify_account
from app.flows.refund import hear_refund, send_refund
from app.flows.reorder_codes import reorder_codes
from app.flows.sandbox_pay import send_sandbox_event
from app.flows.send_mail import send_mail
from app.flows.settle import settle_many, settle_order
from app.flows.take_back import take_back_refund
from app.flows.top_up import ask_topup, place_topup

URGENT, NORMAL, MAIL, BULK = "urgent", "normal", "mail", "bulk"
QUEUES = (URGENT, NORMAL, MAIL, BULK)


@dataclass(frozen=True, slots=True)
class Handler:
    """A job's story. After `lease_seconds` a row that is not done is put on again; after `tries` a person looks."""

    run: Callable[..., object]
    queue: str
    lease_seconds: int = 30
    tries: int = 12
    batch: int = 20
    """How many rows one job may carry: few where each waits for somebody else's server."""
    run_many: Callable[[Sequence[tuple[int | None, Mapping[str, Any]]]], object] | None = None
    """The same story for (shop, payload) of many rows in one transaction, tried first."""


HANDLERS: dict[str, Handler] = {
    "confirm_payment": Handler(confirm_payment, URGENT),
    "deliver_order": Handler(deliver_order, URGENT),
    "place_topup": Handler(place_topup, NORMAL, lease_seconds=60, batch=1),
    "ask_topup": Handler(ask_topup, NORMAL, lease_seconds=60, batch=1),
    "ask_gateway": Handler(ask_gateway, NORMAL, lease_seconds=60, batch=1),
    "close_checkout": Handler(close_checkout, NORMAL, lease_seconds=60, batch=1),
    "send_refund": Handler(send_refund, NORMAL, lease_seconds=60, batch=1),
    "hear_refund": Handler(hear_refund, NORMAL),
    "hear_dispute": Handler(hear_dispute, NORMAL),
    "learn_payer": Handler(learn_payer, NORMAL, lease_seconds=60, batch=1),
    "let_go": Handler(let_go, NORMAL),
    "settle_order": Handler(settle_order, NORMAL, lease_seconds=60, batch=200, run_many=settle_many),
    "take_back_refund": Handler(take_back_refund, NORMAL, lease_seconds=60),
    "send_payouts": Handler(send_payouts, NORMAL, lease_seconds=120, batch=1),
    "verify_account": Handler(verify_account, NORMAL, lease_seconds=60, batch=1),
    "follow_level": Handler(follow_level, NORMAL, lease_seconds=60),
    "reorder_codes": Handler(reorder_codes, BULK, lease_seconds=300),
    "import_stock": Handler(import_stock, BULK, lease_seconds=LEASE_SECONDS, batch=1),
    "send_sandbox_event": Handler(send_sandbox_event, NORMAL, lease_seconds=30, batch=5),
    "send_mail": Handler(send_mail, MAIL, lease_seconds=120, batch=5),
}

"""Somebody pays on the sandbox's page: noted in the sandbox's book, and told to us as a real gateway would."""

import secrets as random
import time
from dataclasses import dataclass, field
from datetime import datetime

from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from app.domain.payments.gateway import EventKind
from app.domain.payments.sandbox_events import Knobs, new_event, plan_deliveries, plan_dispute
from app.domain.payments.sandbox_token import SandboxCheckout
from app.domain.payments.webhook_signing import ID, sign
from app.flows.sandbox_book import Book
from app.foundation import clock
from app.foundation.errors import Kind, ProductError
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

POSTMAN = PoolManager(timeout=10, retries=False, maxsize=4)
OTHER_CURRENCY = "JPY"


class NewsNotTaken(ProductError):
    """Our own hook did not answer 2xx; a gateway tries again later."""

    code, kind = "news_not_taken", Kind.UPSTREAM


@dataclass(frozen=True, slots=True)
class Troubles:
    """What the payer turned on the pay page, beyond the gateway's own knobs."""

    knobs: Knobs = field(default_factory=Knobs)
    silent: bool = False
    """The money is taken and nobody says so."""
    other_currency: bool = False
    nothing: bool = False
    """The news names an amount of zero."""
    forged: bool = False
    refund: str = "succeed"
    """What becomes of a refund later: `succeed`, `fail` or `pending`."""
    dispute: str = ""
    """What the payer's bank does afterwards: nothing, or one of sandbox_events.DISPUTES."""
    payer: str = ""
    """The sandbox's sign for the account that pays; empty where it does not tell."""


def pay(checkout: SandboxCheckout, troubles: Troubles) -> bool:
    """Take the payer's money, or refuse it (False), and send the news; what is paid stays paid and is told once."""
    if Book().is_paid(checkout.external_id):
        return True
    failed = troubles.knobs.failure
    Book().remember(
        checkout.external_id, reference=checkout.reference, amount_minor=checkout.amount_minor,
        currency=checkout.currency, state="failed" if failed else "paid",
        knobs={"refund": troubles.refund, "payer": troubles.payer},
    )  # fmt: skip
    if not troubles.silent:
        _send_news(checkout, troubles, clock.now())
    return not failed


def _send_news(checkout: SandboxCheckout, troubles: Troubles, at: datetime) -> None:
    event = new_event(
        EventKind.PAID, external_id=checkout.external_id, reference=checkout.reference,
        amount_minor=0 if troubles.nothing else checkout.amount_minor,
        currency=OTHER_CURRENCY if troubles.other_currency else checkout.currency, occurred_at=at,
        payer=troubles.payer,
    )  # fmt: skip
    secret = _secret()
    planned = plan_deliveries(troubles.knobs, event, secret=secret, seconds=time.time())
    if not troubles.knobs.failure:
        planned += plan_dispute(
            troubles.dispute,
            event,
            secret=secret,
            seconds=time.time(),
            after_seconds=troubles.knobs.delay_seconds,
        )
    with platform_scope(), unit_of_work() as work:
        for at_place, delivery in enumerate(planned):
            work.enqueue(
                "send_sandbox_event", key=f"sandbox:{event.event_id}:{at_place}", delay_seconds=delivery.delay_seconds,
                event_id=delivery.headers[ID], body=delivery.body.decode(), forged=troubles.forged,
            )  # fmt: skip


def send_sandbox_event(event_id: str, body: str, *, forged: bool = False) -> None:
    """POST one event to our own hook over HTTP, signed at this moment; NewsNotTaken where it is not taken."""
    secret = random.token_hex(16) if forged else _secret()
    sent = body.encode()
    headers = sign(secret, event_id=event_id, body=sent, timestamp=int(time.time()))
    try:
        answer = POSTMAN.request("POST", f"{settings().hook_url}/sandbox", body=sent, headers=headers)
    except HTTPError as error:
        raise NewsNotTaken(reason=type(error).__name__) from error
    if answer.status >= 300 and not forged:
        raise NewsNotTaken(status=answer.status)


def _secret() -> str:
    return settings().sandbox_secret.split(",")[0]

"""What the house asks of a payment gateway, and what it may hear back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """One line of the order as the buyer sees it; the amount is for all its units."""

    name: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """One attempt to pay one order.

    `reference` is ours and the idempotency key: the same request gives the same
    checkout. `method` is what the buyer chose first (card, alipay, wechat_pay); the
    page may offer the others. The lines, where given, sum to `amount_minor`.
    """

    reference: str
    order_number: str
    amount_minor: int
    currency: str
    method: str
    description: str
    return_url: str
    cancel_url: str
    expires_at: datetime
    email: str | None = field(repr=False)
    locale: str
    shop_name: str
    shop_theme: Mapping[str, Any]
    lines: tuple[CheckoutLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the buyer pays, and the gateway's name for it."""

    url: str
    external_id: str


class RefundState(StrEnum):
    """PENDING is followed by an event."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """What became of a refund; `reason` when it failed for good."""

    state: RefundState
    external_id: str | None
    reason: str | None = None


class PaymentState(StrEnum):
    """What the gateway says about a checkout when asked."""

    OPEN = "open"
    PROCESSING = "processing"  # the buyer is done, the money is on its way
    PAID = "paid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class FoundPayment:
    """A checkout as the gateway knows it now.

    `payer`: its own sign for the account that paid, where it has one: no number, no e-mail.
    """

    state: PaymentState
    external_id: str
    reference: str | None
    amount_minor: int
    currency: str
    payer: str = field(default="", repr=False)


class EventKind(StrEnum):
    """What an event means to us. OTHER is stored and changes nothing."""

    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTE = "dispute"  # opened: a buyer's bank asks
    DISPUTE_TAKEN = "dispute_taken"  # its money was withdrawn
    DISPUTE_RETURNED = "dispute_returned"  # and came back
    DISPUTE_CLOSED = "dispute_closed"  # by the `status` in raw: won, lost, warning_closed
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """One verified message of a gateway, in our words.

    `external_id` names the checkout and `reference` is the payment's, also in news
    of refunds and disputes. `raw` is what is worth keeping (JSON): no card, no
    e-mail, no link that opens anything (`payer`: the gateway's own sign for the paying account,
    where it has one); news of a refund hold `refund_reference`
    and `refund_id`, those of a dispute `dispute_id`, `status`, `reason`, `fee_minor`
    (all the gateway took for the dispute so far, if it says) and `answer_by`.
    """

    event_id: str
    kind: EventKind
    account: str
    occurred_at: datetime
    external_id: str | None = None
    reference: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One movement as the gateway reports it afterwards, in minor units, positive towards us.

    `line_id` is the gateway's own and never used twice. `reference` is the payment's, `external_id` the
    checkout's or the refund's. `fee_minor` is what the gateway kept for itself.
    """

    line_id: str
    kind: str
    """payment, refund, chargeback, fee or payout"""
    amount_minor: int
    currency: str
    occurred_at: datetime
    fee_minor: int = 0
    external_id: str | None = None
    reference: str | None = None


class PaymentGateway(Protocol):
    """A place where buyers pay.

    Every call may raise GatewayUnavailable (nobody knows: call again with the same
    reference) or GatewayRefused (a certain no).
    """

    @property
    def name(self) -> str: ...

    @property
    def account(self) -> str:
        """Whose money box it is; every event must name the same."""

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """Open the page where the buyer pays; calling again returns the same one."""

    def close_checkout(self, external_id: str) -> PaymentState:
        """Stop taking money for an order that is over; say what the checkout is now.

        PAID or PROCESSING: the buyer was faster, and the event will tell.
        """

    def refund(
        self, *, reference: str, payment_external_id: str, amount_minor: int, currency: str, reason: str
    ) -> RefundOutcome:
        """Give money back, once per reference (the refund's own).

        A certain no is an outcome: FAILED, with its reason.
        """

    def find_payment(self, *, reference: str, external_id: str | None) -> FoundPayment | None:
        """Ask what became of a checkout, or None when the gateway knows none."""

    def report(self, since: datetime, until: datetime) -> Iterable[ReportLine]:
        """Every movement of that time, the first moment included and the last not; the same when asked again."""

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[PaymentEvent, ...]:
        """Verify a message and read what it tells, or raise ForgedEvent. Changes nothing."""

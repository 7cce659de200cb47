"""What the house asks of a supplier of top-ups, and what it may hear back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class Hearing(StrEnum):
    """What one exchange with a supplier told us about an order."""

    ACCEPTED = "accepted"  # it has the order and works on it
    SUCCEEDED = "succeeded"  # the buyer is credited
    FAILED = "failed"  # certain: not credited and never will be
    UNKNOWN = "unknown"  # sent, but what became of it cannot be said
    NOT_SENT = "not_sent"  # certain: this call never reached the supplier
    NOT_FOUND = "not_found"  # it knows no order of this reference, yet
    CONFLICT = "conflict"  # another order of ours carries this reference


@dataclass(frozen=True, slots=True)
class Voucher:
    """A secret the supplier hands over instead of crediting an account."""

    number: str = field(repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One hearing.

    `at` is the supplier's own time of the state, and orders news that overtake
    each other. `voucher_waiting` says that a secret is ready but was not in this
    message: ask for it.
    """

    hearing: Hearing
    at: datetime | None = None
    number: str | None = None
    reason: str | None = None
    voucher: Voucher | None = None
    voucher_waiting: bool = False


@dataclass(frozen=True, slots=True)
class TopupRequest:
    """One unit to credit. `reference` is ours, once per attempt, and is the idempotency key.

    Not sent at or after `send_before`: a process that slept through its turn must
    not wake up and place an order that was meanwhile given to another supplier.
    """

    reference: str
    product: str
    face_value_minor: int
    currency: str
    send_before: datetime
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left of our deposit with the supplier."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Price:
    """What one face value of a product costs us."""

    product: str
    face_value_minor: int
    cost_minor: int
    currency: str


class Supplier(Protocol):
    """A service that credits accounts or hands over vouchers.

    `place` and `ask` never raise for what happens on the way: that is an Outcome.
    The other questions raise SupplierUnavailable.
    """

    @property
    def name(self) -> str: ...

    def place(self, request: TopupRequest) -> Outcome:
        """Order one unit. Call once per reference; afterwards only ask."""

    def ask(self, reference: str) -> Outcome:
        """Say what became of an order; changes nothing."""

    def balance(self) -> Balance: ...

    def prices(self) -> tuple[Price, ...]: ...

    def bill(self, day: date) -> str:
        """The day's orders as the supplier's CSV file (see bill.py)."""

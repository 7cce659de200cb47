"""What the house asks of whoever carries money to a firm, and what it may hear back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """What became of a transfer. PENDING is asked about again; RETURNED came back after it had arrived."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payout as it is handed over. `key` is ours: the same key never moves money twice."""

    key: str
    amount_minor: int
    currency: str
    destination: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier knows of a transfer; `reason` where it failed or came back."""

    state: State
    external_id: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a destination may be paid: `verified`, `refused`, or `unverified` while its owner has not finished."""

    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """One verified message, in our words: of a transfer (`key` or `external_id`) or of an account.

    `checked` says what an account is now; `stuck` that money arrived there and could not go on to its bank.
    """

    key: str | None = None
    external_id: str | None = None
    answer: Answer | None = None
    destination: str | None = field(default=None, repr=False)
    checked: Checked | None = None
    stuck: str = ""


class Carrier(Protocol):
    """Moves money to a firm's account. Every call may raise CarrierUnavailable: nobody knows, ask again."""

    @property
    def name(self) -> str: ...

    def transfer(self, transfer: Transfer) -> Answer:
        """Move the money once per key; asked again, the answer of the first time. A certain no is FAILED."""

    def find(self, transfer: Transfer) -> Answer | None:
        """What became of a transfer, or None where the carrier knows none of that key."""

    def check(self, destination: str, *, currency: str) -> Checked:
        """Whether the destination may be paid in a currency."""

    def hear(self, headers: Mapping[str, str], body: bytes) -> News | None:
        """Verify a message and read it; None where it means nothing to us. Raises ForgedEvent."""

"""A carrier of our own for running without keys: it moves no money and says so in a table of its own."""

import hashlib
from collections.abc import Mapping
from typing import Protocol

from app.domain.payments.errors import ForgedEvent
from app.domain.payouts.errors import CarrierDisagrees
from app.domain.payouts.gateway import Answer, Checked, News, State, Transfer

# What a destination's name makes of a transfer, at first and when asked again.
KNOBS = {
    "fail": (State.FAILED, State.FAILED),
    "return": (State.PAID, State.RETURNED),
    "slow": (State.PENDING, State.PAID),
}
REASONS = {State.FAILED: "account_closed", State.RETURNED: "account_closed"}


class TransferBook(Protocol):
    """What the sandbox remembers of transfers, where somebody keeps it."""

    def remember(self, transfer: Transfer, *, external_id: str, state: str) -> tuple[str, bool]:
        """Keep a transfer once per key; its state, and whether it is the same that was kept."""

    def look(self, key: str, *, becomes: str | None) -> tuple[str, str] | None:
        """(state, external id) of a key, which becomes another state by being looked at; None for an unknown one."""


class SandboxCarrier:
    """A Carrier that remembers.

    A destination called `…fail…`, `…return…` or `…slow…` does that, `…refuse…` may not be paid, and
    `…unfinished…` has an owner who has not finished.
    """

    def __init__(self, book: TransferBook) -> None:
        self._book = book

    @property
    def name(self) -> str:
        return "sandbox"

    def transfer(self, transfer: Transfer) -> Answer:
        external_id = "sbt_" + hashlib.sha256(transfer.key.encode()).hexdigest()[:24]
        first, _ = _knob(transfer.destination)
        state, same = self._book.remember(transfer, external_id=external_id, state=first)
        if not same:
            raise CarrierDisagrees(key=transfer.key)
        return Answer(State(state), external_id, REASONS.get(State(state), ""))

    def find(self, transfer: Transfer) -> Answer | None:
        _, later = _knob(transfer.destination)
        found = self._book.look(transfer.key, becomes=later)
        return None if found is None else Answer(State(found[0]), found[1], REASONS.get(State(found[0]), ""))

    def check(self, destination: str, *, currency: str) -> Checked:  # noqa: ARG002 - it takes every currency
        if "refuse" in destination:
            return Checked("refused", "account_closed")
        return Checked("unverified" if "unfinished" in destination else "verified")

    def hear(self, headers: Mapping[str, str], body: bytes) -> News | None:  # noqa: ARG002 - it says nothing by itself
        raise ForgedEvent(gateway=self.name, reason="unreadable")


def _knob(destination: str) -> tuple[State, State | None]:
    return next((states for name, states in KNOBS.items() if name in destination), (State.PAID, None))

"""What a reward is worth, and who is their own friend. Values in, values out; minor units, basis points."""

from collections.abc import Collection
from dataclasses import dataclass

WHOLE = 10_000
OWN = ("own_email", "own_account", "own_device", "own_payer")
"""Why a reward is refused where buyer and promoter are one."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a step brings: an amount, or a rate of what the friend paid."""

    kind: str
    minor: int = 0
    rate_bps: int = 0

    def of(self, stayed_minor: int) -> int:
        return self.minor or stayed_minor * self.rate_bps // WHOLE


@dataclass(frozen=True, slots=True)
class Worth:
    """What a reward may be. `because`: earned, where its funder keeps less of the order than was promised."""

    minor: int
    because: str = ""


def worth(promise: Promise, *, stayed_minor: int, kept_minor: int) -> Worth:
    """What a promise comes to for an order of which `stayed_minor` was not refunded.

    `kept_minor`: what its funder keeps of the order and has not given away yet: nobody gives more than that.
    A discount is whole or not at all; cash is capped.
    """
    wanted = promise.of(stayed_minor) if stayed_minor > 0 else 0
    if wanted <= kept_minor:
        return Worth(wanted)
    return Worth(0 if promise.kind == "discount" else max(kept_minor, 0), "earned")


@dataclass(frozen=True, slots=True)
class Someone:
    """By what a person is known in one shop."""

    mailboxes: Collection[str] = ()
    buyers: Collection[int] = ()
    devices: Collection[str] = ()
    payers: Collection[str] = ()


def same_person(promoter: Someone, friend: Someone) -> str:
    """Why two are one and the same, by the surest sign; empty where they are not."""
    signs = zip(
        OWN,
        (
            (promoter.mailboxes, friend.mailboxes), (promoter.buyers, friend.buyers),
            (promoter.devices, friend.devices), (promoter.payers, friend.payers),
        ),
        strict=True,
    )  # fmt: skip
    return next((why for why, (one, other) in signs if not set(one).isdisjoint(other)), "")

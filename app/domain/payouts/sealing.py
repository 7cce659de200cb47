"""An account's details at rest: sealed straight under the master key, bound to their firm, currency and method.

A firm changes its account a few times in its life, so there is no data key in between; `perkline keys
rotate` seals them again with the data keys.
"""

import json
from dataclasses import asdict, dataclass, field

from app.foundation.vault import MasterKeys


@dataclass(frozen=True, slots=True)
class Details:
    """What it takes to pay an account; never in a log, a mail or a page."""

    number: str = field(repr=False)
    bank: str = field(default="", repr=False)


def place_of(*, brand_id: int | None, distributor_id: int | None, currency: str, method: str) -> bytes:
    """What a box is bound to: it opens nowhere else."""
    firm = f"b{brand_id}" if brand_id is not None else f"d{distributor_id}"
    return f"perkline/payout-account/v1|{firm}|{currency}|{method}".encode()


def seal(masters: MasterKeys, details: Details, place: bytes) -> bytes:
    return masters.wrap(json.dumps(asdict(details)).encode(), place)


def open_details(masters: MasterKeys, master_key_id: str, box: bytes, place: bytes) -> Details:
    """The details, or SecretUnreadable or MasterKeyUnknown."""
    return Details(**json.loads(masters.unwrap(master_key_id, box, place)))


def reseal(masters: MasterKeys, master_key_id: str, box: bytes, place: bytes) -> bytes:
    """The same details under the current master key."""
    return masters.wrap(masters.unwrap(master_key_id, box, place), place)

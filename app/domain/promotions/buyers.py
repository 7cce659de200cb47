"""Who a buyer is to a promotion: the same by any of these keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.foundation.addresses import mailbox


@dataclass(frozen=True, slots=True)
class Shopper:
    """Whom a price is asked for, as far as is known; `buyer_id` only of a signed-in owner of the e-mail."""

    device: str = ""
    email: str = ""
    buyer_id: int | None = None

    def keys(self) -> list[str]:
        """By what limits know this buyer again: device, mailbox, account."""
        found = [f"d:{self.device}"] if self.device else []
        if self.email:
            found.append(f"e:{mailbox(self.email)}")
        if self.buyer_id is not None:
            found.append(f"b:{self.buyer_id}")
        return found

    def proven_keys(self) -> list[str]:
        """Without a mailbox that was only typed: what somebody holds is not used by whoever knows their address.

        A link that was mailed to `mei+x@…` proves no more than that; its buyer is known by the account.
        """
        proven = self.buyer_id is not None and mailbox(self.email) == self.email.strip().lower()
        return [key for key in self.keys() if proven or not key.startswith("e:")]


NOBODY = Shopper()


def email_key(email: str) -> str:
    return f"e:{mailbox(email)}"


def same_buyer(one: Sequence[str], other: Sequence[str]) -> bool:
    return not set(one).isdisjoint(other)

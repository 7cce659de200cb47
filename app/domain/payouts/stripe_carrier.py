"""Stripe Connect: a transfer to a connected account, reversals, and whether an account may be paid."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import stripe

from app.domain.payments.errors import AmountNotPayable, ForgedEvent
from app.domain.payments.stripe_amounts import to_stripe
from app.domain.payments.stripe_gateway import API_VERSION, TOLERANCE_SECONDS
from app.domain.payouts.errors import CarrierDisagrees, CarrierUnavailable
from app.domain.payouts.gateway import Answer, Checked, News, State, Transfer

ACCOUNT_EVENTS = frozenset({"account.updated"})


class StripeCarrier:
    """A Carrier on the official SDK. A transfer is made or not at once; only its reversal comes later."""

    def __init__(
        self,
        secret_key: str,
        webhook_secrets: Sequence[str],
        *,
        api_base: str = "",
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self._secrets, self._seconds = tuple(filter(None, webhook_secrets)), seconds
        self._live = secret_key.startswith(("sk_live_", "rk_live_"))
        self._stripe = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base} if api_base else None,
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=(3, 10)),
        ).v1

    @property
    def name(self) -> str:
        return "stripe"

    def transfer(self, transfer: Transfer) -> Answer:
        try:
            amount = to_stripe(transfer.amount_minor, transfer.currency)
        except AmountNotPayable:
            return Answer(State.FAILED, None, "amount_not_payable")
        # Stripe forgets idempotency keys after a day; the transfer itself it never forgets.
        known = self.find(transfer)
        if known is not None:
            return known
        try:
            with _told(transfer.key):
                made = self._stripe.transfers.create(
                    {
                        "amount": amount,
                        "currency": transfer.currency.lower(),
                        "destination": transfer.destination,
                        "transfer_group": transfer.key,
                        "metadata": {"payout": transfer.key},
                    },
                    {"idempotency_key": transfer.key},
                )
        except stripe.InvalidRequestError as error:
            return Answer(State.FAILED, None, error.code or "invalid_request")
        return _answer(made.to_dict())

    def find(self, transfer: Transfer) -> Answer | None:
        with _told(transfer.key):
            found = self._stripe.transfers.list({"transfer_group": transfer.key, "limit": 1})
        if not found.data:
            return None
        made = found.data[0].to_dict()
        same = (
            to_stripe(transfer.amount_minor, transfer.currency),
            transfer.currency.lower(),
            transfer.destination,
        )
        if (made["amount"], made["currency"], made["destination"]) != same:
            raise CarrierDisagrees(key=transfer.key)
        return _answer(made)

    def check(self, destination: str, *, currency: str) -> Checked:
        try:
            with _told(destination):
                account = self._stripe.accounts.retrieve(destination).to_dict()
        except (stripe.InvalidRequestError, stripe.PermissionError):
            return Checked("refused", "unknown_account")
        return checked(account, currency)

    def hear(self, headers: Mapping[str, str], body: bytes) -> News | None:
        self._verify(headers, body)
        try:
            told = json.loads(body)
            if told["livemode"] is not self._live:
                raise ForgedEvent(gateway=self.name, reason="other_account")
            return read(told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ForgedEvent(gateway=self.name, reason="unreadable") from error

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        header = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        if not any(_is_signed(header, body, secret) for secret in self._secrets):
            raise ForgedEvent(gateway=self.name, reason="signature")
        signed_at = int(header.split("t=", 1)[1].split(",", 1)[0])
        if abs(self._seconds() - signed_at) > TOLERANCE_SECONDS:
            raise ForgedEvent(gateway=self.name, reason="outside_tolerance")


def read(told: Mapping[str, Any]) -> News | None:
    """What an event means to us. Pure; KeyError or TypeError where it is none."""
    kind, thing = told["type"], told["data"]["object"]
    if kind == "transfer.reversed":
        return News(
            key=(thing["metadata"] or {}).get("payout"), external_id=thing["id"], answer=_answer(thing)
        )
    if kind in ACCOUNT_EVENTS:
        return News(destination=thing["id"], checked=checked(thing, thing["default_currency"] or ""))
    if kind == "payout.failed":
        # The connected account has the money and its bank would not take it: ours has arrived, its owner must act.
        return News(destination=told["account"], stuck=thing["failure_code"] or "payout_failed")
    return None


def checked(account: Mapping[str, Any], currency: str) -> Checked:
    """Whether a connected account may be paid: transfers and payouts are on, and its papers are in."""
    if (account["default_currency"] or "").upper() != currency.upper():
        return Checked("refused", "other_currency")
    reason = (account["requirements"] or {}).get("disabled_reason") or ""
    if reason.startswith("rejected"):
        return Checked("refused", reason)
    transfers = (account["capabilities"] or {}).get("transfers") == "active"
    if transfers and account["payouts_enabled"] and account["details_submitted"]:
        return Checked("verified")
    return Checked("unverified", reason or "unfinished")


def _answer(made: Mapping[str, Any]) -> Answer:
    # A part that was reversed is a person's decision at Stripe; only all of it is a return.
    returned = bool(made["reversed"])
    return Answer(State.RETURNED if returned else State.PAID, made["id"], "reversed" if returned else "")


def _is_signed(header: str, body: bytes, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, None))
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False


@contextmanager
def _told(key: str) -> Iterator[None]:
    """Turn the SDK's errors into ours; a certain no is left for the caller to read."""
    try:
        yield
    except stripe.IdempotencyError as error:
        raise CarrierDisagrees(key=key) from error
    except (stripe.InvalidRequestError, stripe.PermissionError):
        raise
    except stripe.StripeError as error:
        raise CarrierUnavailable(carrier="stripe", reason=type(error).__name__) from error

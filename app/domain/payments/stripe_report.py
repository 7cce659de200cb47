"""Stripe's balance transactions in our words. Pure.

Source: Stripe's reference of the BalanceTransaction object and its page on reporting categories. Amounts stand in
the account's own currency; what the buyer paid stands in the source (a charge or a refund), in theirs.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from app.domain.payments.gateway import ReportLine
from app.domain.payments.stripe_amounts import from_stripe

KINDS = {
    "charge": "payment", "payment": "payment", "refund": "refund", "payment_refund": "refund",
    "refund_failure": "refund", "payment_failure_refund": "refund", "stripe_fee": "fee", "tax_fee": "fee",
    "network_cost": "fee", "payout": "payout", "payout_failure": "payout", "payout_cancel": "payout",
}  # fmt: skip


def read(moved: Mapping[str, Any]) -> Iterator[ReportLine]:
    """The lines of one balance transaction: none where it is not about buyers, fees or payouts.

    A fee in another currency than the payment's is a line of its own.
    """
    kind = "chargeback" if moved.get("reporting_category") == "dispute" else KINDS.get(moved["type"])
    if kind is None:
        return
    found = moved.get("source")
    source: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    own = str(moved["currency"]).upper()
    currency = str(source.get("currency") or own).upper()
    at = datetime.fromtimestamp(moved["created"], UTC)
    amount = _amount(moved, source, own, currency)
    fee = _minor(moved.get("fee") or 0, own)
    reference = (source.get("metadata") or {}).get("reference")
    external_id = source.get("id") or (found if isinstance(found, str) else None)
    if kind == "fee":
        yield ReportLine(
            moved["id"], kind, _minor(moved["net"], own), own, at, fee_minor=-_minor(moved["net"], own)
        )
        return
    yield ReportLine(
        moved["id"], kind, amount, currency, at, fee_minor=fee if own == currency else 0, external_id=external_id,
        reference=reference,
    )  # fmt: skip
    if fee and own != currency:
        yield ReportLine(
            f"{moved['id']}:fee",
            "fee",
            -fee,
            own,
            at,
            fee_minor=fee,
            external_id=external_id,
            reference=reference,
        )


def _amount(moved: Mapping[str, Any], source: Mapping[str, Any], own: str, currency: str) -> int:
    if own == currency or source.get("amount") is None:
        return _minor(moved["amount"], own)
    sign = -1 if moved["amount"] < 0 else 1
    return sign * _minor(source["amount"], currency)


def _minor(amount: int, currency: str) -> int:
    found = from_stripe(abs(amount), currency)
    return (found or 0) * (-1 if amount < 0 else 1)

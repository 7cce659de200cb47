"""From which account a payment of Stripe came, by the sign Stripe has for it. Pure.

A Checkout Session names no card: what paid stands in its intent's latest charge, under the method's own name.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

# In a session as it is retrieved, and in a list of them.
EXPAND = ["payment_intent.latest_charge", "payment_intent.payment_method"]
EXPAND_LIST = [f"data.{path}" for path in EXPAND]
# Cards, Alipay, WeChat Pay and bank accounts have a fingerprint, other wallets the buyer's or payer's number.
SIGNS = ("fingerprint", "buyer_id", "payer_id")


def payer_of(intent: Mapping[str, Any] | str | None) -> str:
    """`card:…`, `alipay:…`, the same for the same account every time; empty where Stripe has no sign for it."""
    if not isinstance(intent, Mapping):
        return ""
    charge = intent.get("latest_charge")
    details = (charge.get("payment_method_details") or {}) if isinstance(charge, Mapping) else {}
    method = str(details.get("type") or "")
    told = details.get(method) or {}
    sign = next((told[name] for name in SIGNS if told.get(name)), "")
    return f"{method}:{sign}" if sign else _link(intent.get("payment_method"))


def _link(method: Any) -> str:
    """Link has no fingerprint: its account is an e-mail address, which is not kept."""
    email = (method.get("link") or {}).get("email") if isinstance(method, Mapping) else None
    return f"link:{hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]}" if email else ""

"""The books beside the gateways' reports, day by day, and the proofs that every cent is where it belongs."""

from datetime import date
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.domain.reconciliation import lists
from app.foundation.errors import NotFound
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.platform import platform

CHECKS = {
    "seal": lazy_gettext("An entry is not as it was posted"),
    "transaction": lazy_gettext("A transaction is not whole"),
    "total": lazy_gettext("The books do not sum to zero"),
    "past": lazy_gettext("An account's past has changed since an earlier proof"),
    "chain": lazy_gettext("An earlier proof was changed or taken out"),
    "payment": lazy_gettext("A payment and its posting differ"),
    "refund": lazy_gettext("A refund and its posting differ"),
    "unsettled": lazy_gettext("A delivered line was not settled"),
    "settlement": lazy_gettext("A line, its settlement and its posting differ"),
    "parts": lazy_gettext("A settlement's parts and its entries differ"),
    "earning": lazy_gettext("An earning and its entries differ"),
    "taken_back": lazy_gettext("What was taken back of an earning differs"),
    "balance": lazy_gettext("A balance is not what its earnings and payouts make"),
    "return": lazy_gettext("What was returned of a line differs"),
    "volume": lazy_gettext("A month's volume is not what was sold"),
    "liability": lazy_gettext("A finished order leaves money without an owner"),
    "payout": lazy_gettext("A payout and its entries differ"),
    "gateway": lazy_gettext("The gateway reports something else"),
    "gateway_fee": lazy_gettext("A gateway's fee was not posted as reported"),
}
AMOUNTS = (
    "expected_minor",
    "posted_minor",
    "ours_minor",
    "theirs_minor",
    "settled_minor",
    "noted_minor",
    "left_minor",
    "amount_minor",
)
AMOUNT_WORDS = {
    "expected_minor": lazy_gettext("should be"), "posted_minor": lazy_gettext("posted"),
    "ours_minor": lazy_gettext("ours"),
    "theirs_minor": lazy_gettext("theirs"), "settled_minor": lazy_gettext("settled"),
    "noted_minor": lazy_gettext("noted"),
    "left_minor": lazy_gettext("left"), "amount_minor": lazy_gettext("amount"),
}  # fmt: skip


@platform.get("/reconciliation")
def reconciliation() -> Any:
    """Each gateway's days: ours, theirs, and what differs."""
    return render_template("platform/reconciliation.html", days=lists.by_day(), last=lists.last_proof())


@platform.get("/reconciliation/<gateway>/<day>")
def reconciled_day(gateway: str, day: str) -> Any:
    """One day's movements, those that differ first."""
    try:
        asked = date.fromisoformat(day)
    except ValueError as error:
        raise NotFound(what="day") from error
    rows = lists.of_day(gateway, asked)
    if not rows:
        raise NotFound(what="day")
    return render_template(
        "platform/reconciled_day.html", gateway=gateway, day=asked, rows=rows, most=lists.MOST
    )


@platform.get("/proofs")
def proofs() -> Any:
    """Every proof, the newest first."""
    listing = Listing(
        name="proofs",
        usual="-at",
        exports=(),
        columns=(
            Col("at", _("When"), sort=True),
            Col("entries", _("Entries"), figures=True),
            Col("seconds", _("Took"), figures=True),
            Col("differences", _("Differences"), figures=True),
            Col("digest", _("Digest")),
        ),
        empty=_("The books were not proven yet."),
    )

    def row(found: Any) -> dict[str, Any]:
        return {
            "id": found.id,
            "at": found.finished_at,
            "entries": found.entries,
            "seconds": (found.finished_at - found.started_at).total_seconds(),
            "differences": len(found.differences),
            "digest": found.digest[:12],
        }

    return answer(listing, lists.proofs_page, row, "platform/proofs.html")


@platform.get("/proofs/<int:proof_id>")
def proof(proof_id: int) -> Any:
    """One proof: what differs, in words, and the balances it saw."""
    found = lists.proof(proof_id)
    if found is None:
        raise NotFound(what="proof")
    return render_template(
        "platform/proof.html", proof=found, differences=[_readable(one) for one in found.differences]
    )


def _readable(difference: dict[str, Any]) -> dict[str, Any]:
    currency = str(difference.get("currency") or "CNY")
    known = {"check", "currency", *AMOUNTS}
    return {
        "words": CHECKS.get(difference["check"], difference["check"]),
        "check": difference["check"],
        "currency": currency,
        "amounts": [
            (AMOUNT_WORDS[name], int(difference[name])) for name in AMOUNTS if difference.get(name) is not None
        ],
        "names": [
            f"{name} {value}" for name, value in difference.items() if name not in known and value is not None
        ],
    }  # fmt: skip

"""The books as the platform reads them: accounts, every transaction with all its sides, and what each firm has."""

from datetime import timedelta
from typing import Any

from flask import Response, jsonify, render_template, request
from flask_babel import gettext as _

from app.domain.brands import queries as brands
from app.domain.distributors import shops
from app.domain.ledger import books
from app.domain.ledger import queries as ledger
from app.domain.ledger.models import LedgerEntry, LedgerTransaction
from app.domain.orders import lists as orders
from app.foundation.errors import NotFound
from app.foundation.paging import Asked, Page
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.money.words import KINDS, account_name, kind_means, kind_name
from app.web.platform import platform

KEPT = ("brand", "distributor", "order", "currency")
LATE = timedelta(minutes=1)
"""What was posted later than this after it happened says both times."""
Pair = tuple[int | None, int | None]
"""A brand's id or a distributor's."""


@platform.get("/ledger")
def ledger_transactions() -> Response | str:
    """Every transaction, the newest first; words are a key, the beginning of one, an order's number or an id."""
    listing = Listing(
        name="ledger", usual="-posted", searches=_("Key, order number or id"), keeps=KEPT,
        columns=(
            Col("id", _("Entry in the books"), sort=True, shown=False), Col("kind", _("What"), sort=True),
            Col("key", _("Key")), Col("sides", _("Sides"), filed=False), Col("currency", _("Currency"), shown=False),
            Col("moved", _("Moved"), money=True), Col("occurred", _("Happened"), sort=True, shown=False),
            Col("posted", _("Posted"), sort=True),
        ),
        filters=(
            ("kind", _("What"), options(KINDS)),
            ("span", _("Time"), (
                ("day", _("24 hours")), ("week", _("7 days")), ("month", _("31 days")), ("year", _("A year")),
            )),
        ),
        empty=_("Nothing is in the books yet."),
    )  # fmt: skip
    fixed = {name: request.args[name] for name in KEPT if request.args.get(name)}
    order = orders.order(request.args.get("q", "").strip().upper())
    sides: dict[int, list[LedgerEntry]] = {}

    def find(asked: Asked) -> Page[LedgerTransaction]:
        if order is not None:
            asked = Asked("", asked.sort, asked.page, asked.size, {**asked.filters, "order": str(order.id)})
        page = books.transactions_page(asked)
        sides.update(books.sides_of([row.id for row in page.rows]) if page.rows else {})
        return page

    def row(found: LedgerTransaction) -> dict[str, Any]:
        own = sides.get(found.id, [])
        return {
            "id": found.id, "kind": kind_name(found.kind), "key": found.key, "currency": found.currency,
            "moved": sum(side.amount_minor for side in own if side.amount_minor > 0), "occurred": found.occurred_at,
            "late": abs(found.posted_at - found.occurred_at) > LATE,
            "posted": found.posted_at, "sides": [(account_name(side.account), side.amount_minor) for side in own],
        }  # fmt: skip

    return answer(
        listing, find, row, "platform/ledger.html", fixed=fixed,
        narrowed=_narrowed(),
    )  # fmt: skip


@platform.get("/ledger/<int:transaction_id>")
def ledger_transaction(transaction_id: int) -> str:
    """One transaction with all its sides and reasons."""
    found, sides = _one(transaction_id)
    order = orders.order_by_id(found.order_id) if found.order_id else None
    names = _names({(side.brand_id, side.distributor_id) for side in sides})
    return render_template(
        "platform/ledger_one.html", found=found, sides=sides, names=names, order=order, kind_name=kind_name,
        means=kind_means(found.kind), account_name=account_name, total=sum(side.amount_minor for side in sides),
    )  # fmt: skip


@platform.get("/ledger/<int:transaction_id>.json")
def ledger_transaction_json(transaction_id: int) -> Response:
    """The same for a machine: integer minor units, moments in UTC."""
    found, sides = _one(transaction_id)
    facts = (
        "id", "key", "kind", "currency", "size", "shop_id", "order_id", "order_line_id", "payment_id", "refund_id",
        "payout_id", "reason",
    )  # fmt: skip
    told = {name: getattr(found, name) for name in facts}
    told |= {"occurred_at": found.occurred_at.isoformat(), "posted_at": found.posted_at.isoformat()}
    told["entries"] = [
        {
            "position": side.position, "account": side.account, "brand_id": side.brand_id,
            "distributor_id": side.distributor_id, "amount_minor": side.amount_minor,
        }
        for side in sides
    ]  # fmt: skip
    return jsonify(told)


@platform.get("/accounts")
def ledger_accounts() -> Response | str:
    """What every account holds, and below it each firm's."""
    listing = Listing(
        name="balances", usual="-available",
        columns=(
            Col("firm", _("Firm")), Col("kind", _("Kind")), Col("currency", _("Currency"), sort=True),
            Col("held", _("Held"), sort=True, money=True), Col("available", _("Available"), sort=True, money=True),
            Col("in_transit", _("On the way"), sort=True, money=True),
        ),
        filters=(
            ("kind", _("Kind"), (("brand", _("Brand")), ("distributor", _("Distributor")))),
            ("state", _("State"), (("negative", _("Below zero")),)),
        ),
        empty=_("No firm has earned anything yet."),
    )  # fmt: skip
    names: dict[Pair, str] = {}

    def find(asked: Asked) -> Page[Any]:
        page = books.firms_page(asked)
        names.update(_names({(row.brand_id, row.distributor_id) for row in page.rows}))
        return page

    def row(found: Any) -> dict[str, Any]:
        brand = found.brand_id is not None
        return {
            "id": found.brand_id if brand else found.distributor_id, "is_brand": brand,
            "firm": names.get((found.brand_id, found.distributor_id), ""),
            "kind": _("Brand") if brand else _("Distributor"), "currency": found.currency, "held": int(found.held),
            "available": int(found.available), "in_transit": int(found.in_transit),
        }  # fmt: skip

    sums = books.accounts()
    currencies = sorted({currency for currency, *_rest in sums})
    return answer(
        listing,
        find,
        row,
        "platform/accounts.html",
        sums=sums,
        currencies=currencies,
        account_name=account_name,
    )


def _one(transaction_id: int) -> tuple[LedgerTransaction, list[LedgerEntry]]:
    found = ledger.transaction(transaction_id)
    if found is None:
        raise NotFound(what="transaction")
    return found, list(ledger.entries_of(transaction_id))


def _names(pairs: set[Pair]) -> dict[Pair, str]:
    """The names of firms, by (brand, distributor); two queries however many."""
    of_brands = brands.names({brand for brand, _other in pairs if brand is not None})
    of_distributors = shops.names({distributor for _other, distributor in pairs if distributor is not None})
    return {
        (brand, distributor): of_brands.get(brand or 0) or of_distributors.get(distributor or 0) or ""
        for brand, distributor in pairs
    }


def _narrowed() -> str:
    """Whose transactions the address asks for, in words."""
    brand, distributor = (request.args.get(name, "") for name in ("brand", "distributor"))
    pair = (
        int(brand) if brand.isdecimal() and len(brand) < 19 else None,
        int(distributor) if distributor.isdecimal() and len(distributor) < 19 else None,
    )
    return "" if pair == (None, None) else _names({pair})[pair]

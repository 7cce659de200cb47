"""One earning with its bill, and one ledger transaction with the firm's own entries; as pages and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, g, jsonify, render_template, url_for

from app.domain.commissions import earned
from app.domain.commissions.models import Earning, EarningReturn
from app.domain.distributors import shops
from app.domain.ledger import books
from app.domain.ledger.models import LedgerEntry
from app.foundation.errors import NotFound
from app.foundation.paging import Asked
from app.web.console import promotion_steps
from app.web.money.bill import percent, return_words, rows_of, rule_ids, rule_words
from app.web.money.earnings import here, line_view, shop_name
from app.web.money.standing import firm, of_own_firm
from app.web.money.words import ROLES, kind_means, kind_name, place_name

MOST_TOGETHER = 12
"""Earnings of one maturity that its page names; the list has all of them."""


def hang_under(blueprint: Blueprint) -> None:
    """Add the pages of one earning and one transaction to a console."""
    pages = (
        ("/earnings/lines/<int:earning_id>", "earning", earning),
        ("/earnings/lines/<int:earning_id>.json", "earning_json", earning_json),
        ("/earnings/moves/<int:transaction_id>", "money_move", money_move),
        ("/earnings/moves/<int:transaction_id>.json", "money_move_json", money_move_json),
    )
    for path, name, view in pages:
        blueprint.add_url_rule(path, name, of_own_firm(view))


def earning(earning_id: int) -> Any:
    """Why this amount: the bill, what was taken back since, and the entries in the books."""
    found, returns = _found(earning_id), earned.returns_of(earning_id)
    rules = earned.rules_named(rule_ids(found.why)) if rule_ids(found.why) else {}
    known = shops.shop_names([found.shop_id])
    moves = [(one, sides) for one, sides in _moves_of(found, returns) if one is not None]
    return render_template(
        "money/earning.html",
        earning=found, line=line_view(found, known), bill=rows_of(found, rules), why=found.why,
        returns=[(row, return_words(row, found.currency)) for row in returns], role=ROLES[found.role],
        sold_in=shop_name(known, found.shop_id), order_link=_order_link(found, known), moves=moves, here=here,
        rule=rule_words(found.why.get("rule"), rules), kind_name=kind_name, place_name=place_name, percent=percent,
        borne=promotion_steps.borne_by_brand(found.order_line_id) if g.seat.kind == "brand" else [],
    )  # fmt: skip


def _order_link(row: Earning, known: Any) -> str:
    """The order behind it, for the distributor whose shop sold it; a brand never sees a buyer."""
    if g.seat.kind != "distributor" or row.role != "seller" or row.shop_id not in known:
        return ""
    return url_for("distributor.order", slug=known[row.shop_id][0], number=row.order_number)


def _moves_of(
    row: Earning, returns: Sequence[EarningReturn]
) -> list[tuple[books.Fact | None, list[LedgerEntry]]]:
    ids = [row.transaction_id, *(one.transaction_id for one in returns)]
    if row.matured_by is not None and row.matured_by != row.transaction_id:
        ids.append(row.matured_by)
    facts, sides = books.facts(ids), books.sides_of(ids)
    return [(facts.get(one), sides.get(one, [])) for one in sorted(ids)]


def earning_json(earning_id: int) -> Any:
    """The same for a machine: integer minor units, moments in UTC."""
    row, returns = _found(earning_id), earned.returns_of(earning_id)
    return jsonify(
        {
            "id": row.id, "role": row.role, "currency": row.currency, "amount_minor": row.amount_minor,
            "taken_back_minor": row.taken_back_minor, "left_minor": row.amount_minor - row.taken_back_minor,
            "state": "held" if row.matured_by is None else "available", "product": row.product_name,
            "sku": row.sku_name, "quantity": row.quantity, "net_minor": row.net_minor, "level": row.level,
            "order": row.order_number if row.role == "seller" else None, "earned_at": _utc(row.earned_at),
            "matures_at": _utc(row.matures_at), "why": row.why,
            "returns": [
                {
                    "amount_minor": one.amount_minor, "at": _utc(one.created_at), "transaction": one.transaction_id,
                    "why": one.why,
                }
                for one in returns
            ],
            "transactions": [_told(fact, sides) for fact, sides in _moves_of(row, returns) if fact is not None],
        }
    )  # fmt: skip


def money_move(transaction_id: int) -> Any:
    """One transaction: the firm's own entries, what they mean, and the earnings behind them."""
    fact, sides = _seen(transaction_id)
    earnings = list(earned.earned_in(transaction_id, firm=firm()))
    returned = [
        (row, one, return_words(row, fact.currency))
        for row, one in earned.returned_in(transaction_id, firm=firm())
    ]
    matured = None
    if fact.kind == "maturity":
        asked = Asked(size=MOST_TOGETHER, filters={"matured": str(transaction_id)})
        matured = earned.earnings_page(asked, firm=firm())
    return render_template(
        "money/move.html",
        fact=fact, sides=sides, name=kind_name(fact.kind), means=kind_means(fact.kind), earnings=earnings,
        returned=returned, matured=matured, place_name=place_name, here=here,
        all_matured=here("earning_lines", matured=transaction_id),
    )  # fmt: skip


def money_move_json(transaction_id: int) -> Any:
    fact, sides = _seen(transaction_id)
    return jsonify(
        _told(fact, sides) | {"earnings": [row.id for row in earned.earned_in(transaction_id, firm=firm())]}
    )


def _told(fact: books.Fact, sides: Sequence[LedgerEntry]) -> dict[str, Any]:
    return {
        "id": fact.id, "kind": fact.kind, "currency": fact.currency, "occurred_at": _utc(fact.occurred_at),
        "posted_at": _utc(fact.posted_at),
        "entries": [{"account": side.account, "amount_minor": side.amount_minor} for side in sides],
    }  # fmt: skip


def _found(earning_id: int) -> Earning:
    row = earned.earning(earning_id, firm=firm())
    if row is None:
        raise NotFound(what="earning")
    return row


def _seen(transaction_id: int) -> tuple[books.Fact, list[LedgerEntry]]:
    """A transaction with the firm's entries of it; one without any does not exist for the firm."""
    fact = books.facts([transaction_id]).get(transaction_id)
    sides = books.sides_of([transaction_id]).get(transaction_id, [])
    if fact is None or not sides:
        raise NotFound(what="transaction")
    return fact, sides


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

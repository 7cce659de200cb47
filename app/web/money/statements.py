"""A firm's statement for any days: on the page, as CSV and as PDF; it opens with what the one before closed with."""

from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask_babel import gettext as _

from app.domain.commissions import earned
from app.domain.ledger import statements as books
from app.domain.ledger.models import IssuedStatement
from app.domain.ledger.rules import Movement, Statement, Sums
from app.flows import statements as issuing
from app.foundation.runtime import settings
from app.web.console.columns import Col
from app.web.console.export import as_file
from app.web.console.persons import actor, needs
from app.web.money import periods
from app.web.money.earnings import here
from app.web.money.paper import Cover, drawn, grouped
from app.web.money.periods import Period
from app.web.money.standing import firm, of_own_firm, standing
from app.web.money.words import PLACES, kind_name

ON_A_PAGE = 50


def hang_under(blueprint: Blueprint) -> None:
    """Add the statements to a console."""
    export = needs("export")
    blueprint.add_url_rule("/statements", "statements", of_own_firm(statements))
    blueprint.add_url_rule("/statements.csv", "statement_csv", of_own_firm(export(statement_csv)))
    blueprint.add_url_rule("/statements.pdf", "statement_pdf", of_own_firm(export(statement_pdf)))


def statements() -> Any:
    """Opening, what moved by kind, closing; then every movement, opening down to the sale behind it."""
    balances, balance = standing()
    period = periods.asked(request.args, usual="month")
    found = books.read(firm(), balance.currency, period.days)
    pages = max(1, -(-len(found.movements) // ON_A_PAGE))
    number = request.args.get("page", "")
    page = min(max(int(number), 1), pages) if number.isdecimal() and len(number) < 9 else 1
    shown = list(reversed(found.movements))[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    drawn_page = render_template(
        "money/statement.html",
        balances=balances, balance=balance, period=period, periods=periods.names(), statement=found,
        kinds=found.by_kind(), places=PLACES, kind_name=kind_name, movements=shown,
        goods=_goods(shown), page=page, pages=pages, here=here,
        digest=grouped(issuing.digest_of(found)), address={**period.address, "currency": balance.currency},
    )  # fmt: skip
    return drawn_page, 422 if period.wrong else 200


def _goods(movements: list[Movement]) -> dict[int, str]:
    """What was sold, in words, by order line; one query for all."""
    lines = {one.order_line_id for one in movements if one.order_line_id is not None}
    found = earned.goods_of(lines, firm=firm()) if lines else {}
    return {line: goods for line, (goods, _number, _shop) in found.items()}


def statement_csv() -> Response:
    """The statement as a file: opening, every movement, closing, and what it can be checked with."""
    _period, found, issued = _issued()
    goods = _goods(list(found.movements))
    money = [Col(place, str(word), money=True) for place, word in PLACES.items()]
    columns = (
        Col("at", _("Time")), Col("what", _("What")), Col("goods", _("Items")), *money,
        Col("total", _("Yours in all"), money=True), Col("transaction", _("Entry in the books")),
    )  # fmt: skip
    rows = [
        _file_row(found, _("Opening"), found.opening),
        *(
            {
                **_file_row(found, kind_name(one.kind), one.sums), "at": one.occurred_at,
                "goods": goods.get(one.order_line_id or 0, ""), "transaction": one.transaction_id,
            }
            for one in found.movements
        ),
        _file_row(found, _("Closing"), found.closing),
        {"what": _("Number"), "goods": issued.number}, {"what": _("Digest"), "goods": grouped(issued.digest)},
        {"what": _("Currency"), "goods": found.currency},
        {"what": _("Days"), "goods": f"{found.since} – {found.until}"},
    ]  # fmt: skip
    return as_file("csv", f"statement-{found.currency}-{found.since}-{found.until}", columns, rows)


def _file_row(found: Statement, what: str, sums: Sums) -> dict[str, Any]:
    return {
        "what": what, "held": sums.held_minor, "available": sums.available_minor, "in_transit": sums.in_transit_minor,
        "total": sums.total_minor, "currency": found.currency,
    }  # fmt: skip


def statement_pdf() -> Response:
    """The statement as a document to keep."""
    _period, found, issued = _issued()
    base = settings().host_url(settings().base_host, "/verify")
    cover = Cover(g.firm, f"{base}?number={issued.number}&digest={issued.digest}")
    content = drawn(found, issued, cover, _goods(list(found.movements)))
    named = f"statement-{issued.number}.pdf"
    return Response(
        content, content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{named}"', "Cache-Control": "no-store"},
    )  # fmt: skip


def _issued() -> tuple[Period, Statement, IssuedStatement]:
    """The statement that the address asks for, kept with its digest."""
    _balances, balance = standing()
    period = periods.asked(request.args, usual="month")
    found, issued = issuing.issue(firm(), balance.currency, period.days, actor=actor())
    return period, found, issued

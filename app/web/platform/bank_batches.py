"""Payouts by a bank's file: taken out once for each currency, and answered by the bank's own file."""

from typing import Any

from flask import Response, flash, render_template, request
from flask_babel import gettext as _

from app.domain.payouts import queries
from app.flows import bank_batches as batches
from app.foundation.errors import NotFound, ProductError
from app.web.console import names
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.payouts import row_of
from app.web.console.persons import actor, needs, the_person
from app.web.console.refusal import tell
from app.web.console.sentences import sentence
from app.web.platform import platform
from app.web.platform.payout_tabs import tabs

MOST_BYTES = 1 << 20


@platform.get("/bank-batches")
def bank_batches() -> Any:
    listing = Listing(
        name="bank-batches",
        usual="-created",
        columns=(
            Col("id", _("Batch")),
            Col("created", _("Exported"), sort=True),
            Col("count", _("Payouts"), figures=True),
            Col("total", _("Sum"), sort=True, money=True),
            Col("open", _("Without an answer"), figures=True),
            Col("state", _("State")),
        ),
        empty=_("No batch yet."),
    )

    def row(found: Any) -> dict[str, Any]:
        batch, open_ones = found
        state, tone = names.BATCH_STATES[batch.state]
        return {
            "id": batch.id, "created": batch.created_at, "count": batch.count, "total": batch.total_minor,
            "currency": batch.currency, "open": open_ones, "state": str(state), "tone": tone,
        }  # fmt: skip

    return answer(
        listing, queries.batches_page, row, "platform/bank_batches.html", waiting=queries.waiting_for_bank(),
        tabs=tabs("bank_batches"),
    )  # fmt: skip


@platform.post("/bank-batches")
@needs("manage")
def export_batch() -> Any:
    """Put what waits in a currency into a new batch."""
    try:
        batch_id = batches.export(request.form.get("currency", ""), by=the_person().id, actor=actor())
    except ProductError as error:
        tell(error)
        return back("platform.bank_batches")
    flash(_("The batch is made. Take its file to the bank."), "success")
    return back("platform.bank_batch", batch_id=batch_id)


@platform.get("/bank-batches/<int:batch_id>")
def bank_batch(batch_id: int) -> Any:
    return _page(batch_id)


@platform.post("/bank-batches/<int:batch_id>/file")
@needs("manage")
def bank_file(batch_id: int) -> Any:
    """The file for the bank: it names accounts, so who takes it is recorded."""
    content = batches.download(batch_id, actor=actor())
    headers = {
        "Content-Disposition": f'attachment; filename="perkline-payouts-{batch_id}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


@platform.post("/bank-batches/<int:batch_id>/result")
@needs("manage")
def bank_result(batch_id: int) -> Any:
    """The bank's answer: looked at first, then taken as a whole."""
    words = _words()
    try:
        if request.form.get("do") == "confirm":
            told = batches.take_result(batch_id, words.encode(), actor=actor())
            flash(_("%(new)d payouts have their answer now.", new=told.new), "success")
            return back("platform.bank_batch", batch_id=batch_id)
        return _page(batch_id, words=words, look=batches.look_at_result(batch_id, words.encode()))
    except NotFound:
        raise
    except ProductError as error:
        return _page(batch_id, words=words, error=sentence(error))


def _words() -> str:
    file = request.files.get("file")
    content = file.read(MOST_BYTES) if file is not None and file.filename else b""
    return content.decode("utf-8-sig", "replace") if content else request.form.get("words", "")


def _page(batch_id: int, *, words: str = "", look: Any = None, error: str = "") -> Any:
    batch = queries.batch(batch_id)
    if batch is None:
        raise NotFound(what="bank_batch")
    page = render_template(
        "platform/bank_batch.html", batch=batch, rows=[row_of(each) for each in queries.payouts_of_batch(batch_id)],
        look=look, words=words, error=error, states=names.BATCH_STATES, payout_states=names.PAYOUT_STATES,
    )  # fmt: skip
    return page, 422 if error else 200

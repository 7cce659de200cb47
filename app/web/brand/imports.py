"""Codes brought by file or paste: received, shown as understood, confirmed, followed, reported."""

import io
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, render_template, request
from flask_babel import gettext as _

from app.domain.catalog import goods as catalog
from app.domain.inventory import imports as imported
from app.domain.inventory.levels import imports_page
from app.domain.inventory.stock_file import Separator
from app.flows import import_stock as bringing
from app.foundation.errors import NotFound, ProductError
from app.foundation.paging import Asked
from app.web.brand import brand
from app.web.brand.wording import IMPORT_STATES, PROBLEMS, SEPARATORS
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import named, options
from app.web.console.persons import actor, needs
from app.web.console.sentences import sentence
from app.web.console.typed import Typed

ZONE = ZoneInfo(bringing.ZONE)
BY_NAME = {"tab": Separator.TAB, "comma": Separator.COMMA, "semicolon": Separator.SEMICOLON, "pipe": Separator.PIPE,
           "space": Separator.SPACE, "dashes": Separator.DASHES, "whole": Separator.WHOLE_LINE}  # fmt: skip


@brand.get("/imports")
def imports() -> Any:
    listing = Listing(
        name="imports", usual="-created", searches=_("File or batch"),
        columns=(
            Col("file", _("File")), Col("product", _("Product")), Col("state", _("State")),
            Col("added", _("Added"), figures=True, sort=True), Col("repeated", _("Repeated"), figures=True),
            Col("malformed", _("Malformed"), figures=True), Col("created", _("Brought"), sort=True),
        ),
        filters=(("state", _("State"), options(IMPORT_STATES)),),
        empty=_("Nothing was imported yet."),
    )  # fmt: skip

    def row(found: Any) -> dict[str, Any]:
        state, tone = IMPORT_STATES[found.state]
        return {
            "id": found.id, "file": found.file_name, "batch": found.batch, "product": f"{found.product} · {found.sku}",
            "state": str(state), "tone": tone, "added": found.added, "malformed": found.malformed,
            "repeated": found.repeated_in_file + found.already_on_platform, "created": found.created_at,
        }  # fmt: skip

    return answer(listing, imports_page, row, "brand/imports.html")


@brand.route("/imports/new", methods=["GET", "POST"])
@needs("sell")
def new_import() -> Any:
    """For which Sku, in which batch, from which file or paste."""
    found = catalog.skus_page(Asked(size=1000))
    skus = [
        (row.Sku.id, f"{named(row.Product)} · {named(row.Sku)}")
        for row in found.rows
        if row.Sku.delivery_kind in {"code", "link"}
    ]
    form = Typed({"sku_id": request.args.get("sku", "")})
    if request.method == "POST":
        told, source = _told(form, {str(sku_id) for sku_id, _words in skus}), _source(form)
        if form.ok and told is not None and source is not None:
            try:
                import_id = bringing.receive_file(source, told, actor=actor())
                return back("brand.stock_import", import_id=import_id)
            except ProductError as error:
                form.blame(error, otherwise="file")
    return render_template("brand/new_import.html", form=form, skus=skus), 422 if form.errors else 200


def _told(form: Typed, skus: set[str]) -> bringing.Delivered | None:
    chosen, batch = form.choice("sku_id", skus), form.text("batch", most=60, required=False)
    sku = catalog.sku(int(chosen)) if chosen in skus else None
    if sku is None:
        return None
    file = request.files.get("file")
    name = (file.filename if file else "") or _("paste")
    return bringing.Delivered(
        sku_id=sku.id, batch_name=batch or name, file_name=name[:120], expires_at=_end_of_day(form),
        cost_minor=form.money("cost", sku.currency, required=False),
    )  # fmt: skip


def _end_of_day(form: Typed) -> datetime | None:
    text = form.text("expires", required=False)
    if not text:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time(23, 59, 59), ZONE)
    except ValueError:
        form.errors["expires"] = _("This is not a day.")
        return None


def _source(form: Typed) -> Any:
    file, paste = request.files.get("file"), request.form.get("paste", "")
    if file is not None and file.filename:
        return file.stream
    if paste.strip():
        return io.BytesIO(paste.encode())
    form.errors["file"] = _("Choose a file, or paste the codes below.")
    return None


@brand.get("/imports/<int:import_id>")
def stock_import(import_id: int) -> Any:
    """As it stands: a preview to confirm, progress, or the report."""
    row = imported.get(import_id)
    sku = catalog.sku(row.sku_id)
    if sku is None:
        raise NotFound(what="sku")
    preview, error = None, ""
    if row.state == "waiting":
        try:
            preview = bringing.preview_import(import_id, _choices(request.args))
        except ProductError as unreadable:
            error = _problem(unreadable)
    return render_template(
        "brand/import.html", row=row, sku=sku, product=catalog.product(sku.product_id), preview=preview, error=error,
        states=IMPORT_STATES, problems=PROBLEMS, separators=options(SEPARATORS), named=named, asked=request.args,
        separator_names={value: name for name, value in BY_NAME.items()}, separator_words=SEPARATORS,
    )  # fmt: skip


@brand.get("/imports/<int:import_id>/progress")
def import_progress(import_id: int) -> Any:
    """The moving part of the page; it asks again until the import has ended."""
    return render_template(
        "brand/import_progress.html", row=imported.get(import_id), states=IMPORT_STATES, problems=PROBLEMS
    )


@brand.post("/imports/<int:import_id>")
@needs("sell")
def decide_import(import_id: int) -> Any:
    """Start it, or forget it."""
    imported.get(import_id)  # somebody else's does not exist
    try:
        if request.form.get("do") == "cancel":
            bringing.cancel_import(import_id, actor=actor())
        else:
            bringing.confirm_import(import_id, _choices(request.form), actor=actor())
    except ProductError as error:
        flash(_problem(error), "error")
    return back("brand.stock_import", import_id=import_id)


def _choices(told: Any) -> dict[str, Any]:
    """What was chosen over what was found out; nothing chosen is nothing told."""
    choices: dict[str, Any] = {}
    if told.get("separator") in BY_NAME:
        choices["separator"] = str(BY_NAME[told["separator"]])
    if told.get("header") in {"yes", "no"}:
        choices["has_header"] = told["header"] == "yes"
    return choices


def _problem(error: ProductError) -> str:
    reason = error.facts.get("reason")
    return str(PROBLEMS[reason]) if reason in PROBLEMS else sentence(error)

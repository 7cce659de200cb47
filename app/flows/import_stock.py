"""A brand brings codes: a file is received, shown as it was understood, confirmed, and added.

All of it runs in the brand's scope. The file stays sealed throughout, and is
forgotten when its codes are in.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.inventory import importing, imports, keys, low_stock, reordering, storing, uploads
from app.domain.inventory.importing import Chunk, Plan
from app.domain.inventory.issue_order import IssueOrder
from app.domain.inventory.stock_file import (
    Choices,
    FileUnreadable,
    Preview,
    Separator,
    open_stock_file,
    preview,
)
from app.foundation import clock
from app.foundation.actor import SYSTEM, Actor
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

ZONE = "Asia/Shanghai"
# A worker that has stored nothing for so long has died; another goes on.
LEASE_SECONDS = 60
KEEP_UNCONFIRMED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a brand says of the codes it brings. Cost per code in minor units of the Sku's currency."""

    sku_id: int
    batch_name: str
    file_name: str
    cost_minor: int | None = None
    expires_at: datetime | None = None


def receive_file(source: BinaryIO, told: Delivered, *, actor: Actor) -> int:
    """Keep a file or a paste, sealed, and return the import's id; nothing is added before `confirm_import`."""
    vault = runtime().vault
    with unit_of_work(actor) as work:
        sku = imports.sku_for_codes(told.sku_id)
        key_id, key = keys.current_key(sku.brand_id, vault)
        import_id = imports.open_import(
            sku,
            batch_name=told.batch_name,
            file_name=told.file_name,
            cost_minor=told.cost_minor,
            expires_at=told.expires_at,
            source=uploads.sealed_upload(vault, key, source),
            data_key_id=key_id,
            user_id=actor.id,
        )
        work.record("stock_file_received", f"stock_import:{import_id}", sku_id=sku.id)
        return import_id


def preview_import(import_id: int, choices: dict[str, Any] | None = None) -> Preview:
    """What the file seems to hold when read with these choices; nothing changes."""
    vault = runtime().vault
    row = imports.get(import_id)
    with uploads.fetch_upload(import_id) as sealed:
        source = uploads.opened_upload(vault, keys.key_of(row.data_key_id), sealed)
        stock = open_stock_file(source, read_choices(choices or row.options, at=row.created_at))
        return preview(stock, vault.fingerprint)


def confirm_import(import_id: int, choices: dict[str, Any] | None = None, *, actor: Actor) -> None:
    """Let the codes be added in the background. Confirming twice adds once."""
    read_choices(choices or {}, at=clock.now())
    with unit_of_work(actor) as work:
        if not imports.move(import_id, "waiting", "running", options=choices or {}):
            return
        work.record("stock_import_confirmed", f"stock_import:{import_id}")
        work.enqueue("import_stock", key=_job_key(import_id), import_id=import_id)


def cancel_import(import_id: int, *, actor: Actor) -> bool:
    """Stop an import where it is and forget its file; codes already added stay. False when it had ended."""
    with unit_of_work(actor) as work:
        if not imports.end(import_id, ("waiting", "running"), "cancelled"):
            return False
        work.record("stock_import_cancelled", f"stock_import:{import_id}")
        return True


def forget_uploads() -> int:
    """Cancel what was uploaded and not confirmed for a day, whoever's it is; how many there were."""
    with platform_scope(), unit_of_work():
        return imports.cancel_waiting(before=clock.now() - KEEP_UNCONFIRMED)


def import_stock(import_id: int) -> None:
    """Add the codes of a confirmed import; called again after a kill, it goes on where it stood."""
    with unit_of_work():
        running = imports.get(import_id).state == "running"
    if not running:
        return
    try:
        order = _add_all(import_id)
    except FileUnreadable as unreadable:
        _end(import_id, "failed", error=unreadable.facts["reason"])
        return
    _end(import_id, "done", added_in=order)


def _add_all(import_id: int) -> IssueOrder:
    vault = runtime().vault
    with unit_of_work():
        row = imports.get(import_id)
        plan = imports.plan_for(row, keys.current_key(row.brand_id, vault))
        file_key, sealed = keys.key_of(row.data_key_id), uploads.fetch_upload(import_id)
    with sealed:
        source = uploads.opened_upload(vault, file_key, sealed)
        # The moment of the upload, not of this run: a rerun must judge every line the same.
        stock = open_stock_file(source, read_choices(row.options, at=row.created_at))
        _tell_total(import_id, stock.count_lines())
        prepared = importing.prepare_chunks(stock, vault, plan, done=row.rows_done, size=importing.CHUNK)
        with closing(_ahead(prepared)) as chunks:
            for chunk in chunks:
                _store(plan, chunk)
    return plan.order


def _store(plan: Plan, chunk: Chunk) -> None:
    with unit_of_work() as work:
        storing.store(plan, chunk)
        work.keep_lease(_job_key(plan.import_id), seconds=LEASE_SECONDS)


def _ahead(chunks: Iterator[Chunk]) -> Generator[Chunk, None, None]:
    """Prepare the next chunk while the database stores this one: two cores, two halves of the work."""
    with quick_turns(), ThreadPoolExecutor(1, thread_name_prefix="import") as hand:
        following = hand.submit(next, chunks, None)
        while chunk := following.result():
            following = hand.submit(next, chunks, None)
            yield chunk


@contextmanager
def quick_turns() -> Iterator[None]:
    """Let a thread that waits for the interpreter have it soon.

    While one hand encrypts, the other needs the interpreter some thirty times a
    chunk, for microseconds; at the usual 5 ms a turn that would cost a third of the speed.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _tell_total(import_id: int, rows: int | None) -> None:
    with unit_of_work():
        imports.move(import_id, "running", "running", rows_total=rows)


def _end(import_id: int, state: str, *, error: str | None = None, added_in: IssueOrder | None = None) -> None:
    with unit_of_work(SYSTEM) as work:
        if not imports.end(import_id, ("running",), state, error=error):
            return
        row = imports.get(import_id)
        low_stock.stock_came_in(row.sku_id)
        if added_in not in {None, reordering.issue_order_of(row.sku_id)}:
            work.enqueue("reorder_codes", sku_id=row.sku_id)
        work.record(f"stock_import_{state}", f"stock_import:{import_id}", **imports.counts(row))


def _job_key(import_id: int) -> str:
    return f"import_stock:{import_id}"


def read_choices(told: dict[str, Any], *, at: datetime) -> Choices:
    """A brand's choices as they are kept: separator, has_header, zone; all may be missing.

    Codes that had expired `at` that moment are malformed. ValueError says that a choice is none.
    """
    separator = told.get("separator")
    try:
        zone = ZoneInfo(told.get("zone") or ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("no such time zone") from None
    return Choices(
        separator=None if separator is None else Separator(separator),
        has_header=told.get("has_header"),
        zone=zone,
        now=at,
    )

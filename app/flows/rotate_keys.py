"""Change keys while every shop stays open.

A new *master key* wraps the data keys again, and the accounts firms are paid on: a few rows, no code is touched. A
new *data key* seals a brand's secrets again, page by page: both versions open
until the last row has moved, so nobody waits. Either stops anywhere and goes
on from there when it is called again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.fulfilment import resealing as fulfilment
from app.domain.inventory import keys, resealing
from app.domain.inventory.resealing import SealedTable
from app.domain.payouts import resealing as resealing_accounts
from app.domain.referrals import sealing as promoter_payouts
from app.foundation.actor import SYSTEM, Actor
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

TABLES = (*resealing.TABLES, *fulfilment.TABLES)
KEYS_AT_ONCE = 200
# Rows in use are passed over; they are free again within a transaction or two.
ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many data keys (and payout accounts) were wrapped again, were made new, and secrets sealed again."""

    rewrapped: int = 0
    new_keys: int = 0
    resealed: int = 0


def rotate_master_key(*, actor: Actor = SYSTEM) -> Rotated:
    """Bring every data key under the first of MASTER_KEYS; the others can then leave the setting."""
    vault = runtime().vault
    rewrapped = 0
    with platform_scope():
        while True:
            with unit_of_work(actor) as work:
                found = keys.wrapped_elsewhere(vault.masters.current_id, KEYS_AT_ONCE)
                for key_id, key in found:
                    rewrapped += keys.replace_wrapping(key_id, key, vault.rewrap(key))
                accounts = resealing_accounts.reseal_page(vault.masters, KEYS_AT_ONCE)
                accounts += promoter_payouts.reseal_page(vault.masters, KEYS_AT_ONCE)
                rewrapped += accounts
                if found or accounts:
                    told = {"keys": len(found), "payout_accounts": accounts}
                    work.record("data_keys_rewrapped", "keys", **told, by=vault.masters.current_id)
            if not found and not accounts:
                return Rotated(rewrapped=rewrapped)


def rotate_data_keys(*, actor: Actor = SYSTEM, tell: Callable[[int], None] = lambda _: None) -> Rotated:
    """Give every brand that has a data key a new one, and seal its secrets again under it.

    `tell` hears after each page how many secrets have moved so far.
    """
    vault = runtime().vault
    with platform_scope():
        with unit_of_work(actor) as work:
            brands = sorted(resealing.all_keys().current)
        for brand_id in brands:
            with unit_of_work(actor) as work:
                key_id = keys.start_new_version(brand_id, vault)
                work.record("data_key_started", f"brand:{brand_id}", data_key_id=key_id)
    return Rotated(new_keys=len(brands), resealed=reseal_everything(tell=tell))


def reseal_everything(*, tell: Callable[[int], None] = lambda _: None) -> int:
    """Move every secret that is under an older key to its brand's current one; how many moved."""
    moved = 0
    with platform_scope():
        for _ in range(ROUNDS):
            before = moved
            for table in TABLES:
                moved = _reseal_table(table, moved, tell)
            if moved == before:
                with unit_of_work():
                    keys.retire_unused([table.model for table in TABLES])
                return moved
    return moved


def _reseal_table(table: SealedTable, moved: int, tell: Callable[[int], None]) -> int:
    after: int | None = 0
    while after is not None:
        with unit_of_work():
            count, after = resealing.reseal_page(runtime().vault, table, resealing.all_keys(), after=after)
        moved += count
        tell(moved)
    return moved

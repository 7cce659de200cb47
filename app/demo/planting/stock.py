"""Stock behind the shelves: sealed codes, those sold in the past and those still free, and counted slots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.demo.cards import units
from app.demo.goods import skus
from app.demo.planting.houses import Houses
from app.demo.planting.rows import plant, plant_quietly
from app.demo.planting.shelves import Shelves
from app.demo.shapes import DemoProduct, DemoSku
from app.domain.inventory.counted import SLOTS
from app.domain.inventory.issue_order import IssueOrder, picker
from app.domain.inventory.keys import current_key
from app.domain.inventory.models import Code, CodeBatch, ReusableSecret, StockSlot
from app.foundation.money import split
from app.foundation.runtime import runtime
from app.foundation.vault import DataKey as Key
from app.foundation.vault import Secret

POOL_KINDS = ("code", "link")


@dataclass(frozen=True, slots=True)
class Sold:
    """One unit that a past order took."""

    reservation_id: int
    line_id: int
    shop_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BrandKey:
    """A brand's current data key: its row, and what opens with it."""

    id: int
    key: Key


def plant_keys(houses: Houses) -> dict[str, BrandKey]:
    """A data key for every brand."""
    vault = runtime().vault
    return {name: BrandKey(*current_key(brand_id, vault)) for name, brand_id in houses.brands.items()}


def plant_stock(
    shelves: Shelves,
    keys: Mapping[str, BrandKey],
    sold: Mapping[str, Sequence[Sold]],
    now: datetime,
    *,
    most: int | None = None,
) -> int:
    """Fill every shelf, at most so many free units a Sku; how many codes there are now."""
    pooled = [(product, sku) for product, sku in skus() if sku.delivery in POOL_KINDS]
    batches = plant(CodeBatch, [_batch(product, sku, shelves, keys, now) for product, sku in pooled])
    rows: list[dict[str, Any]] = []
    for (product, sku), batch_id in zip(pooled, batches, strict=True):
        free = min(sku.stock or 0, most) if most is not None else sku.stock or 0
        taken = sold.get(sku.key, ())
        rows += _codes(product, sku, batch_id, free, taken, shelves.skus[sku.key], keys[product.brand])
    plant_quietly(Code, rows)
    _plant_counted(shelves, keys)
    return len(rows)


def _batch(
    product: DemoProduct, sku: DemoSku, shelves: Shelves, keys: Mapping[str, BrandKey], now: datetime
) -> dict[str, Any]:
    return {
        "brand_id": keys[product.brand].key.brand_id, "sku_id": shelves.skus[sku.key],
        "name": f"{product.short.zh} {sku.name.zh} {now:%Y-%m}", "cost_minor": sku.supply_minor * 9 // 10,
        "expires_at": None, "created_at": now - timedelta(days=75),
    }  # fmt: skip


def _codes(
    product: DemoProduct,
    sku: DemoSku,
    batch_id: int,
    free: int,
    taken: Sequence[Sold],
    sku_id: int,
    owner: BrandKey,
) -> Iterator[dict[str, Any]]:
    """The first units went with past orders; what is free begins where they end."""
    vault, place = runtime().vault, picker(IssueOrder(sku.issue_order), batch_id)
    texts = [Secret(unit.secret, unit.password) for unit in units(product, sku, count=len(taken) + free)]
    found = [(vault.fingerprint(text), text.to_bytes()) for text in texts]
    for line, ((fingerprint, _), box) in enumerate(
        zip(found, vault.seal_many(owner.key, found), strict=True)
    ):
        sale = taken[line] if line < len(taken) else None
        yield {
            "brand_id": owner.key.brand_id, "sku_id": sku_id, "batch_id": batch_id, "data_key_id": owner.id,
            "pick": place(line, None, fingerprint),
            "fingerprint": fingerprint, "secret": box, "state": "sold" if sale else "free",
            "reservation_id": sale.reservation_id if sale else None, "order_line_id": sale.line_id if sale else None,
            "shop_id": sale.shop_id if sale else None, "sold_at": sale.at if sale else None,
        }  # fmt: skip


def _plant_counted(shelves: Shelves, keys: Mapping[str, BrandKey]) -> None:
    """One code for many buyers, and how many times it may still be sold."""
    vault, secrets, slots = runtime().vault, [], []
    for product, sku in skus():
        if sku.delivery != "reusable":
            continue
        owner, unit = keys[product.brand], next(units(product, sku, count=1))
        sealed = vault.seal(owner.key, Secret(unit.secret, unit.password))
        names = {"brand_id": owner.key.brand_id, "sku_id": shelves.skus[sku.key]}
        secrets.append(
            names | {"data_key_id": owner.id, "fingerprint": sealed.fingerprint, "secret": sealed.box}
        )
        shares = split(sku.stock or 0, [1] * SLOTS)
        slots += [names | {"slot": slot, "remaining": share} for slot, share in enumerate(shares)]
    plant_quietly(ReusableSecret, secrets)
    plant_quietly(StockSlot, slots)

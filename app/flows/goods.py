"""A brand keeps its goods. Each story needs the brand's scope."""

from collections.abc import Mapping
from typing import Any

from app.domain.catalog import goods, service
from app.domain.catalog.models import Product, Sku
from app.domain.inventory import counted, reusable
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.unit_of_work import unit_of_work
from app.foundation.vault import Secret
from tenants.context import current_scope, platform_scope


def save_product(product_id: int | None, values: Mapping[str, Any], *, actor: Actor) -> int:
    """Make a product, or change one of the open brand's; returns its id."""
    with unit_of_work(actor) as work:
        product = service.save_product(_product(product_id) if product_id else None, _brand_id(), values)
        work.record("product.saved", f"product:{product.id}", status=product.status)
        return product.id


def set_picture(product_id: int, address: str | None, *, actor: Actor) -> None:
    with unit_of_work(actor) as work:
        _product(product_id).picture = address
        work.record("product.picture_changed", f"product:{product_id}", picture=address)


def set_status(product_id: int, status: str, *, actor: Actor) -> None:
    """On offer (`active`), not yet (`draft`), or not any more (`archived`)."""
    with unit_of_work(actor) as work:
        product = _product(product_id)
        if status == "active" and not goods.skus_of(product_id):
            raise InvalidInput(param="status", reason="no_skus")
        product.status = status
        work.record(f"product.{status}", f"product:{product_id}")


def save_sku(
    product_id: int, sku_id: int | None, values: Mapping[str, Any], *, actor: Actor
) -> tuple[int, int]:
    """Make or change a Sku; shops' prices under a new floor are lifted to it.

    Returns the Sku's id and how many listings were lifted.
    """
    with unit_of_work(actor) as work:
        product = _product(product_id)
        sku = _sku(product_id, sku_id) if sku_id else None
        before = sku.floor_minor if sku else 0
        order_before = sku.issue_order if sku else None
        sku = service.save_sku(sku, product, values)
        work.record("sku.saved", f"sku:{sku.id}", floor=sku.floor_minor, floor_before=before)
        if order_before not in {None, sku.issue_order}:
            work.enqueue("reorder_codes", sku_id=sku.id)
        saved, floor, raised = sku.id, sku.floor_minor, sku.floor_minor > before > 0
    return saved, _lift(saved, floor, actor) if raised else 0


def _lift(sku_id: int, floor_minor: int, actor: Actor) -> int:
    # Prices belong to shops, which a brand reads and never writes: the platform does it, and writes it down.
    with platform_scope(), unit_of_work(actor) as work:
        shops = service.lift_listings(sku_id, floor_minor)
        if shops:
            work.record("listings.lifted", f"sku:{sku_id}", floor=floor_minor, shops=shops)
        return sum(shops.values())


def add_counted_stock(product_id: int, sku_id: int, pieces: int, *, actor: Actor) -> int:
    """Add to what remains of a counted Sku, or take away; returns what remains."""
    with unit_of_work(actor) as work:
        sku = _sku(product_id, sku_id)
        if sku.delivery_kind in {"code", "link"}:
            raise InvalidInput(param="pieces", reason="not_counted")
        left = counted.add(sku.id, sku.brand_id, pieces)
        work.record("stock.counted", f"sku:{sku_id}", pieces=pieces, remaining=left)
        return left


def replace_reusable(product_id: int, sku_id: int, secret: Secret, *, actor: Actor) -> None:
    """Another code for every buyer from now on; it is sealed before it reaches the database."""
    with unit_of_work(actor) as work:
        sku = _sku(product_id, sku_id)
        if sku.delivery_kind != "reusable":
            raise InvalidInput(param="secret", reason="not_reusable")
        made = reusable.replace(sku.id, sku.brand_id, secret)
        work.record("reusable.replaced", f"sku:{sku_id}", reusable_id=made)


def _brand_id() -> int:
    brand_id = current_scope().brand_id
    if brand_id is None:
        raise NotFound(what="brand")
    return brand_id


def _product(product_id: int) -> Product:
    product = goods.product(product_id)
    if product is None:
        raise NotFound(what="product")
    return product


def _sku(product_id: int, sku_id: int) -> Sku:
    sku = goods.sku(sku_id)
    if sku is None or sku.product_id != product_id:
        raise NotFound(what="sku")
    return sku

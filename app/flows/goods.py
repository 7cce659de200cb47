"""A brand keeps its goods. Each story needs the brand's scope."""

from collections.abc import Mapping
from typing import Any

from app.domain.catalog import goods, service
from app.domain.catalog.models import Product, Sku
from app.domain.catalog.refusals import SuggestedBelowFloor
from app.domain.commissions import rule_service
from app.domain.inventory import counted, reusable
from app.domain.pricing import floor_queries
from app.flows import floors
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.unit_of_work import unit_of_work
from app.foundation.vault import Secret
from tenants.context import current_scope


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
    """Make or change a Sku; its floor is the one for everybody from now on, as `flows.floors` sets it.

    Returns the Sku's id and how many listings the new floor raised or paused.
    """
    with unit_of_work(actor) as work:
        rule_service.hold(_brand_id())
        product = _product(product_id)
        sku = _sku(product_id, sku_id) if sku_id else None
        before = sku.floor_minor if sku else 0
        order_before = sku.issue_order if sku else None
        sku = service.save_sku(sku, product, values)
        _refuse_under_coming(sku)
        floors.check_standing(sku)
        work.record("sku.saved", f"sku:{sku.id}", floor=sku.floor_minor, floor_before=before)
        if order_before not in {None, sku.issue_order}:
            work.enqueue("reorder_codes", sku_id=sku.id)
        saved, raised = sku.id, sku.floor_minor > before > 0
    return saved, len(floors.catch_up_soon(saved, actor=actor) or ()) if raised else 0


def _refuse_under_coming(sku: Sku) -> None:
    """The suggested price stays above every floor that holds or is to come."""
    standing = floor_queries.standing_floors(sku.id, since=clock.now())
    highest = max((one.floor_minor for one in standing), default=0)
    if sku.suggested_minor < highest:
        raise SuggestedBelowFloor(param="suggested", currency=sku.currency)


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

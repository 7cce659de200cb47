"""Which suppliers are asked for a top-up, and in what order."""

from app.domain.fulfilment.gateway import Supplier

_suppliers: dict[str, Supplier] = {}


def register(name: str, supplier: Supplier) -> None:
    """Suppliers are asked in the order in which they were registered."""
    _suppliers[name] = supplier


def supplier(name: str) -> Supplier:
    return _suppliers[name]


def in_order() -> list[str]:
    """The suppliers that are asked for a top-up, first choice first."""
    return list(_suppliers)

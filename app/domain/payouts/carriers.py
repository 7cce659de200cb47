"""Whoever carries payouts from this house, by method. A bank's batch file is carried by people and is not here."""

from app.domain.payouts.gateway import Carrier
from app.foundation.errors import NotFound

_carriers: dict[str, Carrier] = {}


def register(name: str, carrier: Carrier) -> None:
    _carriers[name] = carrier


def carrier(name: str) -> Carrier:
    """The carrier of that name, or NotFound."""
    if name not in _carriers:
        raise NotFound(what="carrier", name=name)
    return _carriers[name]


def methods() -> list[str]:
    """What a firm may choose here; a bank account always."""
    return [*sorted(_carriers), "bank"]

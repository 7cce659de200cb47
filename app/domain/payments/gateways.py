"""The payment gateways this program was started with, by name."""

from app.domain.payments.gateway import PaymentGateway
from app.foundation.errors import NotFound

_gateways: dict[str, PaymentGateway] = {}


def register(name: str, gateway: PaymentGateway) -> None:
    _gateways[name] = gateway


def gateway(name: str) -> PaymentGateway:
    """The gateway of that name, or NotFound."""
    if name not in _gateways:
        raise NotFound(what="gateway", name=name)
    return _gateways[name]


def names() -> list[str]:
    """Every gateway this program was started with."""
    return sorted(_gateways)

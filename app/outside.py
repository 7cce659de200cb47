"""Connect the outside world the settings name: where buyers pay, and who credits top-ups."""

from app.config import Settings
from app.domain.fulfilment import service as suppliers
from app.domain.fulfilment.http_supplier import Account, HttpSupplier
from app.domain.payments import gateways
from app.domain.payments.sandbox_gateway import SandboxGateway
from app.domain.payments.stripe_gateway import StripeAccount, StripeGateway
from app.domain.payouts import carriers
from app.domain.payouts.sandbox_carrier import SandboxCarrier
from app.domain.payouts.stripe_carrier import StripeCarrier
from app.flows.sandbox_book import Book
from app.flows.sandbox_transfers import Transfers

# The instances of the reference supplier, in the order in which they are asked.
SUPPLIERS = ("alpha", "beta")


def connect(settings: Settings) -> None:
    """Register every gateway and supplier that has its keys."""
    if settings.sandbox_secret:
        pay_url = settings.host_url(f"pay.{settings.base_host}", "")
        gateways.register("sandbox", SandboxGateway(settings.sandbox_secret.split(","), pay_url, book=Book()))
    if settings.gateway == "sandbox":
        carriers.register("sandbox", SandboxCarrier(Transfers()))
    if settings.stripe_secret_key:
        account = StripeAccount(
            settings.stripe_secret_key, settings.stripe_webhook_secret.split(","), settings.stripe_account,
            settings.stripe_api_base,
        )  # fmt: skip
        gateways.register("stripe", StripeGateway(account))
        carriers.register(
            "stripe",
            StripeCarrier(account.secret_key, account.webhook_secrets, api_base=settings.stripe_api_base),
        )
    if settings.supplier_url:
        for name in SUPPLIERS:
            suppliers.register(name, HttpSupplier(_account(settings, name)))


def _account(settings: Settings, name: str) -> Account:
    return Account(
        name, f"{settings.supplier_url.rstrip('/')}/{name}", settings.supplier_key, settings.supplier_secret,
        f"{settings.hook_url}/supplier/{name}",
    )  # fmt: skip

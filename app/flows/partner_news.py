"""Who hears of a partnership, and in which language."""

from dataclasses import dataclass
from typing import Any

from app.domain.brands import queries as brands
from app.domain.distributors import shops
from app.domain.identity import queries as people
from app.domain.notifications import service as notifications
from app.foundation.unit_of_work import Work
from tenants.context import platform_scope


@dataclass(frozen=True, slots=True)
class Reader:
    """A firm as a mail to it needs it."""

    name: str
    email: str
    locale: str


def brand_reader(brand_id: int) -> Reader:
    """The brand's contact; looked up before the story's own transaction begins."""
    with platform_scope():
        brand = brands.brand(brand_id)
        return _reader(brand.name, brand.contact_email) if brand else Reader("", "", "zh_Hans")


def distributor_reader(distributor_id: int) -> Reader:
    """The distributor's contact."""
    with platform_scope():
        firm = shops.distributor(distributor_id)
        return _reader(firm.name, firm.contact_email) if firm else Reader("", "", "zh_Hans")


def _reader(name: str, email: str) -> Reader:
    known = people.user_by_email(email) if email else None
    return Reader(name, email, known.locale if known else "zh_Hans")


def tell(work: Work, reader: Reader, kind: str, *, key: str, page: str, **facts: Any) -> None:
    """Write to a firm, once per occasion; a firm without an address hears it in its console only."""
    if reader.email:
        notifications.write(
            work, key=key, kind=kind, recipient=reader.email, locale=reader.locale, shop_id=None, page=page, **facts
        )  # fmt: skip

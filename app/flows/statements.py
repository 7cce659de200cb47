"""A firm's statement for a period, kept with its digest when it leaves the house, and recognised when it comes back."""

from dataclasses import dataclass

from app.domain.brands import queries as brands
from app.domain.distributors import shops
from app.domain.ledger import statements
from app.domain.ledger.firms import Firm
from app.domain.ledger.models import IssuedStatement
from app.domain.ledger.rules import Statement, digest
from app.domain.ledger.statements import Days
from app.foundation import clock, ids
from app.foundation.actor import Actor
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

PURPOSE = "statement"


@dataclass(frozen=True, slots=True)
class Verified:
    """A document that is ours. `still_so`: whether the books say today exactly what it says."""

    issued: IssuedStatement
    firm_name: str
    still_so: bool


def issue(firm: Firm, currency: str, days: Days, *, actor: Actor) -> tuple[Statement, IssuedStatement]:
    """Read a statement and keep what it says; asked for again with the same figures it has the same number."""
    with unit_of_work():
        found = statements.read(firm, currency, days)
        signed = digest_of(found)
        before = statements.issued(firm, found, signed)
    if before is not None:
        return found, before
    values = {
        "number": f"{clock.now():%y%m}-{ids.random_signs(8)}", **firm.ids(), "currency": currency,
        "since": days.since, "until": days.until, "entries": len(found.movements),
        "opening_minor": found.opening.total_minor, "closing_minor": found.closing.total_minor,
        "digest": signed, "created_by": actor.id,
    }  # fmt: skip
    with unit_of_work(actor) as work:  # in the firm's own list of what was done
        work.record("statement.issued", f"{firm.kind}:{firm.id}", currency=currency, until=str(days.until))
    # A firm's scope writes none: what is kept here was read from the books by the house.
    with platform_scope(), unit_of_work():
        statements.keep(values)
        kept = statements.issued(firm, found, signed)
    if kept is None:
        raise AssertionError("a statement that was just kept is gone")
    return found, kept


def digest_of(statement: Statement) -> str:
    """The statement's digest under the house's own key."""
    return digest(statement, key=settings().key_for(PURPOSE))


def verify(number: str, said: str) -> Verified | None:
    """Whether a document of that number and digest is ours; None tells nothing of which of the two was wrong."""
    with platform_scope():
        found = statements.by_number(number.strip().upper())
        if found is None or not ids.same(found.digest.encode(), _plain(said).encode()):
            return None
        firm = Firm(found.brand_id, found.distributor_id)
        now = statements.read(firm, found.currency, Days(found.since, found.until))
        return Verified(found, _name_of(firm), digest_of(now) == found.digest)


def _plain(said: str) -> str:
    """A digest as people type it: in groups, with capitals."""
    return "".join(said.split()).lower()


def _name_of(firm: Firm) -> str:
    if firm.brand_id is not None:
        brand = brands.brand(firm.brand_id)
        return brand.name if brand else ""
    distributor = shops.distributor(firm.id)
    return distributor.name if distributor else ""

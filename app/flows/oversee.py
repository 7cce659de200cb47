"""The platform approves, suspends and tries again."""

from app.domain.brands.models import Brand
from app.domain.distributors.models import Distributor
from app.foundation import browse, clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound, StaleState
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

FIRMS: dict[str, type[Brand] | type[Distributor]] = {"brand": Brand, "distributor": Distributor}


def approve(kind: str, firm_id: int, *, actor: Actor) -> None:
    """Let a brand's goods, or a distributor's shops, be seen."""
    with platform_scope(), unit_of_work(actor) as work:
        firm = _firm(kind, firm_id)
        if firm.status == "approved":
            return
        firm.status, firm.approved_at = "approved", firm.approved_at or clock.now()
        work.record(f"{kind}.approved", f"{kind}:{firm_id}")


def suspend(kind: str, firm_id: int, *, reason: str, actor: Actor) -> None:
    """Take them off sale at once; the reason is kept and shown to them."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput(param="reason", reason="empty")
    with platform_scope(), unit_of_work(actor) as work:
        firm = _firm(kind, firm_id)
        if firm.status == "suspended":
            return
        firm.status = "suspended"
        work.record(f"{kind}.suspended", f"{kind}:{firm_id}", reason=reason)


def retry_job(row_id: int, *, actor: Actor) -> None:
    """Put a failed job on its way again, or StaleState where it is on its way already."""
    with platform_scope(), unit_of_work(actor) as work:
        if not browse.retry(row_id):
            raise StaleState(what="job", id=row_id)
        work.record("job.retried", f"job:{row_id}")


def _firm(kind: str, firm_id: int) -> Brand | Distributor:
    firm = session().get(FIRMS[kind], firm_id, with_for_update={"key_share": True})
    if not isinstance(firm, Brand | Distributor):
        raise NotFound(what=kind)
    return firm

"""The platform changes who stands above a distributor."""

from app.domain.distributors import service, shops
from app.flows.partner_news import distributor_reader, tell
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def set_upline(distributor_id: int, upline_id: int | None, *, reason: str, actor: Actor) -> None:
    """Put a distributor below another, or below nobody; UplineCircle where it would stand above itself.

    What was ordered before keeps the uplines of its moment.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(param="reason", reason="empty")
    reader = distributor_reader(distributor_id)
    above = distributor_reader(upline_id).name if upline_id is not None else ""
    with platform_scope(), unit_of_work(actor) as work:
        if shops.distributor(distributor_id) is None or (
            upline_id is not None and shops.distributor(upline_id) is None
        ):
            raise NotFound(what="distributor")
        before = service.put_below(distributor_id, upline_id)
        if before == upline_id:
            return
        work.record(
            "distributor.upline_changed", f"distributor:{distributor_id}", before=before, after=upline_id, reason=reason
        )  # fmt: skip
        tell(
            work, reader, "upline_changed", key=f"upline:{distributor_id}:{clock.now():%Y%m%d%H%M%S%f}",
            page="/distributor/recruit", upline=above, reason=reason,
        )  # fmt: skip

"""What is stuck, what fits nothing, what is on its way, who did what."""

from datetime import timedelta
from typing import Any

from flask import flash, render_template, url_for
from flask_babel import gettext as _

from app.domain.distributors import shops as shops_of
from app.domain.orders import lists as orders_of
from app.domain.payments import lists as payments
from app.domain.reconciliation import lists as reconciled
from app.flows import oversee
from app.foundation import browse, clock
from app.foundation.errors import NotFound, ProductError
from app.foundation.paging import Asked
from app.web.console import giving_back
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import EVENT_KINDS, EVENT_OUTCOMES, ORDER_STATES, options, reason_name
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.distributor.orders import show_order
from app.web.platform import machines, platform

STUCK_AFTER = timedelta(minutes=10)
PROVEN_WITHIN = timedelta(hours=36)


@platform.get("/")
def home() -> Any:
    waiting, failed, oldest = browse.outbox_figures()
    return render_template(
        "platform/home.html",
        waiting=waiting,
        failed=failed,
        oldest=oldest,
        checks=machines.checks(),
        stuck=orders_of.stuck_page(Asked(size=1), before=clock.now() - STUCK_AFTER).total,
        events=payments.events_in_doubt(),
        distributors=shops_of.distributors_page(Asked(filters={"status": "pending"}, size=1)).total,
        brands=machines.pending_brands(),
        queues=machines.queues(),
    )


@platform.get("/stuck")
def stuck() -> Any:
    """Paid and not finished for ten minutes, or waiting for a person."""
    listing = Listing(
        name="stuck-orders",
        usual="paid",
        searches="",
        columns=(
            Col("number", _("Order")),
            Col("shop", _("Shop"), sort=True),
            Col("total", _("Total"), sort=True, money=True),
            Col("state", _("State")),
            Col("reason", _("Reason")),
            Col("paid", _("Paid"), sort=True),
        ),
        filters=(
            (
                "state",
                _("State"),
                [
                    (key, words)
                    for key, words in options(ORDER_STATES)
                    if key in {"paid", "refunding", "attention"}
                ],
            ),
        ),
        empty=_("No order is stuck."),
    )

    def row(found: Any) -> dict[str, Any]:
        order, shop = found
        state, tone = ORDER_STATES[order.state]
        return {
            "id": order.id,
            "number": order.number,
            "shop": shop.name,
            "total": order.total_minor,
            "currency": order.currency,
            "state": str(state),
            "tone": tone,
            "reason": reason_name(order.attention_reason),
            "paid": order.paid_at,
        }

    return answer(
        listing,
        lambda asked: orders_of.stuck_page(asked, before=clock.now() - STUCK_AFTER),
        row,
        "platform/stuck.html",
    )


@platform.get("/orders/<number>")
def order(number: str) -> Any:
    """One order of any shop; never a secret."""
    found = orders_of.order(number)
    if found is None:
        raise NotFound(what="order")
    return show_order(
        number, template="platform/order.html", shop=shops_of.shop_names([found.shop_id]).get(found.shop_id)
    )


@platform.route("/orders/<number>/lines/<int:line_id>/give-back", methods=["GET", "POST"])
@needs("manage")
def give_back(number: str, line_id: int) -> Any:
    """The same as a distributor may do, for any shop, with every party's part shown before."""
    found = orders_of.order(number)
    if found is None or line_id not in {line.id for line in orders_of.lines(found.id)}:
        raise NotFound(what="order_line")
    return giving_back.answer(
        found, line_id, template="platform/give_back.html", back_to=url_for("platform.order", number=number)
    )


@platform.get("/events")
def events() -> Any:
    """What gateways told us; without a filter only what fits nothing."""
    listing = Listing(
        name="payment-events",
        usual="-received",
        searches=_("Reference or event"),
        columns=(
            Col("received", _("Received"), sort=True),
            Col("gateway", _("Gateway")),
            Col("kind", _("Kind"), sort=True),
            Col("reference", _("Our reference")),
            Col("amount", _("Amount"), sort=True, money=True),
            Col("state", _("Outcome")),
            Col("note", _("Note")),
            Col("event_id", _("Event"), shown=False),
        ),
        filters=(
            (
                "outcome",
                _("Outcome"),
                (*options(EVENT_OUTCOMES), ("open", _("Not worked on yet")), ("all", _("Every event"))),
            ),
        ),
        empty=_("Every event has found its payment."),
    )

    def row(event: Any) -> dict[str, Any]:
        state, tone = EVENT_OUTCOMES.get(event.outcome, (_("Not worked on yet"), "info"))
        return {
            "id": event.id,
            "received": event.received_at,
            "gateway": event.gateway,
            "kind": str(EVENT_KINDS.get(event.kind, event.kind)),
            "reference": event.reference or event.external_id or "",
            "amount": event.amount_minor,
            "currency": event.currency or "CNY",
            "state": str(state),
            "tone": tone,
            "note": reason_name(event.note),
            "event_id": event.event_id,
        }

    return answer(listing, payments.events_page, row, "platform/events.html")


@platform.get("/jobs")
def jobs() -> Any:
    """Jobs on their way from the outbox, and how long each queue is."""
    listing = Listing(
        name="jobs",
        usual="-created",
        searches=_("Kind or error"),
        exports=(),
        columns=(
            Col("kind", _("Job"), sort=True),
            Col("of", _("For")),
            Col("attempts", _("Tries"), sort=True, figures=True),
            Col("error", _("Last error")),
            Col("created", _("Since"), sort=True),
            Col("do", "", filed=False),
        ),
        filters=(("state", _("State"), (("waiting", _("Waiting")), ("failed", _("Failed")))),),
        empty=_("Nothing is waiting."),
    )

    def row(job: Any) -> dict[str, Any]:
        return {
            "id": job.id,
            "kind": job.kind,
            "attempts": job.attempts,
            "error": (job.last_error or "")[:300],
            "of": _("shop %(id)d", id=job.shop_id)
            if job.shop_id
            else _("brand %(id)d", id=job.brand_id)
            if job.brand_id
            else "",
            "created": job.created_at,
            "failed": job.failed_at is not None,
            "due": job.due_at,
        }

    return answer(listing, browse.outbox_page, row, "platform/jobs.html", queues=machines.queues())


@platform.post("/jobs/<int:row_id>/retry")
@needs("manage")
def retry_job(row_id: int) -> Any:
    try:
        oversee.retry_job(row_id, actor=actor())
        flash(_("On its way again."), "success")
    except ProductError as error:
        tell(error, "warning")
    return back("platform.jobs", state="failed")


@platform.get("/health")
def health() -> Any:
    return render_template(
        "platform/health.html",
        checks=machines.checks(),
        queues=machines.queues(),
        workers=machines.workers(),
        proof=reconciled.last_proof(),
        late=clock.now() - PROVEN_WITHIN,
    )


@platform.get("/audit")
def audit() -> Any:
    """Who did what, from where."""
    listing = Listing(
        name="audit",
        usual="-at",
        searches=_("Action, thing or person"),
        columns=(
            Col("at", _("When"), sort=True),
            Col("who", _("Who"), sort=False),
            Col("action", _("Action"), sort=True),
            Col("subject", _("Thing")),
            Col("data", _("Facts")),
            Col("ip", _("From"), shown=False),
            Col("shop_id", _("Shop"), shown=False),
            Col("brand_id", _("Brand"), shown=False),
        ),
        filters=(
            (
                "actor",
                _("Who"),
                (
                    ("staff", _("Staff")),
                    ("system", _("Perkline")),
                    ("buyer", _("Buyer")),
                    ("gateway", _("Gateway")),
                    ("visitor", _("Visitor")),
                ),
            ),
        ),
        empty=_("Nothing has happened yet."),
    )

    def row(entry: Any) -> dict[str, Any]:
        return {
            "id": entry.id,
            "at": entry.created_at,
            "who": entry.actor_name or entry.actor_kind,
            "action": entry.action,
            "subject": entry.subject,
            "data": ", ".join(f"{key}: {value}" for key, value in entry.data.items()),
            "ip": entry.ip or "",
            "shop_id": entry.shop_id,
            "brand_id": entry.brand_id,
        }

    return answer(listing, browse.audit_page, row, "platform/audit.html")

"""A shop's orders: all of them, and one from placing to delivery. Never a secret, but for a recorded look."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _

from app.domain.fulfilment import lists as fulfilment
from app.domain.notifications import lists as mails
from app.domain.orders import lists as orders_of
from app.domain.orders.models import Order
from app.domain.payments import lists as payments
from app.domain.payments.queries import back_by_line
from app.flows import resolve
from app.flows.reveal import reveal as look_at
from app.foundation.errors import NotFound, ProductError
from app.foundation.vault import Secret
from app.web.console import giving_back, promotion_steps
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import (
    ATTENTION,
    DELIVERY_STATES,
    KINDS,
    ORDER_STATES,
    PAYMENT_STATES,
    REFUND_STATES,
    STEPS,
    options,
)
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from app.web.distributor import distributor


@distributor.get("/shops/<slug>/orders")
def orders(slug: str) -> Any:
    listing = Listing(
        name=f"{slug}-orders", usual="-created", searches=_("Number, e-mail or product"),
        columns=(
            Col("number", _("Order"), sort=True), Col("goods", _("Items")), Col("email", _("Buyer"), shown=False),
            Col("total", _("Total"), sort=True, money=True), Col("currency", _("Currency"), shown=False),
            Col("state", _("State")), Col("created", _("Placed"), sort=True), Col("paid", _("Paid"), shown=False),
            Col("delivered", _("Delivered"), shown=False),
        ),
        filters=(
            ("state", _("State"), options(ORDER_STATES)),
            ("since", _("Time"), (
                ("day", _("24 hours")), ("week", _("7 days")), ("month", _("30 days")), ("quarter", _("90 days")),
            )),
        ),
        empty=_("No order yet. Share your shop's address and the first one will show here."),
    )  # fmt: skip
    return answer(listing, orders_of.orders_page, order_row, "distributor/orders.html")


def order_row(row: Any) -> dict[str, Any]:
    """An order as lists show it."""
    order, goods = row
    state, tone = ORDER_STATES[order.state]
    return {
        "id": order.id, "number": order.number, "goods": goods, "email": order.email, "total": order.total_minor,
        "currency": order.currency, "state": str(state), "tone": tone, "created": order.created_at,
        "paid": order.paid_at, "delivered": order.delivered_at,
    }  # fmt: skip


@distributor.get("/shops/<slug>/orders/<number>")
def order(slug: str, number: str) -> Any:
    return show_order(number, template="distributor/order.html", slug=slug)


def show_order(number: str, *, template: str, **more: Any) -> Any:
    """One order with everything around it but its secrets."""
    found = _order(number)
    lines = orders_of.lines(found.id)
    back = back_by_line(found.payment_id) if found.payment_id else {}
    context = {
        "order": found, "lines": lines, "steps": orders_of.steps(found.id), "payments": payments.payments_of(found.id),
        "refunds": payments.refunds_of(found.id),
        "deliveries": {row.order_line_id: row for row in fulfilment.deliveries_of(found.id)},
        "supplier_orders": fulfilment.supplier_orders_of(found.id),
        "reveals": fulfilment.reveals_of([line.id for line in lines]),
        "mails": mails.mails_about(found.id), "order_states": ORDER_STATES, "kinds": KINDS,
        "delivery_states": DELIVERY_STATES, "payment_states": PAYMENT_STATES, "step_words": STEPS,
        "back": back, "left": {line.id: giving_back.left_of(found, line, back) for line in lines},
        "attention_words": ATTENTION, "refund_states": REFUND_STATES,
        "promotion_steps": promotion_steps.by_line(found.id) if found.promoted else {},
    }  # fmt: skip
    return render_template(template, **context, **more)


@distributor.post("/shops/<slug>/orders/<number>/lines/<int:line_id>/reveal")
@needs("reveal")
def reveal(slug: str, number: str, line_id: int) -> Any:
    """Show a line's secrets once on this page; the look is recorded first, with who and from where."""
    found = _order(number, line_id)
    try:
        shown = look_at(found.id, line_id, actor=actor())
    except ProductError as error:
        tell(error, "warning")
        return back("distributor.order", slug=slug, number=number)
    return show_order(number, template="distributor/order.html", slug=slug, revealed={line_id: shown})


@distributor.post("/shops/<slug>/orders/<number>/lines/<int:line_id>/deliver")
@needs("sell")
def deliver(slug: str, number: str, line_id: int) -> Any:
    """Hand a line over that a person has to deliver, with a code or with a word of what was done."""
    found, form = _order(number, line_id), Typed()
    secret, note = (
        form.text("secret", required=False, most=2000),
        form.text("note", required=not request.form.get("secret")),
    )
    if not form.ok:
        flash(_("Type the code, or a word of what was done."), "error")
        return back("distributor.order", slug=slug, number=number)
    try:
        resolve.deliver_by_hand(
            found.id, line_id, secret=Secret.of(secret) if secret else None, note=note, actor=actor()
        )
        flash(_("Handed over. The buyer sees it now."), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.order", slug=slug, number=number)


@distributor.post("/shops/<slug>/orders/<number>/refund")
@needs("manage")
def refund(slug: str, number: str) -> Any:
    """Give the money back of an order that is paid and not delivered."""
    found, reason = _order(number), request.form.get("reason", "").strip()[:200]
    try:
        resolve.refund_order(found.id, reason=reason or "shop", actor=actor())
        flash(_("The refund is on its way."), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.order", slug=slug, number=number)


@distributor.post("/shops/<slug>/orders/<number>/acknowledge")
@needs("manage")
def acknowledge(slug: str, number: str) -> Any:
    """Say that an order which waited for a person has been seen to; refused while anything of it is open."""
    found, note = _order(number), request.form.get("note", "").strip()[:200]
    try:
        resolve.acknowledge(found.id, note=note, actor=actor())
        flash(_("The order is closed."), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.order", slug=slug, number=number)


@distributor.route("/shops/<slug>/orders/<number>/lines/<int:line_id>/give-back", methods=["GET", "POST"])
@needs("manage")
def give_back(slug: str, number: str, line_id: int) -> Any:
    """Give a part of a delivered line back: what it takes from the distributor is shown before it is done."""
    return giving_back.answer(
        _order(number, line_id), line_id, template="distributor/give_back.html",
        back_to=url_for("distributor.order", slug=slug, number=number),
    )  # fmt: skip


def _order(number: str, line_id: int | None = None) -> Order:
    """The shop's order, with that line in it where one is named."""
    found = orders_of.order(number)
    if found is None:
        raise NotFound(what="order")
    if line_id is not None and line_id not in {line.id for line in orders_of.lines(found.id)}:
        raise NotFound(what="order_line")
    return found

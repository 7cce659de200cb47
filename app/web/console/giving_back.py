"""The page that gives a part of a delivered line back: asked, shown with what it takes from whom, then done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _

from app.domain.fulfilment import lists as fulfilment
from app.domain.orders import lists as orders_of
from app.domain.orders.models import Order
from app.domain.payments.queries import back_by_line
from app.flows import give_back, take_back
from app.foundation import ids
from app.foundation.errors import ProductError
from app.web.console.persons import actor
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from tenants.context import current_scope, shop_scope


@dataclass(frozen=True, slots=True)
class Shown:
    """What will happen: words and minor units of each part that the viewer may see."""

    amount_minor: int
    parts: tuple[tuple[str, int], ...]
    key: str


def left_of(order: Order, line: Any, back: Mapping[int, int]) -> int:
    """What can still be given back of a line, in minor units; 0 where it cannot be asked for."""
    if line.state != "delivered" or order.payment_id is None or order.state not in give_back.OPEN:
        return 0
    return int(line.net_minor) - back.get(line.id, 0)


def answer(order: Order, line_id: int, *, template: str, back_to: str) -> Any:
    """The page, or after confirming the way back to the order. The platform sees every part, a firm its own."""
    line = next(line for line in orders_of.lines(order.id) if line.id == line_id)
    left = left_of(order, line, back_by_line(order.payment_id) if order.payment_id else {})
    form, shown = Typed(), None
    if form.sent:
        amount, reason = form.money("amount", order.currency), form.text("reason", most=200)
        if form.ok and not 0 < (amount or 0) <= left:
            form.errors["amount"] = _("More than nothing, and not more than can still be given back.")
        if form.ok and request.form.get("sure") == "1":
            return _do(order, line_id, amount or 0, reason, back_to)
        if form.ok:
            shown = _shown(order, line_id, amount or 0)
    context = {
        "order": order, "line": line, "left_minor": left, "form": form, "shown": shown, "back_to": back_to,
        "looks": len(fulfilment.reveals_of([line_id])),
    }  # fmt: skip
    return render_template(template, **context), 422 if form.errors else 200


def _do(order: Order, line_id: int, amount_minor: int, reason: str, back_to: str) -> Any:
    seen = request.form.get("seen", "")
    try:
        with shop_scope(order.shop_id):
            give_back.give_back(
                order.id, line_id, amount_minor, reason=reason, key=request.form.get("key", ""),
                seen_left_minor=int(seen) if seen.isdecimal() and len(seen) < 19 else -1, actor=actor(),
            )  # fmt: skip
        flash(_("The refund is on its way."), "success")
    except ProductError as error:
        tell(error)
    return redirect(back_to, 303)


def _shown(order: Order, line_id: int, amount_minor: int) -> Shown:
    everybody = current_scope().shop_id is None
    shares = take_back.preview(order.id, line_id, amount_minor)
    words = {"seller": _("The distributor gives back"), "supplier": _("The brand gives back")} if everybody else {
        "seller": _("You give back")
    }  # fmt: skip
    if everybody:
        words |= {
            "upline1": _("The upline gives back"), "upline2": _("The upline above gives back"),
            "platform": _("The platform gives back"), "gateway": _("Of the payment's fee, borne by the platform"),
        }  # fmt: skip
    parts = [(words[role], minor) for role, minor in shares.parts.items() if role in words]
    if everybody and shares.promotion_minor:
        parts.append((_("The platform gets again of its discount"), -shares.promotion_minor))
    return Shown(amount_minor, tuple(parts), ids.token())

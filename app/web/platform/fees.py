"""What the platform and the gateways take: in force, coming and past; changed only from a moment on."""

from datetime import datetime
from typing import Any

from flask import flash, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.domain.commissions import fee_queries as queries
from app.domain.commissions import fees as rules_of
from app.domain.commissions.fee_trial import FITS, FeeDraft, target_of
from app.domain.commissions.models import FeeRule
from app.flows import fees as keeping
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.console.persons import actor, needs
from app.web.console.rule_words import RULE_STATES, cash, percent
from app.web.console.typed import Typed
from app.web.console.typed_terms import kept, typed_moment, typed_rate
from app.web.platform import platform
from app.web.platform.fee_trial import preview

FEE_KINDS = {
    "platform": lazy_gettext("Platform fee"),
    "gateway": lazy_gettext("Gateway fee"),
    "payout": lazy_gettext("Payout fee"),
}
GATEWAYS = {"stripe": "Stripe", "sandbox": "Sandbox"}
CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY")


@platform.get("/fees")
def fees() -> Any:
    listing = Listing(
        name="fees",
        usual="-since",
        searches=_("Brand, gateway or reason"),
        columns=(
            Col("kind", _("Kind")),
            Col("target", _("Counts for")),
            Col("takes", _("Takes")),
            Col("state", _("State")),
            Col("since", _("From"), sort=True),
            Col("reason", _("Reason")),
            Col("do", "", filed=False),
        ),
        filters=(("kind", _("Kind"), options(FEE_KINDS)),),
        empty=_("No fee yet: neither the platform nor a gateway takes anything of a sale."),
    )
    standing = _standing(list(rules_of.all_rules()), clock.now())
    return answer(listing, queries.fees_page, lambda found: _row(found, standing), "platform/fees.html")


def _standing(rules: list[FeeRule], now: datetime) -> set[int]:
    """The fees that count for their own target now."""
    newest: dict[Any, FeeRule] = {}
    for rule in sorted(rules, key=lambda one: (one.starts_at, one.id)):
        if rule.starts_at <= now:
            newest[target_of(rule)] = rule
    return {rule.id for rule in newest.values()}


def _row(found: Any, standing: set[int]) -> dict[str, Any]:
    rule, brand = found
    state = "coming" if rule.starts_at > clock.now() else "now" if rule.id in standing else "ended"
    words, tone = RULE_STATES[state]
    return {
        "id": rule.id, "kind": str(FEE_KINDS[rule.kind]), "target": for_what(rule, brand.name if brand else ""),
        "takes": takes(rule), "state": str(words), "tone": tone, "since": rule.starts_at, "reason": rule.reason,
        "live": state == "now" and not rule.lapsed,
        "again": {
            "kind": rule.kind, "gateway": rule.gateway or "", "brand": rule.brand_id or "",
            "currency": rule.currency or "",
        },
    }  # fmt: skip


def for_what(rule: FeeRule | FeeDraft, brand: str) -> str:
    parts = [brand, GATEWAYS.get(rule.gateway or "", rule.gateway or ""), rule.currency or ""]
    return " · ".join(part for part in parts if part) or _("Everything")


def takes(rule: FeeRule | FeeDraft) -> str:
    """A fee in words."""
    if rule.lapsed:
        return _("nothing of its own: the wider fee counts")
    words = percent(rule.rate_bps)
    if rule.fixed_minor:
        words += " + " + cash(rule.fixed_minor, rule.currency or "CNY")
    return words


@platform.route("/fees/new", methods=["GET", "POST"])
@needs("manage")
def new_fee() -> Any:
    """A fee from a moment on, seen first with what the last thirty days would have cost."""
    start = {name: request.args.get(name, "") for name in ("kind", "gateway", "brand", "currency")}
    form = Typed(
        {
            "begins": "now",
            "lapsed": request.args.get("lapsed", ""),
            **start,
            "kind": start["kind"] or "platform",
        }
    )
    kind = request.values.get("kind") or "platform"
    if kind not in FEE_KINDS:
        raise NotFound(what="kind of fee")
    do = request.form.get("do", "")
    brands = [(str(one), name) for one, name in queries.brands()]
    if request.method == "POST" and do != "edit":
        draft = _typed(form, kind)
        reason = form.text("reason", most=200)
        try:
            if form.ok and do == "save":
                write = keeping.end_fee if draft.lapsed else keeping.set_fee
                write(draft, reason=reason, actor=actor())
                flash(_("Saved."), "success")
                return back("platform.fees")
            if form.ok:
                return render_template(
                    "platform/fee_preview.html", draft=draft, since=keeping.look_at(draft), preview=preview(draft),
                    fields=kept(request.form), takes=takes(draft), kinds=FEE_KINDS,
                    target=for_what(draft, dict(brands).get(str(draft.brand_id), "")),
                )  # fmt: skip
        except ProductError as error:
            form.blame(error, otherwise="starts_at")
    return render_template(
        "platform/fee_form.html", form=form, kind=kind, kinds=options(FEE_KINDS), brands=brands, fits=FITS[kind],
        gateways=list(GATEWAYS.items()), currencies=[(one, one) for one in CURRENCIES],
    ), 422 if form.errors else 200  # fmt: skip


def _typed(form: Typed, kind: str) -> FeeDraft:
    fits = FITS[kind]
    currency = form.text("currency", required=False, most=3) if "currency" in fits else ""
    gateway = form.text("gateway", required=False, most=20) if "gateway" in fits else ""
    brand = form.text("brand", required=False, most=18) if "brand_id" in fits else ""
    for name, value, known in (("currency", currency, CURRENCIES), ("gateway", gateway, GATEWAYS)):
        if value and value not in known:
            form.errors[name] = _("Please choose one.")
    lapsed = form.flag("lapsed")
    starts_at = typed_moment(form, "starts_at") if form.choice("begins", ("now", "at")) == "at" else None
    return FeeDraft(
        kind, 0 if lapsed else typed_rate(form, "rate"),
        0 if lapsed else form.money("fixed", currency or "CNY", required=False) or 0, gateway or None,
        int(brand) if brand.isdecimal() else None, currency or None, starts_at, lapsed,
    )  # fmt: skip

"""The form of a referral programme, whoever makes it: what was typed as a Plan."""

from collections.abc import Sequence

from flask import request
from flask_babel import gettext as _

from app.domain.referrals.rules import Promise
from app.flows.referrals import Plan
from app.web.console.typed import Typed
from app.web.console.typed_terms import typed_moment, typed_rate

START = {
    "title": "和朋友一起省", "title_en": "Share the savings", "friend_unit": "amount", "friend_off": "5",
    "friend_from": "", "step1_kind": "cash", "step1_unit": "amount", "step1_off": "3", "step2_kind": "",
    "step2_unit": "amount", "step2_off": "", "window_days": 30, "hold_days": 7, "near_most": 3, "most_per_month": 50,
    "most_in_all": "", "least_payout": "10", "coupon_days": 90, "audience": "all", "holdout": "",
}  # fmt: skip
KINDS = ("cash", "discount")
IN_SHOPS_OWN = ("cash", "credit", "discount")
"""Store credit is money of the shop that takes it: another's programme gives none."""
UNITS = ("amount", "rate")
FIELDS = {"step1": "step1_off", "step2": "step2_off", "value": "friend_off"}


def typed_plan(form: Typed, currency: str, *, kinds: Sequence[str] = KINDS) -> Plan | None:
    """The programme as it was typed; None where something is missing, said at its field."""
    title, title_en = form.text("title", most=40), form.text("title_en", most=40, required=False)
    words, words_en = (form.text(name, most=120, required=False) for name in ("words", "words_en"))
    minor, rate = _off(form, "friend", currency)
    friend = {
        "minor": minor, "rate_bps": rate, "from_minor": form.money("friend_from", currency, required=False),
    }  # fmt: skip
    step1 = _promise(form, "step1", currency, kinds)
    step2 = _promise(form, "step2", currency, kinds) if request.form.get("step2_kind") else None
    terms = {
        "window_days": form.whole("window_days", least=1, most=365),
        "hold_days": form.whole("hold_days", least=0, most=365),
        "near_most": form.whole("near_most", least=1, most=1000),
        "most_per_month": form.whole("most_per_month", least=1, most=100_000, required=False),
        "most_in_all": form.whole("most_in_all", least=1, most=100_000, required=False),
        "coupon_days": form.whole("coupon_days", least=1, most=365),
        "budget_minor": _above_nought(form, "budget", currency),
        "least_payout_minor": _above_nought(form, "least_payout", currency),
    }
    friend_budget, ends_at = (
        _above_nought(form, "friend_budget", currency),
        typed_moment(form, "ends_at", required=False),
    )
    holdout = typed_rate(form, "holdout", required=False)
    if not 0 <= holdout <= 9000:
        form.errors["holdout"] = _("A percentage from 0 to 90.")
    audience = form.choice("audience", ("all", "first_order"))
    if not form.ok or step1 is None:
        return None
    return Plan(
        title, {name: value for name, value in friend.items() if value}, step1, step2, title_en=title_en, words=words,
        words_en=words_en, audience=audience, friend_budget_minor=friend_budget, ends_at=ends_at, holdout_bps=holdout,
        terms=terms,
    )  # fmt: skip


def _off(form: Typed, name: str, currency: str) -> tuple[int, int]:
    """(minor units, basis points) of an amount or a rate; one of them is nought."""
    field = f"{name}_off"
    unit = form.choice(f"{name}_unit", UNITS)
    minor = form.money(field, currency) or 0 if unit == "amount" else 0
    rate = typed_rate(form, field) if unit == "rate" else 0
    if field not in form.errors and not (minor > 0 or 0 < rate <= 10_000):
        form.errors[field] = (
            _("A percentage above 0, at most 100.") if unit == "rate" else _("An amount above 0.")
        )
    return minor, rate


def _promise(form: Typed, name: str, currency: str, kinds: Sequence[str]) -> Promise | None:
    kind = form.choice(f"{name}_kind", kinds)
    minor, rate = _off(form, name, currency)
    if kind == "discount" and rate:
        form.errors[f"{name}_off"] = _("A coupon is of a fixed amount: choose the amount.")
    return Promise(kind, minor, rate) if form.ok else None


def _above_nought(form: Typed, name: str, currency: str) -> int | None:
    found = form.money(name, currency, required=False)
    if found is not None and found <= 0 and name not in form.errors:
        form.errors[name] = _("An amount above 0.")
    return found

"""A shop's referral programme: setting it up, who promotes, what it brought, and what was refused and why."""

from typing import Any

from flask import flash, g, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from app.domain.referrals import queries
from app.domain.referrals.rules import Promise
from app.domain.referrals.service import promise_of
from app.flows import referrals
from app.flows.referrals import Plan
from app.foundation.errors import ProductError
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.console.persons import actor, needs
from app.web.console.referral_words import (
    PROGRAMME_STATES,
    PROMOTER_STATES,
    REWARD_REASONS,
    REWARD_STATES,
    promise_words,
)
from app.web.console.refusal import tell
from app.web.console.sentences import sentence
from app.web.console.typed import Typed
from app.web.console.typed_terms import typed_moment, typed_rate
from app.web.distributor import distributor
from app.web.look.money import money

START = {
    "title": "和朋友一起省", "title_en": "Share the savings", "friend_unit": "amount", "friend_off": "5",
    "friend_from": "", "step1_kind": "cash", "step1_unit": "amount", "step1_off": "3", "step2_kind": "",
    "step2_unit": "amount", "step2_off": "", "window_days": 30, "hold_days": 7, "near_most": 3, "most_per_month": 50,
    "most_in_all": "", "least_payout": "10", "coupon_days": 90, "audience": "all", "holdout": "",
}  # fmt: skip
KINDS = ("cash", "discount")
UNITS = ("amount", "rate")
FIELDS = {"step1": "step1_off", "step2": "step2_off", "value": "friend_off"}


@distributor.get("/shops/<slug>/referrals")
def referrals_home(slug: str) -> Any:  # noqa: ARG001 - the scope of its shop is open
    rows = queries.programmes()
    locale = str(get_locale())
    told = [
        (
            programme, promotion, promise_words(promise_of(programme, 1), promotion.currency, locale),
            promise_words(promise_of(programme, 2), promotion.currency, locale) if programme.step2_kind else "",
            friend_words(promotion.value),
        )
        for programme, promotion in rows
    ]  # fmt: skip
    return render_template(
        "distributor/referrals.html", rows=told, figures=queries.figures(g.shop.id), states=PROGRAMME_STATES,
        tabs=tabs("referrals_home"),
    )  # fmt: skip


@distributor.get("/shops/<slug>/promotions/new/referral")
@needs("sell")
def referral_new(slug: str) -> Any:  # noqa: ARG001 - the scope of its shop is open
    return _form(Typed(START))


@distributor.post("/shops/<slug>/promotions/new/referral")
@needs("sell")
def make_referral(slug: str) -> Any:
    form = Typed()
    plan = _plan(form)
    if not form.ok or plan is None:
        return _form(form)
    live = request.form.get("do") == "live"
    try:
        referrals.make_programme(g.shop.id, g.shop.currency, plan, actor=actor(), live=live)
    except ProductError as error:
        form.errors[FIELDS.get(error.param or "", error.param or "title")] = sentence(error)
        return _form(form)
    flash(_("The programme is live.") if live else _("Kept as a draft."), "success")
    return back("distributor.referrals_home", slug=slug)


@distributor.post("/shops/<slug>/referrals/<int:promotion_id>/state")
@needs("sell")
def change_referral(slug: str, promotion_id: int) -> Any:
    wanted = request.form.get("to", "")
    try:
        referrals.change_state(promotion_id, wanted if wanted in PROGRAMME_STATES else "ended", actor=actor())
        flash(_("Done."), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.referrals_home", slug=slug)


@distributor.get("/shops/<slug>/referrals/promoters")
def promoters(slug: str) -> Any:
    listing = Listing(
        name=f"{slug}-promoters", usual="-joined", searches=_("E-mail or code"),
        columns=(
            Col("email", _("Promoter")), Col("code", _("Link code")),
            Col("clicks", _("Clicks"), sort=True, figures=True),
            Col("orders", _("Orders"), sort=True, figures=True), Col("earned", _("Rewards"), sort=True, money=True),
            Col("balance", _("To be paid out"), money=True), Col("state", _("State")),
            Col("joined", _("Joined"), sort=True), Col("currency", _("Currency"), shown=False),
        ),
        filters=(("state", _("State"), options(PROMOTER_STATES)),),
        empty=_("Nobody promotes your shop yet. Buyers find the way in on their own page, under “Bring friends”."),
    )  # fmt: skip
    return answer(
        listing, queries.promoters_page, _promoter_row, "distributor/promoters.html", tabs=tabs("promoters")
    )


@distributor.post("/shops/<slug>/referrals/promoters/<int:promoter_id>/state")
@needs("sell")
def change_promoter(slug: str, promoter_id: int) -> Any:
    referrals.stop_promoter(promoter_id, stopped=request.form.get("to") == "stopped", actor=actor())
    flash(_("Done."), "success")
    return back("distributor.promoters", slug=slug)


@distributor.get("/shops/<slug>/referrals/rewards")
def rewards(slug: str) -> Any:
    listing = Listing(
        name=f"{slug}-rewards", usual="-made", searches=_("Promoter, buyer or order number"),
        columns=(
            Col("made", _("Ordered"), sort=True), Col("promoter", _("Promoter")), Col("number", _("Order")),
            Col("buyer", _("Buyer")), Col("total", _("Total"), money=True), Col("step", _("Step"), figures=True),
            Col("amount", _("Reward"), sort=True, money=True), Col("state", _("State")), Col("why", _("Why")),
            Col("currency", _("Currency"), shown=False),
        ),
        filters=(
            ("state", _("State"), options(REWARD_STATES)), ("reason", _("Reason"), options(REWARD_REASONS)),
        ),
        empty=_("No order has come by a promoter's link yet."),
    )  # fmt: skip
    return answer(
        listing, queries.rewards_page, _reward_row, "distributor/rewards.html", tabs=tabs("rewards")
    )


def tabs(here: str) -> list[tuple[str, str, bool]]:
    """The pages about referrals, side by side."""
    pages = (("referrals_home", _("Programme")), ("promoters", _("Promoters")), ("rewards", _("Rewards")))
    return [(label, url_for(f"distributor.{page}", slug=g.shop.slug), page == here) for page, label in pages]


def friend_words(value: dict[str, Any]) -> str:
    """What a friend saves, in figures."""
    rate = int(value.get("rate_bps") or 0)
    return (
        f"{rate / 100:g}%"
        if rate
        else money(int(value.get("minor") or 0), g.shop.currency, str(get_locale()))
    )


def _promoter_row(row: Any) -> dict[str, Any]:
    promoter, clicks, orders, earned, above = row
    state, tone = PROMOTER_STATES[promoter.state]
    return {
        "id": promoter.id, "email": promoter.email, "code": promoter.code, "clicks": clicks, "orders": orders,
        "earned": int(earned), "balance": promoter.balance_minor, "currency": promoter.currency, "state": str(state),
        "tone": tone, "joined": promoter.created_at, "above": above or "", "stopped": promoter.state == "stopped",
    }  # fmt: skip


def _reward_row(row: Any) -> dict[str, Any]:
    reward, promoter, number, buyer, total = row
    state, tone = REWARD_STATES[reward.state]
    why = str(REWARD_REASONS.get(reward.reason, reward.reason))
    if not why and reward.because:
        why = _("Capped: the order earned no more")
    return {
        "id": reward.id, "made": reward.created_at, "promoter": promoter, "number": number, "buyer": buyer,
        "total": total, "step": reward.step, "amount": reward.amount_minor, "currency": reward.currency,
        "state": str(state), "tone": tone, "why": why, "matures": reward.matures_at if reward.state == "held" else None,
    }  # fmt: skip


def _form(form: Typed) -> Any:
    page = render_template("distributor/referral_new.html", form=form, currency=g.shop.currency)
    return page, 422 if form.errors else 200


def _plan(form: Typed) -> Plan | None:
    """The programme as it was typed; None where something is missing, said at its field."""
    title, title_en = form.text("title", most=40), form.text("title_en", most=40, required=False)
    words, words_en = (form.text(name, most=120, required=False) for name in ("words", "words_en"))
    minor, rate = _off(form, "friend")
    friend = {
        "minor": minor, "rate_bps": rate, "from_minor": form.money("friend_from", g.shop.currency, required=False),
    }  # fmt: skip
    step1 = _promise(form, "step1", KINDS)
    step2 = _promise(form, "step2", KINDS) if request.form.get("step2_kind") else None
    terms = {
        "window_days": form.whole("window_days", least=1, most=365),
        "hold_days": form.whole("hold_days", least=0, most=365),
        "near_most": form.whole("near_most", least=1, most=1000),
        "most_per_month": form.whole("most_per_month", least=1, most=100_000, required=False),
        "most_in_all": form.whole("most_in_all", least=1, most=100_000, required=False),
        "coupon_days": form.whole("coupon_days", least=1, most=365),
        "budget_minor": _above_nought(form, "budget"),
        "least_payout_minor": _above_nought(form, "least_payout"),
    }
    friend_budget, ends_at = (
        _above_nought(form, "friend_budget"),
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


def _off(form: Typed, name: str) -> tuple[int, int]:
    """(minor units, basis points) of an amount or a rate; one of them is nought."""
    field = f"{name}_off"
    unit = form.choice(f"{name}_unit", UNITS)
    minor = form.money(field, g.shop.currency) or 0 if unit == "amount" else 0
    rate = typed_rate(form, field) if unit == "rate" else 0
    if field not in form.errors and not (minor > 0 or 0 < rate <= 10_000):
        form.errors[field] = (
            _("A percentage above 0, at most 100.") if unit == "rate" else _("An amount above 0.")
        )
    return minor, rate


def _promise(form: Typed, name: str, kinds: tuple[str, ...]) -> Promise | None:
    kind = form.choice(f"{name}_kind", kinds)
    minor, rate = _off(form, name)
    if kind == "discount" and rate:
        form.errors[f"{name}_off"] = _("A coupon is of a fixed amount: choose the amount.")
    return Promise(kind, minor, rate) if form.ok else None


def _above_nought(form: Typed, name: str) -> int | None:
    found = form.money(name, g.shop.currency, required=False)
    if found is not None and found <= 0 and name not in form.errors:
        form.errors[name] = _("An amount above 0.")
    return found

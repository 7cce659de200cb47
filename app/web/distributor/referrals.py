"""A shop's referral programme: setting it up, who promotes, what it brought, and what was refused and why."""

from typing import Any

from flask import flash, g, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from app.domain.credit import queries as credit
from app.domain.promotions.models import StoredPromotion
from app.domain.referrals import lists, queries
from app.domain.referrals.service import promise_of
from app.flows import referrals
from app.foundation.errors import ProductError
from app.foundation.paging import Asked, Page
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.console.others import paid_by
from app.web.console.persons import actor, needs
from app.web.console.promotion_words import titled
from app.web.console.referral_form import FIELDS, IN_SHOPS_OWN, START, typed_plan
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
from app.web.distributor import distributor
from app.web.look.money import money


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
        "distributor/referrals.html", rows=told, figures=lists.figures(g.shop.id), states=PROGRAMME_STATES,
        tabs=tabs("referrals_home"), owed=credit.outstanding(g.shop.id), by=paid_by,
    )  # fmt: skip


@distributor.get("/shops/<slug>/promotions/new/referral")
@needs("sell")
def referral_new(slug: str) -> Any:  # noqa: ARG001 - the scope of its shop is open
    return _form(Typed(START))


@distributor.post("/shops/<slug>/promotions/new/referral")
@needs("sell")
def make_referral(slug: str) -> Any:
    form = Typed()
    plan = typed_plan(form, g.shop.currency, kinds=IN_SHOPS_OWN)
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
            Col("joined", _("Joined"), sort=True), Col("codes", _("Own codes"), shown=False),
            Col("currency", _("Currency"), shown=False),
        ),
        filters=(("state", _("State"), options(PROMOTER_STATES)),),
        empty=_("Nobody promotes your shop yet. Buyers find the way in on their own page, under “Bring friends”."),
    )  # fmt: skip
    return answer(listing, _with_codes, _promoter_row, "distributor/promoters.html", tabs=tabs("promoters"))


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
    return answer(listing, lists.rewards_page, _reward_row, "distributor/rewards.html", tabs=tabs("rewards"))


@distributor.get("/shops/<slug>/referrals/credit")
def credit_holders(slug: str) -> Any:
    listing = Listing(
        name=f"{slug}-store-credit", usual="-balance", searches=_("E-mail"),
        columns=(
            Col("email", _("Holder")), Col("earned", _("Earned as rewards"), sort=True, money=True),
            Col("spent", _("Spent"), money=True), Col("held", _("With open orders"), money=True),
            Col("balance", _("Outstanding"), sort=True, money=True),
            Col("owed", _("Owed back"), money=True), Col("last", _("Last movement"), sort=True),
            Col("currency", _("Currency"), shown=False),
        ),
        empty=_("Nobody has store credit yet. Choose it as the reward of a programme."),
    )  # fmt: skip
    return answer(
        listing, credit.holders_page, _holder_row, "distributor/credit_holders.html", tabs=tabs("credit_holders"),
        owed=credit.outstanding(g.shop.id),
    )  # fmt: skip


def tabs(here: str) -> list[tuple[str, str, bool]]:
    """The pages about referrals, side by side."""
    pages = (
        ("referrals_home", _("Programme")), ("promoters", _("Promoters")), ("rewards", _("Rewards")),
        ("credit_holders", _("Store credit")),
    )  # fmt: skip
    return [(label, url_for(f"distributor.{page}", slug=g.shop.slug), page == here) for page, label in pages]


def friend_words(value: dict[str, Any]) -> str:
    """What a friend saves, in figures."""
    rate = int(value.get("rate_bps") or 0)
    return (
        f"{rate / 100:g}%"
        if rate
        else money(int(value.get("minor") or 0), g.shop.currency, str(get_locale()))
    )


def _with_codes(asked: Asked) -> Page[Any]:
    """The promoters, each with the coupons that belong to it."""
    page = lists.promoters_page(asked)
    codes: dict[int, list[StoredPromotion]] = {}
    for one in queries.codes_of([row[0].id for row in page.rows]):
        codes.setdefault(int(one.settings["promoter_id"]), []).append(one)
    return Page([(*row, codes.get(row[0].id, [])) for row in page.rows], page.total, page.asked)


def _promoter_row(row: Any) -> dict[str, Any]:
    promoter, clicks, orders, earned, above, coupons = row
    state, tone = PROMOTER_STATES[promoter.state]
    return {
        "id": promoter.id, "email": promoter.email, "code": promoter.code, "clicks": clicks, "orders": orders,
        "earned": int(earned), "balance": promoter.balance_minor, "currency": promoter.currency, "state": str(state),
        "tone": tone, "joined": promoter.created_at, "above": above or "", "stopped": promoter.state == "stopped",
        "coupons": [(one.id, one.code or titled(one)) for one in coupons],
        "codes": ", ".join(one.code or titled(one) for one in coupons),
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


def _holder_row(row: Any) -> dict[str, Any]:
    account, earned, spent, last = row
    return {
        "id": account.id, "email": account.email, "earned": int(earned), "spent": -int(spent), "last": last,
        "held": account.held_minor, "balance": account.balance_minor, "owed": account.owed_minor,
        "currency": account.currency,
    }  # fmt: skip


def _form(form: Typed) -> Any:
    page = render_template("distributor/referral_new.html", form=form, currency=g.shop.currency, credit=True)
    return page, 422 if form.errors else 200

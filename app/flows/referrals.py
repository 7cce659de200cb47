"""A shop's referral programme, its promoters, and who sent whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.domain.promotions import service as promotions
from app.domain.promotions.buyers import Shopper
from app.domain.promotions.errors import PromotionOver
from app.domain.promotions.models import StoredPromotion
from app.domain.referrals import queries
from app.domain.referrals.errors import NoProgramme, ProgrammeInvalid, PromoterElsewhere
from app.domain.referrals.models import Promoter, ReferralClick, ReferralProgramme
from app.domain.referrals.rules import Promise, Someone, same_person
from app.foundation import clock, ids, pace
from app.foundation.actor import Actor
from app.foundation.addresses import mailbox, neighbourhood
from app.foundation.errors import NotFound, TooManyRequests
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.directory import Tenant

CODE_SIGNS = 8
SAME_CLICK = timedelta(hours=1)
CLICKS_PER_ADDRESS, WINDOW_SECONDS = 60, 600


@dataclass(frozen=True, slots=True)
class Plan:
    """A programme as its maker wants it: the friend's benefit, what promoters get, and what holds it in bounds.

    `friend`: an amount or rate off, as `stored.value_of` reads it. Minor units; rates in basis points.
    """

    title: str
    friend: Mapping[str, Any]
    step1: Promise
    step2: Promise | None = None
    title_en: str = ""
    words: str = ""
    words_en: str = ""
    audience: str = "all"
    friend_budget_minor: int | None = None
    per_friend: int | None = 1
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    holdout_bps: int = 0
    terms: Mapping[str, int | None] = field(default_factory=dict)
    """Of `ReferralProgramme`: window_days, hold_days, most_per_month, most_in_all, budget_minor, near_most,
    coupon_days, least_payout_minor."""


def make_programme(shop_id: int, currency: str, plan: Plan, *, actor: Actor, live: bool) -> int:
    """Write a shop's programme as a draft, or live from now; the promotion's id.

    PromotionInvalid and ProgrammeInvalid name the field. A shop has one live programme: the one before ends.
    """
    check(plan)
    with unit_of_work(actor) as work:
        facts = {"owner": "shop", "shop_id": shop_id}
        row = row_of(facts, currency, plan, actor)
        first = coupon(facts, currency, plan, plan.step1, actor)
        second = coupon(facts, currency, plan, plan.step2, actor) if plan.step2 else None
        work.session.add(terms_of(plan, row.id, shop_id, first, second))
        work.session.flush()
        work.record("referral.made", f"promotion:{row.id}", kind=plan.step1.kind)
        if live:
            _go_live(work, row)
        return row.id


def row_of(facts: Mapping[str, Any], currency: str, plan: Plan, actor: Actor) -> StoredPromotion:
    """The friend's benefit as a draft, inside the caller's transaction; `facts`: whose it is."""
    return promotions.make(
        **facts, kind="referral", value=dict(plan.friend), title=plan.title, title_en=plan.title_en, words=plan.words,
        words_en=plan.words_en, currency=currency, audience=plan.audience, per_buyer=plan.per_friend,
        budget_minor=plan.friend_budget_minor, starts_at=plan.starts_at or clock.now(), ends_at=plan.ends_at,
        holdout_bps=plan.holdout_bps, template="referral", created_by=actor.id,
    )  # fmt: skip


def terms_of(
    plan: Plan, promotion_id: int, shop_id: int, first: int | None, second: int | None
) -> ReferralProgramme:
    """What promoters of a shop get; `first`, `second`: the coupons of the steps."""
    terms = {name: value for name, value in plan.terms.items() if value is not None}
    return ReferralProgramme(
        promotion_id=promotion_id, shop_id=shop_id, step1_kind=plan.step1.kind, step1_minor=plan.step1.minor,
        step1_rate_bps=plan.step1.rate_bps, step2_kind=plan.step2.kind if plan.step2 else None,
        step2_minor=plan.step2.minor if plan.step2 else 0, step2_rate_bps=plan.step2.rate_bps if plan.step2 else 0,
        coupon_id=first, coupon2_id=second, **terms,
    )  # fmt: skip


def change_state(promotion_id: int, status: str, *, actor: Actor) -> None:
    """Start, pause, go on with, or end the open shop's programme."""
    with unit_of_work(actor) as work:
        row = work.session.get(StoredPromotion, promotion_id)
        if row is None or row.kind != "referral" or row.owner != "shop":
            raise NotFound(what="referral")
        if status == "live":
            _go_live(work, row)
        else:
            promotions.become(row, status)
        work.record(f"referral.{status}", f"promotion:{row.id}")


def _go_live(work: Work, row: StoredPromotion) -> None:
    for _programme, other in queries.programmes():
        if other.owner == "shop" and other.id != row.id and other.status in {"live", "paused"}:
            promotions.become(other, "ended")
            work.record("referral.ended", f"promotion:{other.id}")
    promotions.become(row, "live")


def check(plan: Plan) -> None:
    """ProgrammeInvalid names the step that cannot be so."""
    for name, promise in (("step1", plan.step1), ("step2", plan.step2)):
        if promise is None:
            continue
        if (promise.minor > 0) == (promise.rate_bps > 0) or promise.rate_bps > 10_000:
            raise ProgrammeInvalid(param=name, reason="amount")
        if promise.kind == "discount" and promise.rate_bps:
            raise ProgrammeInvalid(param=name, reason="discount_is_an_amount")
    if plan.step2 and plan.step2.rate_bps + plan.step1.rate_bps > 10_000:
        raise ProgrammeInvalid(param="step2", reason="amount")


def coupon(facts: Mapping[str, Any], currency: str, plan: Plan, promise: Promise, actor: Actor) -> int | None:
    """The promotion of which a discount reward is a use: nobody can claim one, uses are only given."""
    if promise.kind != "discount":
        return None
    row = promotions.make(
        **facts, kind="fixed_coupon", value={"minor": promise.minor}, title=plan.title,
        title_en=plan.title_en, currency=currency, automatic=False, settings={"given": True},
        template="referral_reward", created_by=actor.id,
    )  # fmt: skip
    promotions.become(row, "live")
    return row.id


def join(
    shop: Tenant, email: str, *, buyer_id: int | None, device: str, brought_by: int | None, actor: Actor,
    locale: str = "zh_Hans",
) -> Promoter:  # fmt: skip
    """Become a promoter of the open shop, or be the one that this address is already. NoProgramme while there is none.

    PromoterElsewhere where the mailbox promotes under another spelling: whoever has `mei+x@…` has not proven `mei@…`.

    The parent is who brought this person (`brought_by`, or whose link its first order came by), for good.
    """
    with unit_of_work(actor) as work:
        if queries.programme_in_force(clock.now()) is None:
            raise NoProgramme
        known = queries.by_mailbox(mailbox(email))
        if known is None:
            parent = queries.first_promoter_of([email]) or brought_by
            parent = parent if parent is not None and queries.promoter(parent) is not None else None
            facts = {
                "shop_id": shop.id, "email": email, "mailbox": mailbox(email), "buyer_id": buyer_id, "device": device,
                "code": ids.random_signs(CODE_SIGNS), "parent_id": parent, "currency": shop.currency,
                "locale": locale,
            }  # fmt: skip
            work.session.execute(insert(Promoter).values(**facts).on_conflict_do_nothing())
            work.record("referral.joined", f"shop:{shop.id}")
            known = queries.by_mailbox(mailbox(email))
        if known is None:
            raise NotFound(what="promoter")
        if not is_address_of(known, email):
            raise PromoterElsewhere
        if buyer_id is not None and known.buyer_id != buyer_id:
            known.buyer_id = buyer_id
        if known.locale != locale:
            known.locale = locale
        if device and not known.device:
            known.device = device
        work.session.flush()
        work.session.refresh(known)
        work.session.expunge(known)
        return known


@dataclass(frozen=True, slots=True)
class Arrived:
    """A friend who came by a link; `click_id` is None where the crowd was too big to count."""

    promoter_id: int
    click_id: int | None
    promotion: StoredPromotion


def arrive(shop: Tenant, code: str, *, device: str, ip: str | None) -> Arrived | None:
    """Count a click on a promoter's link; None where the link is nobody's, or nothing is on."""
    found, now = queries.programme_in_force(clock.now()), clock.now()
    promoter = queries.by_code(code.strip().upper())
    if found is None or promoter is None or promoter.state != "active":
        return None
    try:
        pace.count_try(
            "referral-click", neighbourhood(ip), most=CLICKS_PER_ADDRESS, seconds=WINDOW_SECONDS,
            without_redis="let through",
        )  # fmt: skip
    except TooManyRequests:
        return Arrived(promoter.id, None, found[1])
    click_id = queries.recent_click(promoter.id, device, now - SAME_CLICK)
    if click_id is None:
        with unit_of_work() as work:
            click = ReferralClick(
                shop_id=shop.id, promoter_id=promoter.id, device=device, address=neighbourhood(ip)
            )
            work.session.add(click)
            work.session.flush()
            click_id = click.id
    return Arrived(promoter.id, click_id, found[1])


@dataclass(frozen=True, slots=True)
class Friend:
    """What a friend's link grants a visitor: the promotion (none for the promoter itself), and to whom it is due."""

    promotion_id: int | None
    promoter_id: int


def friend(promoter_id: int, clicked_at: datetime, shopper: Shopper) -> Friend | None:
    """What a click is still good for; None once its window is over, or nothing is on any more."""
    found = queries.programme_in_force(clock.now())
    if found is None or clicked_at < clock.now() - timedelta(days=found[0].window_days):
        return None
    promoter = queries.promoter(promoter_id)
    if promoter is None or promoter.state != "active":
        return None
    return Friend(None if is_own(promoter, shopper) else found[1].id, promoter.id)


def is_address_of(promoter: Promoter, email: str) -> bool:
    """Whether a proven address is the promoter's own; limits count a mailbox's spellings as one, money does not."""
    return promoter.email.strip().lower() == email.strip().lower()


def may_promote(promoter_id: int) -> bool:
    """Whether sales can be due to this promoter of the open shop: one that was stopped rests, with its coupons."""
    promoter = queries.promoter(promoter_id)
    return promoter is not None and promoter.state == "active"


def is_own(promoter: Promoter, shopper: Shopper) -> bool:
    """Whether a buyer is the promoter: by mailbox, account or device."""
    one = Someone(
        {promoter.mailbox}, {promoter.buyer_id} if promoter.buyer_id is not None else (),
        {promoter.device} if promoter.device else (),
    )  # fmt: skip
    other = Someone(
        {mailbox(shopper.email)} if shopper.email else (),
        {shopper.buyer_id} if shopper.buyer_id is not None else (),
        {shopper.device} if shopper.device else (),
    )
    return bool(same_person(one, other))


def refuse_own(promoter_id: int | None, kinds: Mapping[int, str], shopper: Shopper, title: str) -> None:
    """Inside the order's transaction: a friend's benefit is for friends. PromotionOver for the promoter itself."""
    benefit = next((at for at, kind in kinds.items() if kind == "referral"), None)
    if benefit is None or promoter_id is None:
        return
    promoter = queries.promoter(promoter_id)
    if promoter is None or is_own(promoter, shopper):
        raise PromotionOver(param="quote", reason="not_for_you", title=title, promotion_id=benefit)


def stop_promoter(promoter_id: int, *, stopped: bool, actor: Actor) -> None:
    """Let a promoter's link and rewards rest, or go on; what was earned stays earned."""
    with unit_of_work(actor) as work:
        row = queries.promoter(promoter_id)
        if row is None:
            raise NotFound(what="promoter")
        row.state = "stopped" if stopped else "active"
        work.record(
            "referral.promoter_stopped" if stopped else "referral.promoter_again", f"promoter:{row.id}"
        )

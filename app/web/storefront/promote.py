"""A promoter's page: the link, its picture, the poster, what came of it, and the way to be paid."""

from typing import Any
from urllib.parse import urlencode

import segno
from flask import Response, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup

from app.domain.catalog import shelves
from app.domain.promotions.models import StoredPromotion
from app.domain.referrals import queries
from app.domain.referrals.errors import NoProgramme, PayoutTooSmall, PromoterElsewhere
from app.domain.referrals.models import Promoter, ReferralProgramme
from app.domain.referrals.rules import Promise
from app.domain.referrals.service import promise_of
from app.flows import promoter_pay, referrals, sign_in_buyer
from app.foundation import clock
from app.foundation.addresses import mailbox
from app.foundation.errors import InvalidInput, NotFound, TooManyRequests
from app.foundation.runtime import settings
from app.web import language
from app.web.answers import status_of
from app.web.look.money import money
from app.web.storefront import credit, visitor
from app.web.storefront.faces import face
from app.web.storefront.friend import benefit, last_click
from app.web.storefront.pages import here, in_language, show
from app.web.storefront.poster import Poster, drawn
from app.web.storefront.price_words import gives, title, until
from app.web.wording import error_text

MOST_ROWS = 50
STATES = {
    "waiting": (lazy_gettext("Waiting for delivery"), "info"),
    "held": (lazy_gettext("Held for now"), "warning"),
    "available": (lazy_gettext("Yours"), "success"),
    "given": (lazy_gettext("Coupon given"), "success"),
    "paid": (lazy_gettext("Paid out"), "success"),
    "refused": (lazy_gettext("No reward"), ""),
    "taken_back": (lazy_gettext("Taken back"), ""),
}
REASONS = {
    "own_email": lazy_gettext("Bought with your own e-mail address."),
    "own_account": lazy_gettext("Bought with your own account."),
    "own_device": lazy_gettext("Bought on a device of yours."),
    "own_payer": lazy_gettext("Paid with your own payment account."),
    "neighbourhood": lazy_gettext("Too many orders came from one internet connection."),
    "cap_month": lazy_gettext("You have reached this month's number of rewards."),
    "cap_in_all": lazy_gettext("You have reached the number of rewards."),
    "budget": lazy_gettext("The programme's budget is used up."),
    "earned": lazy_gettext("The order was too small for a reward."),
    "nothing": lazy_gettext("The order was too small for a reward."),
    "refunded": lazy_gettext("Your friend's order was refunded."),
    "stopped": lazy_gettext("Your link was stopped by the shop."),
    "coupon_used": lazy_gettext("The order was refunded; you had used the coupon already."),
}
PAYOUT_STATES = {
    "requested": (lazy_gettext("Asked for"), "info"),
    "exported": (lazy_gettext("With the bank"), "warning"),
    "paid": (lazy_gettext("Paid"), "success"),
    "failed": (lazy_gettext("Did not arrive"), "error"),
}


def promote() -> ResponseReturnValue:
    """The page of whoever is signed in; for anybody else, what it is about and the way in."""
    return _page()


def start_promoting() -> ResponseReturnValue:
    """Become a promoter, or have a sign-in link mailed first; the answer is the same whoever asks."""
    signed_in = visitor.buyer()
    if signed_in is None:
        return _mail_link(request.form.get("email", "")[:254])
    try:
        kept = last_click()
        referrals.join(
            g.tenant, signed_in.email, buyer_id=signed_in.id, device=visitor.known_device() or "",
            brought_by=kept[0] if kept else None, actor=visitor.actor(), locale=language.choose(),
        )  # fmt: skip
    except NoProgramme:
        return _page()
    except PromoterElsewhere as error:
        return _page(errors={"": error_text(error)}, status=status_of(error))
    return redirect(_page_for(_slug()), 303)


def ask_for_payout() -> ResponseReturnValue:
    """All that is available, to the account that was typed."""
    who = _promoter()
    if who is None:
        return redirect("/promote", 303)
    if not visitor.lately_signed_in():
        return _prove_again(who)
    found = queries.programme_in_force(clock.now())
    try:
        promoter_pay.ask_for_payout(
            g.tenant.id, who.id, method=request.form.get("method", ""), holder=request.form.get("holder", ""),
            number=request.form.get("number", ""), bank=request.form.get("bank", ""),
            least_minor=_least(found[0] if found else None), actor=visitor.actor(),
        )  # fmt: skip
    except InvalidInput as error:
        words = gettext("Please check this field.")
        return _page(errors={error.param or "": words}, status=status_of(error))
    except PayoutTooSmall as error:
        return _page(errors={"": error_text(error)}, status=status_of(error))
    return redirect("/promote?asked=1", 303)


def poster() -> Response:
    """The poster of the signed-in promoter, for the shop or for a product of it."""
    who, found = _promoter(), queries.programme_in_force(clock.now())
    if who is None or found is None:
        raise NotFound(what="poster")
    slug = request.args.get("product", "")
    rows = shelves.product(g.tenant.id, slug) if slug else ()
    if slug and not rows:
        raise NotFound(what="product")
    row, shop, look = found[1], face(), face().theme.look
    told = benefit(row)
    picture = drawn(
        Poster(
            shop=shop.name, title=in_language(row.title, row.title_en), off=told["off"].removesuffix(".00"),
            lead=gettext("For you, off your order"), call=gettext("Scan with the camera or WeChat"),
            address=_link(who, slug), primary=look.primary,
            note=gettext("From %(amount)s", amount=told["from_amount"]) if told["from_amount"] else "",
            shop_line=shop.tagline, initial=shop.initial, **_goods(rows),
        )
    )  # fmt: skip
    answer = Response(picture, mimetype="image/png")
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, max-age=300"
    if request.args.get("save"):
        answer.headers["Content-Disposition"] = (
            f'attachment; filename="{g.tenant.slug}-{slug or "poster"}.png"'
        )
    answer.make_conditional(request)
    return answer


def _page(*, errors: dict[str, str] | None = None, status: int = 200, **more: Any) -> Response:
    found, who, signed_in = queries.programme_in_force(clock.now()), _promoter(), visitor.buyer()
    values: dict[str, Any] = {
        "programme": found[0] if found else None, "errors": errors or {}, "form": request.form, "email": "",
        "signed_in": signed_in.email if signed_in else "", "promoter": who, "sent": False, "slug": "", **more,
    }  # fmt: skip
    values["goods"] = _goods_here(_slug())
    if found:
        values |= {"title": in_language(found[1].title, found[1].title_en), "rewards_told": _told(found[0])}
        values |= {"words": in_language(found[1].words, found[1].words_en), **benefit(found[1])}
    if who is not None:
        slug = values["slug"] = values["goods"]["slug"] if values["goods"] else ""
        link = _link(who, slug)
        values |= {
            "link": link, "qr": _qr(link), "standing": queries.standing(who.id), "states": STATES, "reasons": REASONS,
            "purse": credit.purse(who.email),
            "rewards": queries.rewards_of(who.id, most=MOST_ROWS), "payouts": queries.payouts_of(who.id),
            "coupons": [_coupon_told(one) for one in queries.codes_of([who.id])] if who.state == "active" else [],
            "payout_states": PAYOUT_STATES, "least": _least(found[0] if found else None),
            "on_its_way": any(row.state in promoter_pay.OPEN for row in queries.payouts_of(who.id)),
        }  # fmt: skip
    return show("storefront/promote.html", status=status, **values)


def _mail_link(email: str) -> Response:
    if queries.programme_in_force(clock.now()) is None:
        return _page()
    try:
        sign_in_buyer.ask(email, shop=g.tenant, locale=language.choose(), actor=visitor.actor(), anyone=True)
    except (InvalidInput, TooManyRequests) as error:
        words = (
            gettext("This does not look like an e-mail address.")
            if error.param == "email"
            else error_text(error)
        )
        return _page(errors={"email": words}, email=email, status=status_of(error))
    session.permanent = True
    session["then"] = _page_for(_slug())
    return _page(sent=True, email=email.strip())


def _prove_again(who: Promoter) -> Response:
    """A browser stays signed in for weeks, maybe with somebody else: money leaves to whoever reads the mail."""
    try:
        sign_in_buyer.ask(
            who.email, shop=g.tenant, locale=language.choose(), actor=visitor.actor(), anyone=True
        )
    except TooManyRequests as error:
        return _page(errors={"": error_text(error)}, status=status_of(error))
    session["then"] = "/promote"
    words = gettext(
        "Money goes only to you: we have mailed a link to %(email)s. Open it, then ask again.",
        email=who.email,
    )
    return _page(errors={"": words}, status=403)


def _slug() -> str:
    """The product that somebody wants to share; nothing for the shop as a whole, or where it is not on sale."""
    return request.values.get("product", "")[:120]


def _goods_here(slug: str) -> dict[str, str]:
    rows = shelves.product(g.tenant.id, slug) if slug else ()
    return {"slug": slug, "name": in_language(rows[0].name, rows[0].name_en)} if rows else {}


def _page_for(slug: str) -> str:
    return f"/promote?{urlencode({'product': slug})}" if _goods_here(slug) else "/promote"


def _promoter() -> Promoter | None:
    signed_in = visitor.buyer()
    found = queries.by_mailbox(mailbox(signed_in.email)) if signed_in else None
    return found if found and signed_in and referrals.is_address_of(found, signed_in.email) else None


def _coupon_told(row: StoredPromotion) -> dict[str, Any]:
    """A coupon that belongs to a promoter: what it gives, and what to hand on."""
    now = clock.now()
    link = here(f"/coupons/{row.key}") if row.claim == "link" else ""
    return {
        "title": title(row), "gives": gives(row), "code": row.code or "", "link": link,
        "rests": row.status != "live" or row.starts_at > now, "ends": until(row.ends_at, now) if row.ends_at else "",
    }  # fmt: skip


def _least(programme: ReferralProgramme | None) -> int:
    return programme.least_payout_minor if programme else promoter_pay.LEAST_MINOR


def _link(who: Promoter, slug: str) -> str:
    return here(f"/r/{who.code}" + (f"?to=/p/{slug}" if slug else ""))


def _qr(link: str) -> Markup:
    drawn_qr = segno.make(link, error="m").svg_inline(border=2, omitsize=True, dark="#111", light="#fff")
    return Markup(drawn_qr)  # noqa: S704 - drawn by segno from squares


def _told(programme: ReferralProgramme) -> list[str]:
    """What a promoter gets for each step, in words."""
    told = [_promised(promise_of(programme, 1), gettext("when a friend buys"))]
    if programme.step2_kind:
        told.append(_promised(promise_of(programme, 2), gettext("when a friend of your friend buys")))
    return told


def _promised(promise: Promise, when: str) -> str:
    much = (
        f"{promise.rate_bps / 100:g}%"
        if promise.rate_bps
        else money(promise.minor, g.tenant.currency, language.choose())
    )
    if promise.kind == "discount":
        return gettext("A coupon of %(much)s %(when)s", much=much, when=when)
    if promise.kind == "credit":
        return gettext("%(much)s of store credit %(when)s", much=much, when=when)
    return gettext("%(much)s in cash %(when)s", much=much, when=when)


def _goods(rows: Any) -> dict[str, str]:
    """Of a product's poster: its name, from which price, and its picture's file."""
    if not rows:
        return {}
    first, least = rows[0], min(row.price_minor for row in rows)
    price = money(least, g.tenant.currency, language.choose())
    name = str(first.picture or "").rsplit("/", 1)[-1]
    return {
        "product": in_language(first.name, first.name_en),
        "price": gettext("from %(price)s", price=price) if len(rows) > 1 else price,
        "picture": str(settings().home / "media" / name) if name else "",
    }

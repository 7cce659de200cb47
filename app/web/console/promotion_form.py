"""The form of a promotion, whoever makes it: what was typed as a Design, and a promotion as what would be typed.

A console gives the form its Choices, includes `console/promotion_fields.html`, and reads it with `typed_design`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from app.domain.identity.rules import clean_email
from app.domain.promotions.models import KINDS as ALL_KINDS
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.service import LONGEST_CODE, clean_code
from app.flows.promotions import MOST_BUYERS, WHILE_LIVE, Design
from app.foundation import clock
from app.foundation.errors import InvalidInput
from app.foundation.money import Money
from app.web.console.promotion_settings import settings_started, typed_settings
from app.web.console.promotion_values import parts_started, typed_value
from app.web.console.promotion_words import COUPONS
from app.web.console.sentences import REASONS
from app.web.console.typed import Typed
from app.web.console.typed_terms import as_field, typed_moment, typed_rate

Options = Sequence[tuple[int, str]]
WAYS = ("auto", "code", "page", "link", "batch")
BIG = 10**9
MOST_HELD_OUT = 9_000


@dataclass(frozen=True, slots=True)
class Choices:
    """What its maker may choose among. `shops`: of a brand or the platform, for which; a shop has none to choose.

    `promoters`: of a shop, whom a coupon may belong to (the newest by e-mail); None: the maker has none.
    `skus`: every Sku in words that say its product too; a bundle is made of them.
    """

    currency: str
    categories: Options
    products: Options
    skus: Options
    shops: Options = ()
    promoters: Sequence[str] | None = None

    def of(self, target: str) -> Options:
        return {"category": self.categories, "product": self.products, "sku": self.skus}[target]


class PromotionForm(Typed):
    """A form that also knows what is ticked, on a first visit too."""

    def ticked(self, name: str) -> set[str]:
        if self.sent:
            return set(request.form.getlist(name))
        return {str(one) for one in self.start.get(name) or ()}


def start_of(kind: str, currency: str, row: StoredPromotion | None = None, **more: Any) -> dict[str, Any]:
    """What the form opens with: what is usual, a template's words (`more`), or a promotion to change or to copy."""
    usual: dict[str, Any] = {
        "target": "all", "begins": "now", "how": "off", "get": "code" if kind in COUPONS else "auto",
        "with": "all", "audience": "all", "limit_of": "orders", "returns": "unpaid", "for": "all",
        "from0": "2", "units0": "1", "units1": "1",
        **settings_started(kind, row, owned=row is None or row.owner == "shop"),
    }  # fmt: skip
    if row is None:
        return {**usual, **more}
    coming = row.starts_at > clock.now() or row.status != "draft"
    told = {
        "title": row.title, "title_en": row.title_en, "words": row.words, "words_en": row.words_en,
        "target": row.target_of, row.target_of: row.target_ids, "begins": "at" if coming else "now",
        "starts_at": as_field(row.starts_at) if coming else "", "ends_at": as_field(row.ends_at),
        "with": "all" if row.combines is None else "some" if row.combines else "none", "combines": row.combines or (),
        "get": _way_of(row), "code": row.code or "", "claim_days": row.claim_days, "audience": row.audience,
        "total_limit": row.total_limit, "limit_of": row.limit_of, "per_buyer": row.per_buyer, "per_day": row.per_day,
        "budget": "" if row.budget_minor is None else Money(row.budget_minor, currency).decimal(),
        "returns": row.returns, "holdout": f"{row.holdout_bps / 100:g}" if row.holdout_bps else "",
        "for": "all" if row.shop_ids is None else "some", "shop": row.shop_ids or (), "template": row.template,
    }  # fmt: skip
    return {**usual, **parts_started(kind, row.value, currency), **told, **more}


def _way_of(row: StoredPromotion) -> str:
    if row.claim in {"page", "link"}:
        return row.claim
    return "code" if row.code else "auto" if row.automatic else "batch"


def typed_design(
    form: PromotionForm, kind: str, choices: Choices, *, row: StoredPromotion | None = None
) -> Design | None:
    """The design that was typed, or None: then each fault stands at its field. Of a published `row` what may change."""
    if row is not None and row.status != "draft":
        return _typed_change(form, row, choices)
    facts: dict[str, Any] = {"kind": kind, "currency": choices.currency, **_words(form)}
    facts["value"] = typed_value(form, kind, choices.currency, [key for key, _name in choices.skus])
    facts |= _target(form, kind, choices) | _window(form) | _combining(form) | _getting(form, kind)
    facts |= _limits(form, choices.currency)
    kept = row.settings if row is not None else {}
    facts["settings"] = typed_settings(
        form, kind, _way_typed(form, kind), kept, owned=choices.promoters is not None
    )
    facts["limit_of"] = form.choice("limit_of", ("orders", "units"))
    facts["returns"] = form.choice("returns", ("never", "unpaid", "refunded"))
    facts["holdout_bps"] = _held_out(form)
    facts["audience"] = form.choice("audience", ("all", "first_order", "chosen"))
    facts["template"] = form.text("template", required=False, most=30)
    if choices.shops:
        facts["shop_ids"] = _shops(form, choices)
    emails = _emails(form) if facts["audience"] == "chosen" else []
    if row is not None:
        facts["template"] = row.template
    return Design(facts, emails, form["begins"] == "now") if form.ok else None


def _typed_change(form: PromotionForm, row: StoredPromotion, choices: Choices) -> Design | None:
    facts = _words(form) | _limits(form, choices.currency)
    way = _way_of(row) if row.kind in COUPONS else "auto"
    facts["settings"] = typed_settings(form, row.kind, way, row.settings, owned=choices.promoters is not None)
    facts["ends_at"] = typed_moment(form, "ends_at", required=False)
    if facts["ends_at"] is not None and facts["ends_at"] <= max(clock.now(), row.starts_at):
        _blame(form, "ends_at", "in_the_past" if row.starts_at <= clock.now() else "ends_before_start")
    emails = _emails(form) if row.audience == "chosen" else []
    return Design({name: facts[name] for name in WHILE_LIVE}, emails) if form.ok else None


def _words(form: Typed) -> dict[str, Any]:
    return {
        "title": form.text("title", most=40), "title_en": form.text("title_en", required=False, most=60),
        "words": form.text("words", required=False, most=200),
        "words_en": form.text("words_en", required=False, most=300),
    }  # fmt: skip


def _target(form: Typed, kind: str, choices: Choices) -> dict[str, Any]:
    if kind == "bundle_price":
        return {"target_of": "all", "target_ids": []}  # its Skus are its target
    of = form.choice("target", ("all", "category", "product", "sku"))
    if of not in {"category", "product", "sku"}:
        return {"target_of": "all", "target_ids": []}
    return {"target_of": of, "target_ids": _among(form, of, choices.of(of))}


def _shops(form: Typed, choices: Choices) -> list[int] | None:
    if form.choice("for", ("all", "some")) != "some":
        return None
    return _among(form, "shop", choices.shops)


def _among(form: Typed, name: str, options: Options) -> list[int]:
    """What was ticked; nothing, or what is not on offer, is a fault of the field."""
    known = {str(key): key for key, _words in options}
    ticked = form.many(name)
    if not ticked:
        _blame(form, name, "none_chosen")
    if any(one not in known for one in ticked):
        _blame(form, name, "not_yours")
    return sorted(known[one] for one in ticked if one in known)


def _window(form: Typed) -> dict[str, Any]:
    now = clock.now()
    starts_at = typed_moment(form, "starts_at") if form.choice("begins", ("now", "at")) == "at" else now
    ends_at = typed_moment(form, "ends_at", required=False)
    if starts_at is not None and ends_at is not None and ends_at <= max(starts_at, now):
        _blame(form, "ends_at", "ends_before_start" if ends_at > now else "in_the_past")
    return {"starts_at": starts_at or now, "ends_at": ends_at}


def _combining(form: Typed) -> dict[str, Any]:
    how = form.choice("with", ("all", "none", "some"))
    if how == "all":
        return {"combines": None}
    kinds = sorted(one for one in form.many("combines") if one in ALL_KINDS) if how == "some" else []
    if how == "some" and not kinds:
        _blame(form, "combines", "none_chosen")
    return {"combines": kinds}


def _way_typed(form: Typed, kind: str) -> str:
    return form.choice("get", WAYS) if kind in COUPONS else "auto"


def _getting(form: Typed, kind: str) -> dict[str, Any]:
    """How a buyer gets it; what is no coupon comes by itself."""
    way = _way_typed(form, kind)
    code: str | None = None
    if way == "code":
        code = clean_code(form.text("code", most=LONGEST_CODE + 8))
        if code and not 4 <= len(code) <= LONGEST_CODE:
            form.errors["code"] = _("4 to %(most)d letters and digits.", most=LONGEST_CODE)
    days = form.whole("claim_days", least=1, most=365, required=False) if way in {"page", "link"} else None
    return {
        "automatic": way == "auto", "code": code, "claim": way if way in {"page", "link"} else "none",
        "claim_days": days,
    }  # fmt: skip


def _limits(form: Typed, currency: str) -> dict[str, Any]:
    limits: dict[str, Any] = {
        name: form.whole(name, least=1, most=BIG, required=False) for name in ("total_limit", "per_buyer", "per_day")
    }  # fmt: skip
    budget = form.money("budget", currency, required=False)
    if budget is not None and budget < 1 and "budget" not in form.errors:
        form.errors["budget"] = _("More than nothing, or leave it empty.")
    return {**limits, "budget_minor": budget}


def _held_out(form: Typed) -> int:
    bps = typed_rate(form, "holdout", required=False)
    if not 0 <= bps <= MOST_HELD_OUT:
        form.errors["holdout"] = _("From 0 to 90 percent.")
    return bps


def _emails(form: Typed) -> list[str]:
    """One address a line, or between commas."""
    typed = request.form.get("emails", "").replace(",", "\n").replace("，", "\n").replace(";", "\n").split()
    found: list[str] = []
    for one in typed[: MOST_BUYERS + 1]:
        try:
            found.append(clean_email(one))
        except InvalidInput:
            form.errors["emails"] = _("“%(one)s” is not an e-mail address.", one=one[:60])
    if not typed:
        form.errors["emails"] = _("Please fill this in.")
    if len(typed) > MOST_BUYERS:
        form.errors["emails"] = _("At most %(most)d addresses.", most=MOST_BUYERS)
    return found


def _blame(form: Typed, name: str, reason: str) -> None:
    form.errors[name] = str(REASONS[reason])


def known_emails(keys: Collection[str]) -> str:
    """Certain buyers as the form shows them; keys that are no mailbox are not shown."""
    return "\n".join(key.removeprefix("e:") for key in keys if key.startswith("e:"))


def fields_of() -> list[tuple[str, str]]:
    """What was typed, to be carried through the preview."""
    leave = {"do", "page", "accepts_loss"}
    return [(name, value) for name, value in request.form.items(multi=True) if name not in leave]

"""Who tried to sell below a floor: who, what, how far below, by which stack."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _

from app.domain.pricing import floor_queries as queries
from app.web.brand import brand
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import named, options
from app.web.look.money import money

STAGES = {
    "listing": lazy_gettext("Price of a listing"),
    "promotion": lazy_gettext("Promotion"),
    "quote": lazy_gettext("Quote"),
    "order": lazy_gettext("Order"),
    "database": lazy_gettext("Refused by the database"),
}
STACK = {
    "list_price": lazy_gettext("list price"),
    "bulk_price": lazy_gettext("many prices at once"),
    "new_listing": lazy_gettext("new in the shop"),
    "resume": lazy_gettext("put on sale again"),
    "opening": lazy_gettext("opening of the shop"),
    "quote": lazy_gettext("an earlier quote"),
    "flash": lazy_gettext("flash price"),
    "coupon": lazy_gettext("coupon"),
    "tier": lazy_gettext("quantity price"),
    "group": lazy_gettext("group price"),
    "promotion": lazy_gettext("promotion"),
}


@brand.get("/attempts")
def attempts() -> Any:
    listing = Listing(
        name="attempts", usual="-at", searches=_("Shop, distributor or product"),
        # What a phone shows without scrolling comes first.
        columns=(
            Col("shop", _("Shop"), sort=True), Col("below", _("Below by"), sort=True, money=True),
            Col("wanted", _("Wanted"), money=True), Col("floor", _("Floor"), money=True),
            Col("product", _("Product"), sort=True), Col("stage", _("Where")), Col("at", _("When"), sort=True),
            Col("distributor", _("Distributor"), shown=False), Col("actor", _("Who"), shown=False),
            Col("stack", _("How"), shown=False),
        ),
        filters=(("stage", _("Where"), options(STAGES)),),
        empty=_("Nobody has tried to sell below your floors."),
    )  # fmt: skip
    return answer(listing, queries.attempts_page, _row, "brand/attempts.html")


def _row(found: Any) -> dict[str, Any]:
    attempt, shop, distributor, sku, product = found
    return {
        "id": attempt.id, "at": attempt.created_at, "shop": shop or _("A former shop"),
        "distributor": distributor or "", "actor": attempt.actor_name, "product": f"{named(product)} · {named(sku)}",
        "sku_id": sku.id, "listing_id": attempt.listing_id, "wanted": attempt.wanted_minor,
        "floor": attempt.floor_minor, "below": attempt.floor_minor - attempt.wanted_minor,
        "currency": attempt.currency, "stage": str(STAGES[attempt.stage]),
        "stack": " → ".join(steps(attempt.stack, attempt.currency)),
    }  # fmt: skip


def steps(stack: Sequence[Mapping[str, Any]], currency: str) -> list[str]:
    """A stack in words, one step each; a name that a promotion gave itself is said as it is."""
    told = []
    for step in stack:
        words = str(STACK.get(str(step.get("what")), step.get("name") or step.get("what") or ""))
        if isinstance(step.get("minor"), int):
            words += f" {money(step['minor'], currency, str(get_locale()))}"
        if step.get("title"):
            words += f" “{step['title']}” {step.get('key', '')}".rstrip()
        if isinstance(step.get("listings"), int):
            words += f" ({step['listings']})"
        told.append(words)
    return told

"""Flash sales and group buys that a brand or the platform makes for chosen shops: one form, tried shop by shop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.catalog import goods as catalogue
from app.domain.catalog.models import Product, Sku
from app.domain.groups.rules import HOURS, PEOPLE
from app.domain.promotions import switch_queries as queries
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.flows import chosen_shops
from app.flows.chosen_shops import InShop, Sale
from app.flows.own_flash import FlashSale
from app.flows.own_groups import GroupSale
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.foundation.money import Money
from app.web.console.desk import back
from app.web.console.names import named
from app.web.console.persons import actor, needs
from app.web.console.promotion_form import PromotionForm, fields_of
from app.web.console.promotion_words import ICONS, KIND_HINTS, KINDS
from app.web.console.sentences import said, sentence
from app.web.console.typed import Typed
from app.web.console.typed_terms import as_field, typed_moment

MOST_UNITS, USUAL_WORK, DAYS = 100_000, 1_000, (1, 90)


@dataclass(frozen=True, slots=True)
class Goods:
    """The Sku that was chosen, and the shops that have it on sale."""

    sku: Sku
    product: Product
    sellers: tuple[Any, ...]

    @property
    def words(self) -> str:
        return f"{named(self.product)} · {named(self.sku)}"


@dataclass(frozen=True, slots=True)
class Maker:
    """What a kind of sale asks beside goods, price and shops. `unlimited`: also of what is sold without counting."""

    start: Callable[[], Mapping[str, Any]]
    typed: Callable[[Typed, Goods, Mapping[int, int]], Sale | None]
    unlimited: bool = False


def hang_under(blueprint: Blueprint) -> None:
    """Add the pages to a console of a brand or the platform."""
    kinds = f"<any({', '.join(MAKERS)}):kind>"
    blueprint.add_url_rule(
        f"/promotions/new/{kinds}", "new_own_sale", needs("manage")(new_own_sale), methods=["GET", "POST"]
    )


def cards(currency: str) -> list[tuple[Any, Any, str, str]]:
    """The kinds as cards of the page on which one is chosen."""
    return [
        (KINDS[kind], KIND_HINTS[kind], ICONS[kind], url_for(".new_own_sale", kind=kind, currency=currency))
        for kind in MAKERS
    ]


def new_own_sale(kind: str) -> Any:
    """The goods, then everything else; what would come of it in each shop; published."""
    goods = _goods(request.values.get("sku", ""))
    if goods is None:
        return _goods_page(kind)
    maker = MAKERS[kind]
    every = {"challenge": "1", "units": 20, **_begins(), **maker.start()}
    form = PromotionForm({**every, "shop": [row[0] for row in goods.sellers]})
    if not form.sent or request.form.get("do") == "edit":
        return _form_page(form, kind, goods)
    shops = _shops(form, goods)
    sale = maker.typed(form, goods, shops)
    if sale is None or not form.ok:
        return _form_page(form, kind, goods)
    try:
        if request.form.get("do") == "publish":
            return _published(chosen_shops.launch(_owner(), sale, actor=actor()))
        return _preview(kind, goods, sale)
    except ProductError as error:
        form.blame(error, otherwise="price")
        return _form_page(form, kind, goods)


def left_out(row: StoredPromotion) -> list[tuple[str, str]]:
    """The chosen shops in which a sale is not, each with why."""
    return [(one["name"], said(one["code"], one["facts"])) for one in row.settings.get("left_out", ())]


def _owner() -> Owner:
    return Owner("brand", g.seat.brand_id) if g.seat.kind == "brand" else Owner("platform")


def _goods(typed: str) -> Goods | None:
    """The Sku that was asked for, where it is the asker's to choose; NotFound for another's."""
    if not typed.isdecimal() or len(typed) > 18:
        return None
    sku = catalogue.sku(int(typed))
    product = catalogue.product(sku.product_id) if sku else None
    if sku is None or product is None or (g.seat.kind == "brand" and sku.brand_id != g.seat.brand_id):
        raise NotFound(what="sku")
    return Goods(sku, product, tuple(queries.sellers_of(sku.id)))


def _goods_page(kind: str) -> Any:
    rows = [
        (sku.id, f"{named(product)} · {named(sku)} · {Money(sku.suggested_minor, sku.currency)}")
        for sku, product, _category in queries.goods_to_choose()
        if not sku.unlimited or MAKERS[kind].unlimited
    ]
    return render_template(
        "console/own_sale_goods.html", kind=kind, kind_words=str(KINDS[kind]), hint=str(KIND_HINTS[kind]), goods=rows
    )  # fmt: skip


def _form_page(form: PromotionForm, kind: str, goods: Goods) -> Any:
    page = render_template(
        "console/own_sale_form.html", form=form, kind=kind, kind_words=str(KINDS[kind]), goods=goods,
        sellers=[(row[0], row[1], row[2], row[3]) for row in goods.sellers], currency=goods.sku.currency,
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _preview(kind: str, goods: Goods, sale: Sale) -> Any:
    """What would come of it in each shop, before anybody sees it."""
    rows = chosen_shops.try_out(_owner(), sale)
    there = [one for one in rows if one.error is None]
    return render_template(
        "console/own_sale_preview.html", kind=kind, kind_words=str(KINDS[kind]), goods=goods, sale=sale,
        rows=[_shown(one) for one in rows], fields=fields_of(), takes=len(there), here=request.full_path,
        pieces=sum(one.units for one in there), cost=sum(one.cost_minor for one in there),
    )  # fmt: skip


def _shown(one: InShop) -> dict[str, Any]:
    return {
        "shop": one.name, "units": one.units, "list": one.list_minor, "price": one.price_minor,
        "cost": one.cost_minor, "why": sentence(one.error) if one.error else "",
    }  # fmt: skip


def _published(made: chosen_shops.Launched) -> Any:
    there = sum(one.error is None for one in made.shops)
    flash(
        ngettext(
            "Published in %(num)d shop; its stock is set aside.",
            "Published in %(num)d shops; their stock is set aside.",
            there,
        ),
        "success",
    )
    return back(f"{g.seat.kind}.promotion", promotion_id=made.promotion_id)


# ------------------------------------------------------------------ what was typed


def _begins() -> dict[str, str]:
    begins = clock.now().replace(second=0, microsecond=0) + timedelta(hours=1)
    return {"starts_at": as_field(begins), "ends_at": as_field(begins + timedelta(hours=2))}


def _shops(form: Typed, goods: Goods) -> dict[int, int]:
    """Pieces by chosen shop: the number for all, or the one that stands beside the shop."""
    known = {str(row[0]): row[0] for row in goods.sellers}
    usual = form.whole("units", least=1, most=MOST_UNITS) or 1
    ticked = form.many("shop")
    if any(one not in known for one in ticked):
        raise NotFound(what="shop")
    if not ticked:
        form.errors["shop"] = _("Choose at least one.")
    return {
        known[one]: form.whole(f"units{one}", least=1, most=MOST_UNITS, required=False) or usual for one in ticked
    }  # fmt: skip


def _budget(form: Typed, currency: str) -> int | None:
    budget = form.money("budget", currency, required=False)
    if budget is not None and budget < 1 and "budget" not in form.errors:
        form.errors["budget"] = _("More than nothing, or leave it empty.")
    return budget


def _typed_flash(form: Typed, goods: Goods, shops: Mapping[int, int]) -> FlashSale | None:
    currency = goods.sku.currency
    title, english = form.text("title", most=60), form.text("title_en", required=False, most=80)
    price = form.money("price", currency)
    per_buyer = form.whole("per_buyer", least=1, most=50)
    minutes = form.whole("seat_minutes", least=1, most=60)
    starts, ends = typed_moment(form, "starts_at"), typed_moment(form, "ends_at")
    budget = _budget(form, currency)
    if starts is not None and ends is not None and ends <= starts:
        form.errors["ends_at"] = _("The end must come after the start.")
    if not form.ok or starts is None or ends is None:
        return None
    return FlashSale(
        goods.sku.id, currency, title, price or 0, starts, ends, shops, per_buyer or 1, form.flag("sign_in"),
        USUAL_WORK if form.flag("challenge") else 0, minutes or 5, english, budget,
    )  # fmt: skip


def _typed_groups(form: Typed, goods: Goods, shops: Mapping[int, int]) -> GroupSale | None:
    currency, now = goods.sku.currency, clock.now()
    wanted = GroupSale(
        goods.sku.id, currency, form.text("title", most=60), form.money("price", currency) or 0, now,
        now + timedelta(days=form.whole("days", least=DAYS[0], most=DAYS[1]) or 1), shops,
        people=form.whole("people", least=PEOPLE[0], most=PEOPLE[1]) or 2,
        hours=form.whole("hours", least=HOURS[0], most=HOURS[1]) or 1,
        per_buyer=form.whole("per_buyer", least=1, most=1000, required=False),
        title_en=form.text("title_en", required=False, most=60), budget_minor=_budget(form, currency),
        with_coupons=form.flag("with_coupons"),
    )  # fmt: skip
    return wanted if form.ok else None


MAKERS: dict[str, Maker] = {
    "flash_price": Maker(lambda: {"seat_minutes": 5, "per_buyer": 1}, _typed_flash),
    "group_price": Maker(lambda: {"people": 3, "hours": 24, "days": 14}, _typed_groups, unlimited=True),
}
"""The kinds that are sold from stock of their own in each shop."""

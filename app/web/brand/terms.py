"""The brand's terms: what is in force, what is coming, what was; and which terms somebody would get."""

from typing import Any

from flask import g, render_template, request
from flask_babel import gettext as _

from app.domain.catalog import goods as catalog
from app.domain.commissions import rule_queries as queries
from app.domain.commissions.clashes import ANYBODY
from app.domain.commissions.rules import FAMILIES, Rule, Sale, terms_of
from app.foundation import clock
from app.foundation.errors import NotFound
from app.web.brand import brand
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import named, options
from app.web.console.rule_words import (
    RULE_KINDS,
    RULE_STATES,
    bracket_rows,
    for_what,
    for_whom,
    percent,
    state_of,
    terms_words,
    what_it_gives,
)

WINDOWS = ("now", "coming", "ended")


@brand.get("/terms")
def terms() -> Any:
    """Every rule in force, or coming, or ended."""
    state = request.args.get("show", "")
    state = state if state in WINDOWS else "now"
    listing = Listing(
        name=f"terms-{state}",
        usual="-since",
        searches=_("Product, level or distributor"),
        columns=(
            Col("goods", _("For which goods")),
            Col("party", _("For whom")),
            Col("kind", _("Kind"), sort=True),
            Col("gives", _("Gives")),
            Col("version", _("Version"), figures=True),
            Col("since", _("From"), sort=True),
            Col("until", _("Until"), sort=True),
        ),
        filters=(("kind", _("Kind"), options(RULE_KINDS)),),
        empty=EMPTY[state](),
    )
    return answer(
        listing, queries.rules_page, _row, "brand/terms.html", fixed={"state": state}, state=state,
        counts=queries.counts(), kinds=options(RULE_KINDS),
    )  # fmt: skip


EMPTY = {
    "now": lambda: _("No rule yet: every distributor owes each Sku's own supply price. Make the first rule."),
    "coming": lambda: _("Nothing is coming."),
    "ended": lambda: _("Nothing has ended yet."),
}


def _row(found: Any) -> dict[str, Any]:
    rule, product, sku, level, distributor = found
    currency = rule.value.get("currency") or (sku.currency if sku is not None else "CNY")
    return {
        "id": rule.id, "series": rule.series, "goods": for_what(product, sku), "party": for_whom(level, distributor),
        "kind": str(RULE_KINDS[rule.kind]), "gives": what_it_gives(rule.kind, rule.value, currency),
        "version": rule.version, "since": rule.starts_at, "until": rule.ends_at, "reason": rule.reason,
        "state": state_of(rule, clock.now()), "brackets": bracket_rows(rule.value), "currency": currency,
    }  # fmt: skip


@brand.get("/terms/<series>")
def term(series: str) -> Any:
    """One rule with all its versions."""
    rows = series_rows(series)
    last = rows[0]
    live = next((row for row in rows if row["state"] == "now"), None)
    return render_template(
        "brand/term.html", rows=rows, last=last, live=live, states=RULE_STATES, percent=percent,
        open=any(row["state"] in {"now", "coming"} for row in rows),
    )  # fmt: skip


def series_rows(series: str) -> list[dict[str, Any]]:
    """The versions of one of the brand's rules as they are shown, the newest first, or NotFound."""
    found = queries.series_rows(g.seat.brand_id, series)
    if not found:
        raise NotFound(what="rule")
    return [_row(row) for row in found]


@brand.get("/terms/table")
def terms_table() -> Any:
    """What each level gets for each Sku now; a distributor with rules of its own may get others."""
    levels = list(queries.levels(g.seat.brand_id))
    rules, now = queries.all_rules(g.seat.brand_id), clock.now()
    listing = Listing(
        name="terms-by-sku",
        usual="name",
        searches=_("Name, tag or Sku"),
        columns=(
            Col("name", _("Product"), sort=True),
            *(Col(f"level{level.id}", named(level)) for level in levels),
        ),
        empty=_("No product yet. Make the first one and give it something to sell."),
    )

    def row(found: Any) -> dict[str, Any]:
        sku, product = found
        sales = {
            level.id: Sale(sku.id, product.id, ANYBODY, level.id, now, sku.supply_price_minor, sku.currency)
            for level in levels
        }
        cells = {
            f"level{level.id}": terms_words(terms_of(rules, sales[level.id]), sku.currency)
            for level in levels
        }  # fmt: skip
        return {"id": sku.id, "name": f"{named(product)} · {named(sku)}", **cells}

    own = {rule.distributor_id for rule in rules if rule.distributor_id is not None and _counts(rule, now)}
    return answer(
        listing, catalog.skus_page, row, "brand/terms_table.html", levels=levels,
        own=sorted(queries.names_of(own).values()), counts=queries.counts(),
    )  # fmt: skip


def _counts(rule: Rule, now: Any) -> bool:
    return rule.starts_at <= now and (rule.ends_at is None or rule.ends_at > now)


@brand.get("/terms/check")
def terms_check() -> Any:
    """Which terms a distributor would get for a Sku, and which rules stand behind and beside them."""
    brand_id = g.seat.brand_id
    goods, partners = queries.goods_of(brand_id), queries.partners(brand_id)
    asked = {name: request.args.get(name, "") for name in ("distributor", "sku")}
    good = next((one for one in goods if str(one.sku_id) == asked["sku"]), None)
    partner = next(((one, level) for one, level in partners if str(one.id) == asked["distributor"]), None)
    found = _explained(brand_id, good, partner) if good and partner else None
    return render_template(
        "brand/terms_check.html", asked=asked, goods=[(str(one.sku_id), named(one)) for one in goods],
        partners=[(str(one.id), one.name) for one, _level in partners], found=found, counts=queries.counts(),
        percent=percent, bracket_rows=bracket_rows,
    )  # fmt: skip


def _explained(brand_id: int, good: Any, partner: Any) -> dict[str, Any]:
    distributor, level_id = partner
    now, rules = clock.now(), queries.all_rules(brand_id)
    sale = Sale(
        good.sku_id, good.product_id, distributor.id, level_id, now, good.supply_price_minor, good.currency
    )
    terms = terms_of(rules, sale)
    chosen = {terms[name]["rule"]["id"] for name in ("boost", "override") if name in terms}
    if terms["rule"]:
        chosen.add(terms["rule"]["id"])
    fitting = sorted(
        (rule for rule in rules if rule.covers(sale)), key=lambda rule: rule.narrowness, reverse=True
    )
    views = {row["id"]: row for row in map(_row, queries.rows_by_id([rule.id for rule in fitting]))}
    level = next((one for one in queries.levels(brand_id) if one.id == level_id), None)
    return {
        "words": terms_words(terms, good.currency), "terms": terms, "good": good, "name": named(good),
        "distributor": distributor, "level": level, "currency": good.currency,
        "rules": [{**views[rule.id], "chosen": rule.id in chosen, "family": FAMILIES[rule.kind]} for rule in fitting],
    }  # fmt: skip

"""A distributor's own terms with each brand whose goods it may sell; read-only, in the distributor's own scope."""

from dataclasses import replace
from typing import Any

from flask import g, render_template, request
from flask_babel import gettext as _

from app.domain.commissions import rule_queries as queries
from app.domain.commissions.calendar import month_of
from app.domain.commissions.rules import Rule, Sale, terms_of
from app.domain.distributors.models import Level
from app.foundation import clock
from app.foundation.paging import Asked, Page
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import named
from app.web.console.rule_words import (
    bracket_rows,
    for_what,
    percent,
    terms_words,
    what_it_gives,
)
from app.web.distributor import distributor
from tenants import context


@distributor.get("/terms")
def own_terms() -> Any:
    """What a sale gives, brand by brand: supply price or rate, boosts, overrides, and where the month stands."""
    g.scope_token = context.enter(
        context.Scope(context.DISTRIBUTOR_ROLE, context.DISTRIBUTOR_SETTING, g.seat.distributor_id)
    )
    partnerships = queries.own_partnerships(g.seat.distributor_id)
    wanted = request.args.get("brand", "")
    fitting = [one for one in partnerships if str(one.Brand.id) == wanted] or partnerships
    if not fitting:
        return render_template("distributor/terms.html", at=None)
    at = fitting[0]
    found = _of_brand(at.Brand.id, at.Level)
    listing = Listing(
        name="my-terms",
        usual="name",
        searches=_("Product or Sku"),
        columns=(
            Col("name", _("Sku")),
            Col("words", _("Your terms")),
            Col("suggested", _("Suggested"), money=True),
        ),
        filters=(("brand", _("Brand"), [(str(one.Brand.id), named(one.Brand)) for one in partnerships]),),
        empty=_("This brand offers nothing at the moment"),
    )
    return answer(
        listing, lambda asked: _page(found["rows"], asked), lambda row: row, "distributor/terms.html", at=at,
        found=found, partnerships=partnerships, named=named, percent=percent,
    )  # fmt: skip


def _page(rows: list[dict[str, Any]], asked: Asked) -> Page[dict[str, Any]]:
    """The rows whose name holds the words; terms are worked out here and are in no table."""
    words = asked.words.casefold().split()
    found = [row for row in rows if all(word in row["name"].casefold() for word in words)]
    asked = replace(asked, page=max(1, min(asked.page, -(-len(found) // asked.size))))
    first = (asked.page - 1) * asked.size
    return Page(found[first : first + asked.size], len(found), asked)


def _of_brand(brand_id: int, level: Level | None) -> dict[str, Any]:
    level_id = level.id if level is not None else None
    now, rules = clock.now(), queries.own_rules(brand_id, g.seat.distributor_id, level_id)
    goods = queries.goods_on_offer(brand_id)
    rows, standing = [], {}
    for sku, product in goods:
        sale = Sale(
            sku.id, product.id, g.seat.distributor_id, level_id, now, sku.supply_price_minor, sku.currency
        )
        terms = terms_of(rules, sale)
        rule = terms["rule"]
        rows.append(
            {
                "id": sku.id, "name": f"{named(product)} · {named(sku)}", "words": terms_words(terms, sku.currency),
                "suggested": sku.suggested_minor, "currency": sku.currency,
            }
        )  # fmt: skip
        if "brackets" in terms:
            standing[rule["id"]] = (terms, sku.currency)
    coming = [rule for rule in rules if rule.starts_at > now]
    names = {row.RateRule.id: row for row in queries.rows_by_id([rule.id for rule in rules])}
    return {
        "rows": rows, "level": level, "brackets": [_standing(brand_id, *one) for one in standing.values()],
        "boosts": [_shown(names[rule.id]) for rule in rules if rule.kind == "boost" and _counts(rule, now)],
        "overrides": [_shown(names[rule.id]) for rule in rules if rule.kind == "override" and _counts(rule, now)],
        "coming": [_shown(names[rule.id]) for rule in coming],
    }  # fmt: skip


def _counts(rule: Rule, now: Any) -> bool:
    return rule.starts_at <= now and (rule.ends_at is None or now < rule.ends_at)


def _standing(brand_id: int, terms: Any, currency: str) -> dict[str, Any]:
    """A table of brackets with where this month stands in it, and how far it is to the next row."""
    volume = queries.volume(brand_id, g.seat.distributor_id, currency, month_of(clock.now()))
    rows = bracket_rows(terms)
    following = next((row for row in rows if row[0] > volume), None)
    return {
        "rows": rows, "currency": currency, "volume": volume,
        "missing": following[0] - volume if following else 0, "rate": following[2] if following else 0,
    }  # fmt: skip


def _shown(row: Any) -> dict[str, Any]:
    rule, product, sku, _level, _distributor = row
    currency = rule.value.get("currency") or (sku.currency if sku is not None else "CNY")
    return {
        "goods": for_what(product, sku), "gives": what_it_gives(rule.kind, rule.value, currency),
        "since": rule.starts_at, "until": rule.ends_at,
    }  # fmt: skip

"""A distributor's own terms with each brand whose goods it may sell; read-only, in the distributor's own scope."""

from typing import Any

from flask import g, render_template, request

from app.domain.commissions import rule_queries as queries
from app.domain.commissions.calendar import month_of
from app.domain.commissions.rules import Rule, Sale, terms_of
from app.domain.distributors.models import Level
from app.foundation import clock
from app.web.console.names import named
from app.web.console.rule_words import (
    POTS,
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
    asked = request.args.get("brand", "")
    at = next(
        (one for one in partnerships if str(one.Brand.id) == asked), partnerships[0] if partnerships else None
    )
    return render_template(
        "distributor/terms.html", partnerships=partnerships, at=at, named=named, percent=percent, pots=POTS,
        found=_of_brand(at.Brand.id, at.Level) if at is not None else None,
    )  # fmt: skip


def _of_brand(brand_id: int, level: Level | None) -> dict[str, Any]:
    level_id = level.id if level is not None else None
    now, rules = clock.now(), queries.own_rules(brand_id, g.seat.distributor_id, level_id)
    goods = queries.goods_on_offer(brand_id)
    rows, standing = [], {}
    for sku, product in goods:
        sale = Sale(sku.id, product.id, g.seat.distributor_id, level_id, now, sku.supply_price_minor)
        terms = terms_of(rules, sale)
        rule = terms["rule"]
        rows.append(
            {
                "name": f"{named(product)} · {named(sku)}",
                "words": terms_words(terms, sku.currency),
                "sku": sku,
            }
        )
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

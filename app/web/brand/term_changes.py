"""A brand changes its terms: typed, tried on what was really sold, and then saved."""

from collections.abc import Callable
from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.commissions import rule_queries as queries
from app.domain.commissions.drafts import Change, Ending
from app.domain.commissions.models import RateRule
from app.flows import terms as keeping
from app.foundation.errors import NotFound, ProductError
from app.web.brand import brand
from app.web.brand.term_forms import ROWS, START, start_of, typed_draft
from app.web.brand.term_trial import Preview, preview
from app.web.brand.terms import series_rows
from app.web.console.desk import back
from app.web.console.names import named, options
from app.web.console.persons import actor, needs
from app.web.console.rule_words import POTS, RULE_KINDS, cash, percent, what_it_gives
from app.web.console.typed import Typed
from app.web.console.typed_terms import kept, typed_moment


@brand.route("/terms/new", methods=["GET", "POST"])
@needs("manage")
def new_term() -> Any:
    kind = request.values.get("kind", "commission")
    if kind not in RULE_KINDS:
        raise NotFound(what="kind of rule")
    return _change(kind, None)


@brand.route("/terms/<series>/next", methods=["GET", "POST"])
@needs("manage")
def next_term(series: str) -> Any:
    """Another version of a rule, from a moment on."""
    last = _last(series)
    kind = request.values.get("kind", last.kind)
    if kind != last.kind and {kind, last.kind} != {"margin", "commission"}:
        raise NotFound(what="kind of rule")
    return _change(kind, last)


def _last(series: str) -> RateRule:
    found = queries.series(g.seat.brand_id, series)
    if not found:
        raise NotFound(what="rule")
    return found[0]


def _change(kind: str, last: RateRule | None) -> Any:
    goods = queries.goods_of(g.seat.brand_id)
    currency = _currency_of(goods)(last.sku_id, last.product_id) if last else _currency_of(goods)(None, None)
    form = Typed(start_of(last if last is not None and last.kind == kind else None, kind, currency))

    def draft() -> Change:
        return typed_draft(form, kind, _currency_of(goods), like=last)

    def save(change: Any) -> str:
        return keeping.make_rule(change, reason=form.text("reason", most=200), actor=actor())

    shown = {
        "form": form, "kind": kind, "kinds": options(RULE_KINDS), "last": series_rows(last.series)[0] if last else None,
        "skus": [(str(one.sku_id), named(one)) for one in goods], "products": _products(goods), "currency": currency,
        "levels": [(str(one.id), named(one)) for one in queries.levels(g.seat.brand_id)], "rows": range(ROWS),
        "partners": [(str(one.id), one.name) for one, _level in queries.partners(g.seat.brand_id)],
        "pots": options(POTS),
    }  # fmt: skip
    return _through_preview(form, "brand/term_form.html", shown, draft, save)


def _products(goods: Any) -> list[tuple[str, str]]:
    named_once = {str(one.product_id): named(one).split(" · ")[0] for one in goods}
    return list(named_once.items())


def _currency_of(goods: Any) -> Callable[[int | None, int | None], str]:
    """The currency of what a rule is for: that of the first Sku it covers."""

    def found(sku_id: int | None, product_id: int | None) -> str:
        fitting = (
            one.currency
            for one in goods
            if sku_id in {None, one.sku_id} and product_id in {None, one.product_id}
        )
        return str(next(fitting, START["currency"]))

    return found


@brand.route("/terms/<series>/end", methods=["GET", "POST"])
@needs("manage")
def end_term(series: str) -> Any:
    """A rule ends, from now or from a moment on."""
    form, last = Typed({"begins": "now"}), _last(series)

    def ending() -> Change:
        at = typed_moment(form, "starts_at") if form.choice("begins", ("now", "at")) == "at" else None
        return Ending(series, at)

    def save(change: Any) -> str:
        keeping.end_rule(change, reason=form.text("reason", most=200), actor=actor())
        return last.series

    shown = {"form": form, "last": series_rows(series)[0]}
    return _through_preview(form, "brand/term_end.html", shown, ending, save, at_param="starts_at")


def _through_preview(
    form: Typed,
    template: str,
    shown: dict[str, Any],
    change_of: Callable[[], Change],
    save: Callable[[Any], str],
    *,
    at_param: str = "",
) -> Any:
    """Form, then what the change would do, then saved: nothing is saved that was not shown first."""
    do = request.form.get("do", "")
    if request.method == "POST" and do != "edit":
        change = change_of()
        form.text("reason", most=200)
        try:
            if form.ok and do == "save":
                series = save(change)
                flash(_("Saved."), "success")
                return back("brand.term", series=series)
            if form.ok:
                return _shown_first(keeping.look_at(change), shown)
        except ProductError as error:
            form.blame(error, otherwise="starts_at")
            if at_param and "at" in form.errors:
                form.errors[at_param] = form.errors.pop("at")
    return render_template(template, **shown), 422 if form.errors else 200


def _shown_first(change: Change, shown: dict[str, Any]) -> str:
    show = request.form.get("show", "")
    wanted = request.form.get("period", "")
    found: Preview = preview(change, wanted=wanted, show=int(show) if show.isdecimal() else None)
    ending = isinstance(change, Ending)
    return render_template(
        "brand/term_preview.html", preview=found, change=change, ending=ending, fields=kept(request.form), cash=cash,
        percent=percent, period=wanted or "30", show=show, last=shown.get("last"),
        gives="" if ending else what_it_gives(change.kind, change.value, change.value.get("currency", "CNY")),  # type: ignore[union-attr]  # a draft
        target=_target_words(change, shown),
    )  # fmt: skip


def _target_words(change: Change, shown: dict[str, Any]) -> tuple[str, str]:
    """For what and for whom, in words."""
    if shown.get("last"):
        return shown["last"]["goods"], shown["last"]["party"]
    if isinstance(change, Ending):
        return "", ""
    goods = dict(shown["skus"]).get(str(change.sku_id)) or dict(shown["products"]).get(str(change.product_id))
    level = dict(shown["levels"]).get(str(change.level_id))
    party = dict(shown["partners"]).get(str(change.distributor_id))
    return goods or _("Everything of the brand"), (
        party or (_("Level %(name)s", name=level) if level else _("All distributors"))
    )

"""How a shop presents itself: words, look, numbers, domains."""

from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.catalog.pictures import redrawn
from app.domain.distributors import shops
from app.domain.distributors.proof import proof_by_name
from app.domain.distributors.rules import LANGUAGES, LIMITS
from app.flows import shop_settings as changing
from app.foundation import media
from app.foundation.errors import ProductError
from app.foundation.runtime import settings
from app.web.console.desk import back
from app.web.console.looks import LookForm, look_form, typed_look
from app.web.console.names import LANGUAGE_NAMES
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed, ids
from app.web.distributor import distributor
from tenants.context import platform_scope

LENGTHS = {
    "tagline": 60,
    "tagline_en": 80,
    "notice": 300,
    "notice_en": 400,
    "contact": 120,
    "hours": 60,
    "hours_en": 80,
    "logo_letters": 2,
}


@distributor.route("/shops/<slug>/settings", methods=["GET", "POST"])
@needs("manage")
def shop_settings(slug: str) -> Any:
    shop, kept = g.shop, g.shop.settings
    form = Typed({"name": shop.name, "name_en": shop.name_en, **kept})
    spoken = request.form.getlist("languages") if request.method == "POST" else shop.languages
    if request.method == "POST":
        name, name_en = form.text("name", most=30), form.text("name_en", most=40, required=False)
        words = {key: form.text(key, most=most, required=False) for key, most in LENGTHS.items()}
        numbers = {
            key: form.whole(key, least=least, most=most, required=False)
            for key, (least, most) in LIMITS.items()
        }
        if form.ok:
            try:
                changing.change_shop(
                    shop.id,
                    name=name,
                    name_en=name_en,
                    languages=spoken,
                    words=words,
                    numbers=numbers,
                    actor=actor(),
                )
                flash(_("Saved. Your shop shows it within a second."), "success")
                return back("distributor.shop_settings", slug=slug)
            except ProductError as error:
                form.blame(error, otherwise="name")
    page = render_template(
        "distributor/settings.html",
        form=form,
        spoken=spoken,
        languages=LANGUAGE_NAMES,
        all_languages=LANGUAGES,
        limits=LIMITS,
        usual={
            "checkout_minutes": settings().checkout_minutes,
            "max_open_orders": settings().max_open_orders,
        },
    )
    return page, 422 if form.errors else 200


@distributor.post("/shops/<slug>/logo")
@needs("manage")
def logo(slug: str) -> Any:
    """A picture as logo, drawn anew by us; or none, and the letters stand in for it."""
    file = request.files.get("logo")
    try:
        address = (
            None
            if request.form.get("do") == "remove" or file is None
            else media.keep(redrawn(file.read()), "webp")
        )
        changing.set_logo(g.shop.id, address, actor=actor())
        flash(_("Saved. Your shop shows it within a second."), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.look", slug=slug)


@distributor.post("/shops/<slug>/open")
@needs("manage")
def set_open(slug: str) -> Any:
    """Close the shop for a while, or open it again."""
    changing.set_open(g.shop.id, is_open=request.form.get("open") == "1", actor=actor())
    flash(_("Saved. Your shop shows it within a second."), "success")
    return back("distributor.shop_settings", slug=slug)


@distributor.route("/shops/<slug>/look", methods=["GET", "POST"])
@needs("manage")
def look(slug: str) -> Any:
    form = look_form(g.shop.theme, {})
    if request.method == "POST":
        chosen = typed_look(form)
        if form.ok:
            try:
                changing.dress_shop(g.shop.id, chosen, actor=actor())
                flash(_("Saved. Your shop shows it within a second."), "success")
                return back("distributor.look", slug=slug)
            except ProductError as error:
                form.blame(error, otherwise="preset")
    page = render_template(
        "distributor/look.html", form=form, looks=LookForm(form), shop_url=settings().shop_url(slug)
    )
    return page, 422 if form.errors else 200


@distributor.route("/shops/<slug>/domains", methods=["GET", "POST"])
@needs("manage")
def domains(slug: str) -> Any:
    """Domains of the shop's own: named, proven, answered."""
    form = Typed()
    if request.method == "POST":
        host = form.text("host", most=253)
        if form.ok:
            try:
                changing.add_host(g.shop.id, host, actor=actor())
                return back("distributor.domains", slug=slug)
            except ProductError as error:
                form.blame(error, otherwise="host")
    with platform_scope():
        hosts = shops.hosts_of(g.shop.id)
    page = render_template(
        "distributor/domains.html",
        form=form,
        hosts=hosts,
        usual=settings().shop_url(slug, ""),
        target=settings().base_host,
    )
    return page, 422 if form.errors else 200


@distributor.post("/shops/<slug>/domains/check")
@needs("manage")
def check_domain(slug: str) -> Any:
    """Look for the token, and let the domain answer."""
    for host_id in ids("host"):
        try:
            changing.prove_host(g.shop.id, host_id, proof_by_name(settings().domain_proof), actor=actor())
            flash(_("The domain is yours and answers from now on."), "success")
        except ProductError as error:
            tell(error, "warning")
    return back("distributor.domains", slug=slug)


@distributor.post("/shops/<slug>/domains/drop")
@needs("manage")
def drop_domain(slug: str) -> Any:
    for host_id in ids("host"):
        changing.drop_host(g.shop.id, host_id, actor=actor())
    flash(_("The domain does not answer any more."), "success")
    return back("distributor.domains", slug=slug)

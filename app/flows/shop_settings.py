"""A distributor changes its shop: words, look, numbers, domains."""

from collections.abc import Mapping
from typing import Any

from app.domain.distributors import service, shops
from app.domain.distributors.errors import HostNotProven
from app.domain.distributors.models import Shop, ShopHost
from app.domain.distributors.proof import DomainProof
from app.domain.distributors.rules import LANGUAGES, clean_host, clean_number, clean_theme
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope

WORDS = ("tagline", "tagline_en", "notice", "notice_en", "contact", "hours", "hours_en", "logo_letters")
NUMBERS = ("checkout_minutes", "max_open_orders")


def change_shop(
    shop_id: int, *, name: str, name_en: str, languages: list[str], words: Mapping[str, str],
    numbers: Mapping[str, int | None], actor: Actor,
) -> None:  # fmt: skip
    """Name, languages, the words on its pages, and the adjustable numbers (None: the platform's own)."""
    spoken = [language for language in LANGUAGES if language in languages]
    if not spoken:
        raise InvalidInput(param="languages", reason="none_chosen")
    checked = {key: None if value is None else clean_number(key, value) for key, value in numbers.items()}
    with shop_scope(shop_id), unit_of_work(actor) as work:
        shop = _shop(shop_id)
        shop.name, shop.name_en, shop.languages = name.strip(), name_en.strip(), spoken
        service.change_settings(shop, **{key: words.get(key, "").strip() or None for key in WORDS}, **checked)
        work.record("shop.changed", f"shop:{shop_id}")


def dress_shop(shop_id: int, look: Mapping[str, Any], *, actor: Actor) -> None:
    """Other colours and shapes; every page of the shop follows within a second."""
    theme = clean_theme(look)
    with shop_scope(shop_id), unit_of_work(actor) as work:
        _shop(shop_id).theme = theme
        work.record("shop.dressed", f"shop:{shop_id}", **theme)


def set_logo(shop_id: int, address: str | None, *, actor: Actor) -> None:
    """A picture for the shop's name, or its letters again."""
    with shop_scope(shop_id), unit_of_work(actor) as work:
        _shop(shop_id).logo = address
        work.record("shop.logo_changed", f"shop:{shop_id}", logo=address)


def set_open(shop_id: int, *, is_open: bool, actor: Actor) -> None:
    """Close a live shop for a while, or open it again; drafts are opened by flows.open_shop.

    A shop's own scope changes its words and looks, never its state.
    """
    with platform_scope(), unit_of_work(actor) as work:
        shop = _shop(shop_id)
        if shop.status != "draft":
            shop.status = "live" if is_open else "closed"
            work.record(f"shop.{shop.status}", f"shop:{shop_id}")


def add_host(shop_id: int, host: str, *, actor: Actor) -> None:
    """A domain of the shop's own, to be proven before it answers."""
    host = clean_host(host, base_host=settings().base_host)
    with platform_scope(), unit_of_work(actor) as work:
        service.add_host(shop_id, host)
        work.record("shop.host_added", f"shop:{shop_id}", host=host)


def prove_host(shop_id: int, host_id: int, proof: DomainProof, *, actor: Actor) -> None:
    """Let a domain answer once it shows its token, or raise HostNotProven.

    The network is asked outside any transaction.
    """
    with platform_scope():
        waiting = _host(shop_id, host_id)
        host, token = waiting.host, waiting.token
    if not proof.shows(host, token):
        raise HostNotProven(host=host)
    with platform_scope(), unit_of_work(actor) as work:
        _host(shop_id, host_id).verified_at = clock.now()
        work.record("shop.host_proven", f"shop:{shop_id}", host=host)


def drop_host(shop_id: int, host_id: int, *, actor: Actor) -> None:
    """The domain stops answering."""
    with platform_scope(), unit_of_work(actor) as work:
        row = _host(shop_id, host_id)
        session().delete(row)
        work.record("shop.host_dropped", f"shop:{shop_id}", host=row.host)


def _shop(shop_id: int) -> Shop:
    shop = session().get(Shop, shop_id)
    if shop is None:
        raise NotFound(what="shop")
    return shop


def _host(shop_id: int, host_id: int) -> ShopHost:
    row = next((row for row in shops.hosts_of(shop_id) if row.id == host_id), None)
    if row is None:
        raise NotFound(what="host")
    return row

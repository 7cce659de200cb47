"""From a shop to the face that its pages, mails and pay page show."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from app.foundation.runtime import settings
from app.web.look import PERKLINE, PRESETS, Look, ShopFace, compose
from app.web.look.colour import is_hex
from tenants.directory import Tenant

COLOURS = ("primary", "accent", "tint")
SHAPES = {"corners": ("sharp", "soft", "round"), "typeface": ("sans", "rounded", "serif"), "mode": ("auto", "light", "dark")}
MOST_KEPT = 4096

_kept: dict[tuple[int, str], tuple[Tenant, ShopFace]] = {}


def face_of(shop: Tenant, language: str) -> ShopFace:
    """The shop in a language. The same object comes back until something of the shop has changed."""
    key = (shop.id, language)
    before = _kept.get(key)
    if before is not None and (before[0] is shop or _looks_the_same(before[0], shop)):
        _kept[key] = (shop, before[1])
        return before[1]
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    face = _composed(shop, language)
    _kept[key] = (shop, face)
    return face


def look_of(theme: Mapping[str, Any]) -> Look:
    """The choices a shop keeps, over the preset they started from; what cannot be is left out."""
    look = PRESETS.get(str(theme.get("preset")), PERKLINE)
    chosen = {name: theme[name] for name in COLOURS if is_hex(str(theme.get(name, "")))}
    chosen |= {name: theme[name] for name, allowed in SHAPES.items() if theme.get(name) in allowed}
    return replace(look, **chosen)


def in_words(kept: Mapping[str, Any], name: str, language: str) -> str:
    """What a shopkeeper wrote, in the reader's language where it was written in it."""
    return str((language == "en" and kept.get(f"{name}_en")) or kept.get(name) or "")


def _composed(shop: Tenant, language: str) -> ShopFace:
    kept = shop.settings
    return ShopFace(
        name=(language == "en" and kept.get("name_en")) or shop.name,
        home=settings().shop_url(shop.slug, ""),
        currency=shop.currency,
        theme=compose(look_of(shop.theme)),
        logo=kept.get("logo"),
        languages=shop.languages or ("zh_Hans", "en"),
        zone=str(kept.get("timezone") or "Asia/Shanghai"),
        **{name: in_words(kept, name, language) for name in ("tagline", "notice", "contact", "hours")},
    )


def _looks_the_same(one: Tenant, other: Tenant) -> bool:
    # Tenants compare by what tells them apart; a face also by what is shown.
    return all(getattr(one, field.name) == getattr(other, field.name) for field in fields(Tenant))

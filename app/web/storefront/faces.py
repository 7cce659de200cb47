"""The open shop's face: one object for as long as nothing of the shop changes, so that pages can be kept by it."""

from dataclasses import fields

from flask import g

from app.foundation.runtime import settings
from app.web import language
from app.web.look import ShopFace, face_of
from tenants.directory import Tenant

MOST_KEPT = 4096

_kept: dict[tuple[int, str], tuple[Tenant, ShopFace]] = {}


def face() -> ShopFace:
    """The open shop in the visitor's language."""
    shop, locale = g.tenant, language.choose()
    key = (shop.id, locale)
    before = _kept.get(key)
    if before is not None and (before[0] is shop or _shows_the_same(before[0], shop)):
        _kept[key] = (shop, before[1])
        return before[1]
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    made = face_of(shop, home=settings().shop_url(shop.slug, ""), locale=locale)
    _kept[key] = (shop, made)
    return made


def _shows_the_same(one: Tenant, other: Tenant) -> bool:
    # Tenants compare by what tells them apart; a face also by what is shown.
    return all(getattr(one, field.name) == getattr(other, field.name) for field in fields(Tenant))

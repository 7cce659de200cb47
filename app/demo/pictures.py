"""Pictures of the demo, drawn by our own code: goods, marks of brands, logos of shops, an avatar.

Every function returns a small, whole SVG document. The same goods always get the same picture; text is escaped and
nothing in it runs, loads or links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from html import escape

from app.demo import chance
from app.demo.art import marks
from app.demo.art import scenes_light as light
from app.demo.art import scenes_objects as objects
from app.demo.art import scenes_patterns as patterns
from app.demo.art import scenes_places as places
from app.demo.art.canvas import Subject, blend, frame
from app.demo.art.lettering import write
from app.demo.art.palette import palette
from app.demo.goods import products
from app.demo.shapes import DemoBrand, DemoProduct, DemoSku, Words
from app.demo.shops import DemoShop

Scene = Callable[[Subject], str]

_SCENES: dict[str, tuple[Scene, ...]] = {
    "video": (
        light.mesh,
        light.letters,
        light.dots,
        objects.ticket,
        patterns.cinema,
        light.poster,
        patterns.lights,
    ),
    "music": (light.record, light.dots, patterns.lights, places.hills, patterns.scales, light.poster),
    "reading": (places.spines, patterns.gate, places.hills, light.poster, patterns.scales, places.arch),
    "cloud": (light.mesh, patterns.slabs, patterns.lights, places.hills),
    "software": (objects.window, patterns.slabs, light.letters, light.poster, light.dots, patterns.lights),
    "game-card": (objects.card, patterns.floor, patterns.gate, light.letters, light.dots, patterns.slabs),
    "game-topup": (objects.coins, patterns.floor, light.letters, patterns.gate, light.mesh),
    "gift-card": (objects.card, patterns.scales, objects.ticket, places.arch),
    "mobile": (objects.phone, light.mesh, light.letters, patterns.slabs),
    "food": (places.table, objects.ticket, light.poster, patterns.scales, places.arch),
    "travel": (places.hills, objects.ticket, places.street, patterns.gate),
}


def product_picture(product: DemoProduct, *, sku: DemoSku | None = None, language: str = "zh") -> str:
    """The card art of a product, or of one Sku of it, with its words in one language."""
    name, maker = _in(product.name, language), _in(product.maker.name, language)
    caption = _in(sku.name, language) if sku else _range(product, language)
    subject = Subject(
        ident=_ident(product.key),
        big=_in(product.short, language),
        maker=maker,
        caption=caption,
        smallest=_in((sku or product.skus[0]).name, language),
        mark=product.maker.mark,
        tint=palette(*product.maker.hues),
        dice=chance.dice(f"picture/{product.key}"),
    )
    return frame(scene_of(product)(subject), title=escape(f"{name} {caption}"))


def scene_of(product: DemoProduct) -> Scene:
    """Which composition a product is given: neighbours on a shelf take turns among those that suit their category."""
    scenes = _SCENES[product.category]
    return scenes[_places().get(product.key, _number(product.key)) % len(scenes)]


def brand_mark(brand: DemoBrand) -> str:
    """A brand's square logo: its mark on a gradient of its colours."""
    tint, ident = palette(*brand.hues), _ident(brand.key)
    return _square(
        f"<defs>{blend(ident, tint.second, tint.strong)}</defs>"
        f'<rect width="96" height="96" rx="24" fill="url(#{ident})"/>'
        '<path d="M0 24A24 24 0 0 1 24 0h48a24 24 0 0 1 24 24C70 40 30 30 0 56z" fill="#fff" opacity=".14"/>'
        + marks.draw(brand.mark, x=22, y=22, size=52, colour="#fff"),
        title=brand.name.zh,
    )


def shop_logo(shop: DemoShop) -> str:
    """A shop's square logo: its mark on its primary colour, a corner in its accent."""
    corner = {"sharp": 6, "soft": 20, "round": 48}[shop.theme.corners]
    ident = _ident(shop.slug)
    return _square(
        f'<defs><clipPath id="{ident}"><rect width="96" height="96" rx="{corner}"/></clipPath></defs>'
        f'<g clip-path="url(#{ident})"><path d="M0 0h96v96H0z" fill="{shop.theme.primary}"/>'
        f'<circle cx="88" cy="92" r="40" fill="{shop.theme.accent}"/></g>'
        + marks.draw(shop.theme.mark, x=22, y=21, size=52, colour="#fff"),
        title=shop.name.zh,
    )


def avatar(name: str) -> str:
    """A round portrait of someone without one: the first letter on a colour of their own."""
    number = _number(name)
    tint = palette(number % 360, (number // 360) % 360)
    letter = next((sign for sign in name if sign.isalnum()), "?").upper()
    return _square(
        f'<circle cx="48" cy="48" r="48" fill="{tint.soft}"/>'
        + write(letter, x=48, y=63, size=42, fill=tint.deep, weight=700, anchor="middle"),
        title=name,
    )


def _square(body: str, *, title: str) -> str:
    return frame(body, title=escape(title), width=96, height=96)


@cache
def _places() -> dict[str, int]:
    """Each product's place on its category's shelf."""
    shelf: Counter[str] = Counter()
    found = {}
    for product in products():
        found[product.key] = shelf[product.category]
        shelf[product.category] += 1
    return found


def _range(product: DemoProduct, language: str) -> str:
    """What the product comes in, from its smallest to its largest Sku."""
    first, last = product.skus[0], product.skus[-1]
    if first is last:
        return _in(first.name, language)
    return f"{_in(first.name, language)} – {_in(last.name, language)}"


def _in(words: Words, language: str) -> str:
    return words.en if language == "en" else words.zh


def _ident(name: str) -> str:
    return "p" + blake2b(name.encode(), digest_size=3).hexdigest()


def _number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big")

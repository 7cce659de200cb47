"""What a shop may be called and how it may be set. Values in, values out."""

import re
from collections.abc import Mapping
from typing import Any

from app.domain.distributors.errors import SlugNotAllowed
from app.foundation.errors import InvalidInput
from tenants.hosts import is_free_form

HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
CORNERS, TYPEFACES, MODES = (
    ("sharp", "soft", "round"),
    ("sans", "rounded", "serif"),
    ("auto", "light", "dark"),
)
LANGUAGES = ("zh_Hans", "en")
LIMITS = {"checkout_minutes": (5, 120), "max_open_orders": (1, 20)}


def clean_slug(text: str) -> str:
    """A subdomain as we keep it, or SlugNotAllowed."""
    slug = text.strip().lower()
    if not is_free_form(slug):
        raise SlugNotAllowed(param="slug", slug=slug)
    return slug


def proposed_slug(name: str) -> str:
    """The letters and digits of a name as a subdomain; empty where it has too few of them."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return slug if is_free_form(slug) else ""


def clean_host(text: str, *, base_host: str) -> str:
    """A custom domain, or InvalidInput; never a name below the platform's own host."""
    host = re.sub(r"^https?://", "", text.strip().lower()).rstrip("./")
    ours = host == base_host or host.endswith("." + base_host)
    if not HOST.fullmatch(host) or ours:
        raise InvalidInput(param="host", reason="not_a_host")
    return host


def clean_theme(given: Mapping[str, Any]) -> dict[str, str]:
    """Colours and shapes as they are kept, or InvalidInput for the one that cannot be."""
    theme = {name: str(given[name]).lower() for name in ("primary", "accent", "tint") if given.get(name)}
    for name, colour in theme.items():
        if not COLOUR.fullmatch(colour):
            raise InvalidInput(param=name, reason="not_a_colour")
    for name, allowed in (("corners", CORNERS), ("typeface", TYPEFACES), ("mode", MODES)):
        if given.get(name) in allowed:
            theme[name] = str(given[name])
    if given.get("preset"):
        theme["preset"] = str(given["preset"])[:40]
    return theme


def clean_number(name: str, value: int) -> int:
    """One of the adjustable numbers within its limits, or InvalidInput."""
    least, most = LIMITS[name]
    if not least <= value <= most:
        raise InvalidInput(param=name, reason="out_of_range", least=least, most=most)
    return value

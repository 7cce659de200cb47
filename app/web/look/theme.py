"""A shop's look: a few choices in, every colour of its pages out.

The choices are data in the database; `compose` turns them into CSS variables that
are the same for every visitor. The style sheet travels inside the page, and a
content security policy admits it by its hash (`Theme.csp_source`), so it needs
neither a nonce nor `unsafe-inline`.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal, NamedTuple

from app.web.look.colour import BLACK, WHITE, Oklch, contrast, luminance, to_hex, to_oklch

Corners = Literal["sharp", "soft", "round"]
Typeface = Literal["sans", "rounded", "serif"]
Mode = Literal["auto", "light", "dark"]
MODES = ("auto", "light", "dark")

READABLE = 4.5
"""WCAG 2 AA for text; every pair of text and ground below keeps it."""

HANZI = '"PingFang SC","HarmonyOS Sans SC","MiSans","Microsoft YaHei","Noto Sans CJK SC"'
SANS = f'-apple-system,"Segoe UI",Roboto,{HANZI},system-ui,sans-serif'
TYPEFACES: dict[str, tuple[str, str]] = {
    "sans": (SANS, SANS),
    "rounded": (
        f'ui-rounded,"SF Pro Rounded","Hiragino Maru Gothic ProN","YouYuan",{SANS}',
        SANS,
    ),
    "serif": (
        'ui-serif,"New York",Georgia,"Songti SC","Source Han Serif SC","Noto Serif CJK SC",serif',
        SANS,
    ),
}
CORNERS: dict[str, tuple[str, str, str]] = {
    "sharp": ("0.125rem", "0.25rem", "0.25rem"),
    "soft": ("0.5rem", "0.625rem", "0.875rem"),
    "round": ("2rem", "2rem", "1.5rem"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a distributor chooses. Colours are #rrggbb."""

    primary: str
    accent: str
    tint: str = "#808080"
    corners: Corners = "soft"
    typeface: Typeface = "sans"
    mode: Mode = "auto"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one mode. `*_content` reads on its namesake, `*_ink` reads on every base."""

    base_100: str
    base_200: str
    base_300: str
    base_content: str
    muted: str
    line: str
    primary: str
    primary_content: str
    primary_ink: str
    primary_soft: str
    secondary: str
    secondary_content: str
    accent: str
    accent_content: str
    accent_ink: str
    accent_soft: str
    neutral: str
    neutral_content: str
    info: str
    info_content: str
    info_ink: str
    info_soft: str
    success: str
    success_content: str
    success_ink: str
    success_soft: str
    warning: str
    warning_content: str
    warning_ink: str
    warning_soft: str
    error: str
    error_content: str
    error_ink: str
    error_soft: str

    def css(self) -> str:
        return ";".join(
            f"--color-{field.name.replace('_', '-')}:{getattr(self, field.name)}" for field in fields(self)
        )


@dataclass(frozen=True, slots=True)
class Theme:
    look: Look
    light: Palette
    dark: Palette
    css: str
    csp_source: str
    """The `'sha256-…'` source that lets this style sheet, and no other, stand in a page."""


@lru_cache(maxsize=4096)
def compose(look: Look) -> Theme:
    """Every colour of a shop, readable in light and in dark whatever was chosen."""
    light, dark = _light(look), _dark(look)
    css = _style_sheet(look, light, dark)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return Theme(look, light, dark, css, f"'sha256-{digest}'")


def readable_on(ground: str) -> str:
    """White or a near-black of the ground's hue: whichever reads on it at 4.5 or better."""
    if contrast(WHITE, ground) >= READABLE:
        return WHITE
    hue = to_oklch(ground)
    ink = to_hex(Oklch(0.2, min(hue.chroma, 0.04), hue.hue))
    return ink if contrast(ink, ground) >= READABLE else BLACK


def readable_as_text(colour: str, *grounds: str) -> str:
    """The colour, darkened or lightened only as far as reading it on all grounds needs."""
    return _moved_away(colour, grounds, READABLE)


def _moved_away(colour: str, grounds: tuple[str, ...], ratio: float) -> str:
    lights = [luminance(ground) for ground in grounds]

    def stands_out(candidate: str) -> bool:
        own = luminance(candidate)
        return all((max(own, light) + 0.05) / (min(own, light) + 0.05) >= ratio for light in lights)

    if stands_out(colour):
        return colour
    full = to_oklch(colour)
    darker = contrast(WHITE, grounds[0]) < contrast(BLACK, grounds[0])
    near, far = full.lightness, 0.0 if darker else 1.0
    found = BLACK if darker else WHITE
    while abs(near - far) > 0.004:
        middle = (near + far) / 2
        candidate = to_hex(full._replace(lightness=middle))
        if stands_out(candidate):
            found, far = candidate, middle
        else:
            near = middle
    return found


class _Greys(NamedTuple):
    bases: tuple[str, str, str]
    content: str
    muted: str
    line: str
    neutral: str


def _light(look: Look) -> Palette:
    grey = _tinted(look.tint)
    greys = _Greys(
        bases=(grey(0.997, 0.003), grey(0.975, 0.009), grey(0.935, 0.014)),
        content=grey(0.22, 0.025),
        muted=grey(0.5, 0.025),
        line=grey(0.9, 0.014),
        neutral=grey(0.26, 0.03),
    )
    return _palette(
        look,
        greys,
        soft=lambda colour: to_hex(_softened(colour, lightness=0.958, chroma=0.026)),
        presence=1.35,
        signals=("#1d6fd1", "#12854f", "#e8a413", "#cf2f3d"),
    )


def _dark(look: Look) -> Palette:
    grey = _tinted(look.tint)
    greys = _Greys(
        bases=(grey(0.225, 0.02), grey(0.178, 0.018), grey(0.29, 0.024)),
        content=grey(0.945, 0.01),
        muted=grey(0.745, 0.02),
        line=grey(0.325, 0.024),
        neutral=grey(0.88, 0.015),
    )
    return _palette(
        look,
        greys,
        soft=lambda colour: to_hex(_softened(colour, lightness=0.275, chroma=0.05)),
        presence=2.6,
        signals=("#5aa9f5", "#43c387", "#f0b840", "#f1707a"),
    )


def _tinted(tint: str) -> Callable[[float, float], str]:
    """Greys that lean towards the shop's tint, as far as the tint is a colour at all."""
    full = to_oklch(tint)
    strength = min(full.chroma / 0.15, 1)
    return lambda lightness, chroma: to_hex(Oklch(lightness, chroma * strength, full.hue))


def _palette(
    look: Look,
    greys: _Greys,
    *,
    soft: Callable[[str], str],
    presence: float,
    signals: tuple[str, str, str, str],
) -> Palette:
    """Every colour of one mode; `presence` is how far a button stands out from the sheet it is on."""
    bases = greys.bases
    primary = _moved_away(look.primary, bases[:1], presence)
    accent = _moved_away(look.accent, bases[:1], presence)
    info, success, warning, error = signals
    softs = {colour: soft(colour) for colour in (primary, accent, *signals)}

    def ink(colour: str) -> str:
        return readable_as_text(colour, bases[2], bases[1], bases[0], softs[colour])

    return Palette(
        *bases,
        base_content=greys.content,
        muted=readable_as_text(greys.muted, bases[2], bases[1], bases[0]),
        line=greys.line,
        primary=primary,
        primary_content=readable_on(primary),
        primary_ink=ink(primary),
        primary_soft=softs[primary],
        secondary=greys.neutral,
        secondary_content=readable_on(greys.neutral),
        accent=accent,
        accent_content=readable_on(accent),
        accent_ink=ink(accent),
        accent_soft=softs[accent],
        neutral=greys.neutral,
        neutral_content=readable_on(greys.neutral),
        info=info,
        info_content=readable_on(info),
        info_ink=ink(info),
        info_soft=softs[info],
        success=success,
        success_content=readable_on(success),
        success_ink=ink(success),
        success_soft=softs[success],
        warning=warning,
        warning_content=readable_on(warning),
        warning_ink=ink(warning),
        warning_soft=softs[warning],
        error=error,
        error_content=readable_on(error),
        error_ink=ink(error),
        error_soft=softs[error],
    )


def _softened(colour: str, *, lightness: float, chroma: float) -> Oklch:
    full = to_oklch(colour)
    return Oklch(lightness, min(full.chroma, chroma), full.hue)


def _style_sheet(look: Look, light: Palette, dark: Palette) -> str:
    selector, field, box = CORNERS[look.corners]
    display, body = TYPEFACES[look.typeface]
    shape = (
        f"--radius-selector:{selector};--radius-field:{field};--radius-box:{box};"
        f"--font-display:{display};--font-body:{body}"
    )
    first, scheme = (dark, "dark") if look.mode == "dark" else (light, "light")
    sheet = f":root{{color-scheme:{scheme};{shape};{first.css()}}}"
    if look.mode == "auto":
        sheet += f"@media(prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark.css()}}}}}"
    return sheet

"""Colours from two hues, even to the eye: made in OKLCH, written as #rrggbb so that every browser agrees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, radians, sin


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one maker, from darkest to lightest, and one that stands out."""

    night: str
    deep: str
    strong: str
    second: str
    bright: str
    soft: str
    paper: str
    ink: str
    pop: str


@cache
def palette(one: int, other: int) -> Palette:
    """Mix a palette from two hues, in the degrees of a painter's wheel: red 0, green 120, blue 240."""
    first, second = _even(one), _even(other)
    # Dark yellow is mud: what is dark in a yellow palette leans towards orange, and what is strong is lighter.
    yellow = 66 < first < 122
    dark = 58 if yellow else first
    return Palette(
        night=colour(0.21, 0.065, dark),
        deep=colour(0.34, 0.125, dark),
        strong=colour(0.6, 0.2, min(first, 68)) if yellow else colour(0.53, 0.2, first),
        second=colour(0.7 if 66 < second < 122 else 0.64, 0.19, second),
        bright=colour(0.79, 0.155, second),
        soft=colour(0.885, 0.065, first),
        paper=colour(0.962, 0.022, second),
        ink=colour(0.24, 0.07, dark),
        pop=colour(0.8, 0.15, 20) if yellow else colour(0.87, 0.165, 92),
    )


# Where the six colours of the painter's wheel lie on the even one.
_WHEEL = (29, 108, 143, 195, 264, 328, 389)


def _even(hue: int) -> float:
    place, rest = divmod(hue % 360, 60)
    return _WHEEL[place] + (_WHEEL[place + 1] - _WHEEL[place]) * rest / 60 % 360


def colour(lightness: float, chroma: float, hue: float) -> str:
    """Write an OKLCH colour as #rrggbb, giving up chroma until a screen can show it."""
    while chroma > 0.004:
        red, green, blue = _linear(lightness, chroma, hue)
        if all(-0.0005 <= part <= 1.0005 for part in (red, green, blue)):
            return _hex(red, green, blue)
        chroma -= 0.004
    return _hex(*_linear(lightness, 0, hue))


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    # The matrices are from Björn Ottosson's description of OKLab.
    along, across = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * along + 0.2158037573 * across) ** 3
    medium = (lightness - 0.1055613458 * along - 0.0638541728 * across) ** 3
    short = (lightness - 0.0894841775 * along - 1.2914855480 * across) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{round(_gamma(min(1.0, max(0.0, part))) * 255):02x}" for part in parts)


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055

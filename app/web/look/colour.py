"""Colour arithmetic: sRGB hex to OKLCH and back, and WCAG 2 contrast.

OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020) keeps
the hue still while lightness moves, so a brand's colour stays the brand's colour.
"""

import math
import re
from typing import NamedTuple

WHITE = "#ffffff"
BLACK = "#000000"

_HEX = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)


class Oklch(NamedTuple):
    lightness: float
    chroma: float
    hue: float


def is_hex(text: str) -> bool:
    """Whether the text is a colour of the form #rrggbb."""
    return bool(_HEX.match(text))


def channels(hex_colour: str) -> tuple[float, float, float]:
    """Red, green and blue of #rrggbb, each 0–1; ValueError for anything else."""
    if not is_hex(hex_colour):
        raise ValueError(f"not a colour of the form #rrggbb: {hex_colour!r}")
    return (
        int(hex_colour[1:3], 16) / 255,
        int(hex_colour[3:5], 16) / 255,
        int(hex_colour[5:7], 16) / 255,
    )


def luminance(hex_colour: str) -> float:
    """WCAG relative luminance, 0 for black to 1 for white."""
    red, green, blue = (_linear(channel) for channel in channels(hex_colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def to_oklch(hex_colour: str) -> Oklch:
    red, green, blue = (_linear(channel) for channel in channels(hex_colour))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def to_hex(colour: Oklch) -> str:
    """The nearest #rrggbb a screen can show: chroma gives way, lightness and hue stay."""
    rgb = _rgb(colour)
    if not _shows(rgb):
        least, most = 0.0, colour.chroma
        while most - least > 0.002:
            chroma = (least + most) / 2
            least, most = (chroma, most) if _shows(_rgb(colour._replace(chroma=chroma))) else (least, chroma)
        rgb = _rgb(colour._replace(chroma=least))
    return _hex(rgb)


def _shows(rgb: tuple[float, float, float]) -> bool:
    return all(-0.001 <= channel <= 1.001 for channel in rgb)


def _rgb(colour: Oklch) -> tuple[float, float, float]:
    a = colour.chroma * math.cos(math.radians(colour.hue))
    b = colour.chroma * math.sin(math.radians(colour.hue))
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _hex(rgb: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(min(max(channel, 0), 1) * 255):02x}" for channel in rgb)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> float:
    if channel <= 0.0031308:
        return channel * 12.92
    return 1.055 * channel ** (1 / 2.4) - 0.055

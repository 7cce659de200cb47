"""Letters in pictures: escaped, and sized so that they stay inside their place without measuring a font."""

from __future__ import annotations

from html import escape
from unicodedata import east_asian_width

FACE = "'Noto Sans SC','PingFang SC','HarmonyOS Sans SC','Microsoft YaHei','Noto Sans CJK SC',system-ui,sans-serif"


def width(text: str) -> float:
    """How wide a bold text is, in its own size: a little too much rather than too little."""
    return sum(_advance(sign) for sign in text)


def fit(text: str, *, within: float, at_most: float) -> float:
    """The largest size at which the text stays within a width."""
    return round(min(at_most, within / max(0.5, width(text))), 1)


def write(
    text: str,
    *,
    x: float,
    y: float,
    size: float,
    fill: str,
    weight: int = 700,
    anchor: str = "start",
    opacity: float = 1,
) -> str:
    """Write one line of text on its baseline."""
    extras = f' text-anchor="{anchor}"' if anchor != "start" else ""
    extras += f' opacity="{opacity:g}"' if opacity < 1 else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" fill="{fill}"{extras}>'
        f"{escape(text)}</text>"
    )


def label(
    text: str,
    *,
    x: float,
    y: float,
    within: float,
    at_most: float,
    fill: str,
    weight: int = 700,
    anchor: str = "start",
) -> str:
    """Write one line as large as a width allows."""
    size = fit(text, within=within, at_most=at_most)
    return write(text, x=x, y=y, size=size, fill=fill, weight=weight, anchor=anchor)


def _advance(sign: str) -> float:
    if east_asian_width(sign) in "WF":
        return 1.0
    if sign in " .,:;'|ilIj·":
        return 0.34
    if sign in "mwMW@%":
        return 0.92
    return 0.7 if sign.isupper() else 0.61

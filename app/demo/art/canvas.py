"""What every scene is given, and the frame around what it draws."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from app.demo.art.lettering import FACE
from app.demo.art.palette import Palette

WIDTH, HEIGHT = 480, 360
DOWN = "0 0 0 1"


@dataclass(frozen=True, slots=True)
class Subject:
    """The words, the mark and the colours of one picture; `dice` is the same for the same goods."""

    ident: str
    big: str
    maker: str
    caption: str
    smallest: str
    mark: str
    tint: Palette
    dice: Random


def frame(body: str, *, title: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """A whole SVG document around a drawing; the title must be escaped already."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="{FACE}"><title>{title}</title>{body}</svg>'
    )


def blend(ident: str, start: str, end: str, *, angle: str = "0 0 1 1", middle: str = "") -> str:
    """Define a linear gradient between two colours."""
    x1, y1, x2, y2 = angle.split()
    between = f'<stop offset=".5" stop-color="{middle}"/>' if middle else ""
    return (
        f'<linearGradient id="{ident}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"><stop stop-color="{start}"/>'
        f'{between}<stop offset="1" stop-color="{end}"/></linearGradient>'
    )


def glow(ident: str, colour: str) -> str:
    """Define a light that fades to nothing."""
    return (
        f'<radialGradient id="{ident}"><stop stop-color="{colour}"/>'
        f'<stop offset=".35" stop-color="{colour}" stop-opacity=".72"/>'
        f'<stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>'
    )


def ground(fill: str) -> str:
    """Paint the whole field."""
    return f'<path fill="{fill}" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>'

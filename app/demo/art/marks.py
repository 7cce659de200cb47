"""The makers' marks: small drawings on a 48 × 48 field, in one colour.

Each line is one stroke of the pen: `f` fills a path, `s` strokes one, `c` fills a circle (x y r), `o` strokes one,
`r` fills a rounded rectangle (x y width height radius).
"""

from __future__ import annotations

_MARKS = {
    "anchor": "o 24 9 5|s M24 14v28M13 22h22M6 28c2 10 9 14 18 14s16-4 18-14",
    "aperture": "o 24 24 20|s M24 13l9.5 5.5v11L24 35l-9.5-5.5v-11zM24 13l16-1M33.5 18.5l9 13M33.5 29.5L26 44"
    "M24 35l-16 1M14.5 29.5l-9-13M14.5 18.5L22 4",
    "bag": "f M8 15h32l3 29H5z|s M16 22v-9a8 8 0 0 1 16 0v9",
    "ball": "o 24 24 19|s M24 5c-9 12-9 26 0 38M6 18c11 6 25 6 36 0M7 33c10-6 24-6 34 0",
    "banner": "f M10 4h30l-8 11 8 11H14v20h-4z",
    "bird": "f M4 30c8 0 14-4 18-12 3-7 9-10 15-8l7 4-6 3c1 14-8 23-20 23-5 0-9-1-12-4 5 0 8-1 11-3-6 0-11-1-13-3z",
    "book": "f M4 9c8-3 14-2 18 2v30c-5-4-11-5-18-2zM44 9c-8-3-14-2-18 2v30c5-4 11-5 18-2z",
    "brackets": "s M15 11L4 24l11 13M33 11l11 13-11 13M28 7l-8 34",
    "bread": "f M6 18C6 10 14 6 24 6s18 4 18 12c0 4-2 6-4 7v17H10V25c-2-1-4-3-4-7zM18 16v10h4V16zM27 16v10h4V16z",
    "brush": "f M43 4c3 3-8 18-17 25l-6-6C27 15 40 1 43 4zM17 26l6 6c0 8-8 13-19 11 5-3 4-7 5-11s5-6 8-6z",
    "cabin": "f M24 4l21 18h-5v22H8V22H3zM19 28v16h10V28z",
    "cat": "f M8 6l10 8h12l10-8v22a16 15 0 0 1-32 0z"
    "M15 26a3 3 0 1 0 6 0 3 3 0 1 0-6 0zM27 26a3 3 0 1 0 6 0 3 3 0 1 0-6 0z",
    "cloud": "f M14 39a11 11 0 0 1-1-22 14 14 0 0 1 26 5 9 9 0 0 1-3 17z",
    "cone": "f M11 19a13 13 0 0 1 26 0zM12 23h24L24 46z",
    "cubes": "f M24 3l17 9-17 9-17-9zM5 16l17 9v20L5 36zM43 16l-17 9v20l17-9z",
    "cup": "f M7 17h27v15a10 10 0 0 1-10 10h-7A10 10 0 0 1 7 32z|s M34 21h3a6 6 0 0 1 0 11h-4M15 5v6M25 5v6",
    "curtain": "f M4 5h17c0 16-5 28-17 34zM44 5H27c0 16 5 28 17 34zM19 29l13 8-13 8z",
    "envelope": "f M4 10h40L24 27zM4 15l20 17 20-17v24H4z",
    "flame": "f M25 2c2 10 14 15 14 27a15 15 0 0 1-30 0c0-7 4-11 7-14 0 5 2 7 5 8 1-7 0-14 4-21z",
    "flower": "c 24 10 8|c 38 20 8|c 33 36 8|c 15 36 8|c 10 20 8|c 24 25 7",
    "fold": "f M4 12l18 8-6 22zM24 20L44 6 34 32 18 42z",
    "grain": "s M24 46V17|f M24 17c-6-3-6-10 0-15 6 5 6 12 0 15zM22 29c-8 1-12-4-12-11 8 0 12 5 12 11z"
    "M26 29c8 1 12-4 12-11-8 0-12 5-12 11zM22 42c-8 1-12-4-12-11 8 0 12 5 12 11zM26 42c8 1 12-4 12-11-8 0-12 5-12 11z",
    "hills": "f M2 40l14-22 8 11 6-8 16 19z|c 35 11 5",
    "keys": "f M4 8h40v32H4zM13 8v18h6V8zM29 8v18h6V8zM23 29v11h2V29z",
    "lantern": "r 17 3 14 4 1|f M14 10h20c7 8 7 18 0 26H14c-7-8-7-18 0-26z|r 18 39 12 3 1|s M24 42v4",
    "leaf": "f M6 43C2 20 16 5 43 5c1 26-13 39-31 35l13-19L9 40z",
    "leafnote": "f M8 4h32v40H8zM15 33l9-11-6 11c9 3 15-5 15-17-13 0-18 6-18 17z",
    "moon": "f M40 30A19 19 0 1 1 20 6a15 15 0 0 0 20 24zM36 3l2 7 7 2-7 2-2 7-2-7-7-2 7-2z",
    "mountain": "s M3 41l15-27 9 15 5-8 13 20|c 36 10 5",
    "orbit": "c 24 24 9|s M5 33C0 23 18 10 33 8s14 10 3 19S9 41 5 33z",
    "page": "f M9 4h20l10 10v30H9zM15 20v3h18v-3zM15 28v3h18v-3zM15 36v3h11v-3z",
    "panels": "r 4 4 18 24 3|r 26 4 18 12 3|r 26 20 18 24 3|r 4 32 18 12 3",
    "peak": "f M24 3l9 17-5 5-4-5-4 5-5-5zM13 24l7 7 4-5 4 5 7-7 10 19H3z",
    "petal": "f M24 22C14 18 14 6 24 3c10 3 10 15 0 19zM26 24C30 14 42 14 45 24c-3 10-15 10-19 0zM24 26c10 4 10 16 0 19"
    "-10-3-10-15 0-19zM22 24C18 34 6 34 3 24c3-10 15-10 19 0z",
    "plane": "f M44 4c2 3-1 7-5 11l-6 6 5 21-4 3-9-17-8 7v7l-4 3-3-9-8-3 3-4h7l7-8L2 10l3-4 21 5 6-6c4-4 9-3 12-1z",
    "pot": "f M6 21h36v5a14 14 0 0 1-14 14h-8A14 14 0 0 1 6 26z"
    "|s M3 21h42M16 4c-4 4 4 6 0 11M25 4c-4 4 4 6 0 11M34 4c-4 4 4 6 0 11",
    "pulse": "s M2 26h10l6-16 10 28 6-14h12",
    "rain": "f M14 28a10 10 0 0 1 0-20 12 12 0 0 1 22 5 8 8 0 0 1-1 15z|s M15 34l-3 9M25 34l-3 9M35 34l-3 9",
    "rings": "o 24 24 20|o 24 24 12|c 24 24 5",
    "road": "f M17 4h14l13 40H4zM22 9v7h4V9zM22 21v9h4v-9zM21 35v9h6v-9z",
    "screen": "r 3 7 42 27 3|s M14 42h20",
    "shield": "f M24 3l17 6v14c0 11-7 18-17 22C14 41 7 34 7 23V9zM21 32l14-14-3-3-11 11-5-5-3 3z",
    "signal": "r 4 32 7 12 2|r 15 24 7 20 2|r 26 14 7 30 2|r 37 4 7 40 2",
    "spark": "f M24 2c2 14 8 20 22 22-14 2-20 8-22 22-2-14-8-20-22-22C16 22 22 16 24 2z",
    "sprout": "s M24 45V23|f M24 25c0-11-8-17-20-17 0 12 8 18 20 17zM25 20c0-9 7-15 19-15 0 11-7 16-19 15z",
    "star": "f M24 3l6 14 15 1-11 10 3 15-13-8-13 8 3-15L3 18l15-1z",
    "steps": "f M4 44V34h10V24h10V14h10V4h10v40z",
    "tower": "s M24 18L13 44M24 18l11 26M17 35h14M13 5a13 13 0 0 0 0 18M35 5a13 13 0 0 1 0 18|c 24 14 5",
    "wave": "s M4 18c7-8 13-8 20 0s13 8 20 0M4 32c7-8 13-8 20 0s13 8 20 0",
    "wheel": "o 24 24 19|o 24 24 6|s M24 5v13M24 30v13M7 34l12-7M41 34l-12-7",
}


def names() -> frozenset[str]:
    """The marks there are."""
    return frozenset(_MARKS)


def draw(
    name: str, *, x: float, y: float, size: float, colour: str, opacity: float = 1, turn: int = 0
) -> str:
    """Draw a mark with its top left corner at x, y."""
    ink = _MARKS[name]
    scale = size / 48
    turned = f" rotate({turn} 24 24)" if turn else ""
    faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
    lines = "".join(_line(line, colour) for line in ink.split("|"))
    return (
        f'<g transform="translate({x:g} {y:g}) scale({scale:.3g}){turned}" fill="{colour}" '
        f'fill-rule="evenodd" stroke-linecap="round" stroke-linejoin="round"{faint}>{lines}</g>'
    )


def _line(line: str, colour: str) -> str:
    kind, rest = line.split(" ", 1)
    stroke = f'fill="none" stroke="{colour}" stroke-width="4.4"'
    if kind in "fs":
        return f'<path d="{rest}"/>' if kind == "f" else f'<path d="{rest}" {stroke}/>'
    at = rest.split()
    if kind == "r":
        return f'<rect x="{at[0]}" y="{at[1]}" width="{at[2]}" height="{at[3]}" rx="{at[4]}"/>'
    circle = f'<circle cx="{at[0]}" cy="{at[1]}" r="{at[2]}"'
    return f"{circle}/>" if kind == "c" else f"{circle} {stroke}/>"

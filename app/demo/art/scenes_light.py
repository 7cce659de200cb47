"""Scenes of light and colour: a gradient mesh, a poster of plain shapes, a record, big letters, a field of dots."""

from __future__ import annotations

from math import cos, radians, sin

from app.demo.art import marks
from app.demo.art.canvas import DOWN, Subject, blend, glow, ground
from app.demo.art.lettering import fit, label, write


def mesh(it: Subject) -> str:
    """Lights melting into each other, with the mark as a watermark."""
    tint, name = it.tint, it.ident
    lights = (
        (tint.second, it.dice.randrange(280, 470), it.dice.randrange(-30, 90), 260),
        (tint.bright, it.dice.randrange(330, 500), it.dice.randrange(220, 360), 230),
        (tint.strong, it.dice.randrange(20, 160), it.dice.randrange(-40, 60), 240),
        (tint.deep, it.dice.randrange(-20, 60), it.dice.randrange(260, 370), 250),
    )
    defs = "".join(glow(f"{name}{place}", light[0]) for place, light in enumerate(lights))
    blobs = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="url(#{name}{place})"/>'
        for place, (_, x, y, r) in enumerate(lights)
    )
    return (
        f"<defs>{defs}</defs>{ground(tint.deep)}{blobs}"
        + marks.draw(it.mark, x=236, y=40, size=270, colour="#fff", opacity=0.17, turn=-8)
        + signature(it, x=34, y=34, ink="#fff", plate="#fff", on_plate=tint.deep)
        + headline(it, x=34, y=300, within=400, ink="#fff", at_most=104)
        + label(it.caption, x=36, y=335, within=400, at_most=22, fill="#fff", weight=600)
    )


def poster(it: Subject) -> str:
    """Quarter circles and squares on paper, as if printed in three inks."""
    tint = it.tint
    inks = [tint.strong, tint.bright, tint.second, tint.pop, tint.deep]
    cell, tiles = 90, []
    for row in range(4):
        for column in range(2):
            x, y = 300 + column * cell, row * cell
            ink, other = it.dice.sample(inks, 2)
            tiles.append(f'<path fill="{other}" d="M{x} {y}h90v90h-90z"/>')
            tiles.append(_tile(it.dice.randrange(5), x, y, ink))
    return (
        ground(tint.paper)
        + "".join(tiles)
        + signature(it, x=32, y=34, ink=tint.ink, plate=tint.strong, on_plate="#fff")
        + headline(it, x=30, y=232, within=250, ink=tint.ink, at_most=92)
        + f'<path fill="{tint.strong}" d="M32 258h56v7H32z"/>'
        + label(it.caption, x=32, y=310, within=250, at_most=23, fill=tint.ink, weight=500)
    )


def record(it: Subject) -> str:
    """A record half out of its sleeve."""
    tint, name = it.tint, it.ident
    grooves = "".join(
        f'<circle cx="350" cy="180" r="{r}" fill="none" stroke="#fff" stroke-opacity=".13"/>'
        for r in range(74, 152, 9)
    )
    return (
        f"<defs>{blend(name, tint.bright, tint.second)}{blend(name + 's', tint.strong, tint.deep, angle=DOWN)}</defs>"
        + ground(f"url(#{name})")
        + f'<circle cx="350" cy="187" r="158" fill="{tint.night}" opacity=".25"/>'
        + f'<circle cx="350" cy="180" r="156" fill="{tint.night}"/>{grooves}'
        + '<path d="M350 180L244 68A156 156 0 0 1 300 32zM350 180l106 112a156 156 0 0 1-56 36z" '
        + 'fill="#fff" opacity=".09"/>'
        + f'<circle cx="350" cy="180" r="60" fill="{tint.pop}"/><circle cx="350" cy="180" r="7" fill="{tint.night}"/>'
        + f'<path d="M0 0h300v360H0z" fill="url(#{name}s)"/><path d="M296 0h4v360h-4z" fill="#000" opacity=".18"/>'
        + signature(it, x=32, y=34, ink="#fff", plate="#fff", on_plate=tint.deep)
        + headline(it, x=32, y=284, within=244, ink="#fff", at_most=84)
        + label(it.caption, x=33, y=324, within=240, at_most=21, fill="#fff", weight=500)
    )


def letters(it: Subject) -> str:
    """The name so large that it leaves the page, over two fields of colour."""
    tint = it.tint
    size = fit(it.big, within=430, at_most=190)
    drop = size * 0.3
    slope = it.dice.choice(("M0 0h480v120L0 250z", "M0 0h300L180 360H0z", "M0 0h480v210L0 120z"))
    return (
        ground(tint.second)
        + f'<path d="{slope}" fill="{tint.strong}"/>'
        + marks.draw(it.mark, x=330, y=-36, size=190, colour="#fff", opacity=0.14, turn=14)
        + signature(it, x=32, y=34, ink="#fff", plate="#fff", on_plate=tint.strong)
        + write(
            it.big,
            x=246,
            y=214 + drop,
            size=size,
            fill=tint.night,
            weight=900,
            anchor="middle",
            opacity=0.28,
        )
        + write(it.big, x=240, y=206 + drop, size=size, fill="#fff", weight=900, anchor="middle")
        + f'<path d="M0 312h480v48H0z" fill="{tint.night}"/>'
        + label(it.caption, x=240, y=344, within=430, at_most=22, fill=tint.pop, weight=700, anchor="middle")
    )


def dots(it: Subject) -> str:
    """A sphere of dots in the dark."""
    tint, name = it.tint, it.ident
    points = []
    for ring in range(1, 8):
        for step in range(ring * 6):
            turn = radians(step * 60 / ring + ring * 9)
            points.append(f"M{356 + ring * 21 * cos(turn):.0f} {168 + ring * 21 * sin(turn):.0f}h0")
    inner, outer = "".join(points[:60]), "".join(points[60:])
    return (
        f"<defs>{glow(name, tint.strong)}{blend(name + 'p', tint.bright, tint.pop)}</defs>{ground(tint.night)}"
        f'<circle cx="356" cy="168" r="250" fill="url(#{name})"/>'
        f'<path d="{inner}" stroke="{tint.bright}" stroke-width="9" stroke-linecap="round"/>'
        f'<path d="{outer}" stroke="{tint.second}" stroke-width="5" stroke-linecap="round"/>'
        f'<circle cx="356" cy="168" r="52" fill="{tint.night}"/>'
        + marks.draw(it.mark, x=326, y=138, size=60, colour="#fff")
        + label(it.maker, x=34, y=60, within=210, at_most=24, fill="#fff", weight=600)
        + headline(it, x=32, y=296, within=330, ink="#fff", at_most=96)
        + label(it.caption, x=34, y=334, within=420, at_most=22, fill=tint.bright, weight=600)
    )


def signature(it: Subject, *, x: int, y: int, ink: str, plate: str, on_plate: str) -> str:
    """The maker's mark on a plate, and its name beside it."""
    return (
        f'<rect x="{x}" y="{y}" width="46" height="46" rx="13" fill="{plate}"/>'
        + marks.draw(it.mark, x=x + 9, y=y + 9, size=28, colour=on_plate)
        + write(
            it.maker, x=x + 58, y=y + 32, size=fit(it.maker, within=190, at_most=24), fill=ink, weight=600
        )
    )


def headline(it: Subject, *, x: int, y: int, within: int, ink: str, at_most: int) -> str:
    """The short name, as large as its place allows."""
    return write(it.big, x=x, y=y, size=fit(it.big, within=within, at_most=at_most), fill=ink, weight=900)


def _tile(kind: int, x: int, y: int, ink: str) -> str:
    if kind == 0:
        return f'<path fill="{ink}" d="M{x} {y}a90 90 0 0 1 90 90h-90z"/>'
    if kind == 1:
        return f'<path fill="{ink}" d="M{x + 90} {y + 90}a90 90 0 0 1-90-90h90z"/>'
    if kind == 2:
        return f'<circle cx="{x + 45}" cy="{y + 45}" r="30" fill="{ink}"/>'
    if kind == 3:
        return f'<path fill="{ink}" d="M{x} {y + 45}a45 45 0 0 1 90 0zM{x} {y + 90}a45 45 0 0 1 90 0z"/>'
    return f'<path fill="{ink}" d="M{x} {y}h90L{x} {y + 90}z"/>'

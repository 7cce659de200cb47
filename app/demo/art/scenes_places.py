"""Scenes with a horizon: hills under a sun, a pile of books' spines, an arch, a steaming table, a night street."""

from __future__ import annotations

from app.demo.art import marks
from app.demo.art.canvas import DOWN, Subject, blend, glow, ground
from app.demo.art.lettering import label
from app.demo.art.scenes_light import headline, signature


def hills(it: Subject) -> str:
    """Hills behind hills, a sun over them."""
    tint, name = it.tint, it.ident
    sun_x, sun_y = it.dice.randrange(280, 400), it.dice.randrange(92, 140)
    layers = "".join(
        f'<path d="M0 {y}c{it.dice.randrange(60, 120)}-{rise} 130-{rise} 220 0'
        f's{it.dice.randrange(130, 180)} {rise} 260-{rise}V360H0z" '
        f'fill="{ink}"/>'
        for y, rise, ink in (
            (188, 50, tint.bright),
            (214, 44, tint.second),
            (242, 30, tint.strong),
            (262, 16, tint.deep),
        )
    )
    return (
        f"<defs>{blend(name, tint.soft, tint.paper, angle=DOWN)}{glow(name + 's', '#ffffff')}</defs>"
        + ground(f"url(#{name})")
        + f'<circle cx="{sun_x}" cy="{sun_y}" r="130" fill="url(#{name}s)"/>'
        + f'<circle cx="{sun_x}" cy="{sun_y}" r="50" fill="{tint.pop}"/>{layers}'
        + signature(it, x=32, y=32, ink=tint.ink, plate=tint.strong, on_plate="#fff")
        + headline(it, x=32, y=310, within=410, ink="#fff", at_most=86)
        + label(it.caption, x=34, y=342, within=410, at_most=20, fill="#fff", weight=600)
    )


def spines(it: Subject) -> str:
    """Books on a shelf, one of them ours."""
    tint = it.tint
    inks, x, books = (tint.bright, tint.deep, tint.second, tint.pop, tint.strong, tint.soft), 212, []
    while x < 470:
        wide, tall = it.dice.randrange(24, 48), it.dice.randrange(170, 250)
        ink = inks[(x * 7 + wide) % len(inks)]
        books.append(f'<path d="M{x} {284 - tall}h{wide - 3}v{tall}H{x}z" fill="{ink}"/>')
        books.append(
            f'<path d="M{x} {284 - tall + 24}h{wide - 3}v8H{x}zM{x} 248h{wide - 3}v5H{x}z" fill="#fff" opacity=".4"/>'
        )
        x += wide
    return (
        ground(tint.paper)
        + "".join(books)
        + f'<path d="M0 284h480v76H0z" fill="{tint.ink}"/><path d="M0 284h480v6H0z" fill="#fff" opacity=".16"/>'
        + f'<rect x="36" y="56" width="160" height="228" rx="6" fill="{tint.strong}"/>'
        + f'<path d="M36 62a6 6 0 0 1 6-6h10v228H42a6 6 0 0 1-6-6z" fill="{tint.night}" opacity=".3"/>'
        + marks.draw(it.mark, x=94, y=86, size=62, colour="#fff")
        + label(it.big, x=124, y=214, within=128, at_most=50, fill="#fff", weight=900, anchor="middle")
        + label(it.maker, x=124, y=258, within=128, at_most=18, fill="#fff", weight=500, anchor="middle")
        + label(it.caption, x=36, y=334, within=410, at_most=24, fill=tint.pop, weight=700)
    )


def arch(it: Subject) -> str:
    """Arches one inside another, the mark where the light is."""
    tint = it.tint
    inks = (tint.soft, tint.bright, tint.second, tint.strong)
    doors = "".join(
        f'<path d="M{240 - half} 360V{top + half}a{half} {half} 0 0 1 {half * 2} 0V360z" fill="{ink}"/>'
        for half, top, ink in zip((214, 168, 124, 82), (8, 34, 60, 84), inks, strict=True)
    )
    return (
        ground(tint.paper)
        + doors
        + marks.draw(it.mark, x=198, y=116, size=84, colour="#fff")
        + f'<path d="M0 244h480v116H0z" fill="{tint.ink}"/>'
        + label(it.big, x=240, y=309, within=430, at_most=66, fill="#fff", weight=900, anchor="middle")
        + label(
            f"{it.maker}  ·  {it.caption}",
            x=240,
            y=342,
            within=440,
            at_most=20,
            fill=tint.bright,
            weight=600,
            anchor="middle",
        )
    )


def table(it: Subject) -> str:
    """A plate seen from above on a cloth."""
    tint = it.tint
    cloth = "".join(f"M{x} 0h20v360h-20z" for x in range(0, 480, 40)) + "".join(
        f"M0 {y}h480v20H0z" for y in range(0, 360, 40)
    )
    return (
        ground(tint.soft)
        + f'<path d="{cloth}" fill="{tint.second}" opacity=".28"/>'
        + f'<circle cx="330" cy="176" r="140" fill="{tint.night}" opacity=".16"/>'
        + '<circle cx="330" cy="168" r="140" fill="#fff"/>'
        + f'<circle cx="330" cy="168" r="128" fill="none" stroke="{tint.soft}" stroke-width="3"/>'
        + f'<circle cx="330" cy="168" r="100" fill="{tint.second}"/>'
        + f'<path d="M230 168a100 100 0 0 1 200 0c-50 40-150-30-200 0z" fill="{tint.bright}"/>'
        + marks.draw(it.mark, x=274, y=112, size=112, colour="#fff")
        + f'<path d="M0 40h222a20 20 0 0 1 20 20v0a20 20 0 0 1-20 20H0z" fill="{tint.strong}"/>'
        + label(it.maker, x=32, y=69, within=190, at_most=25, fill="#fff", weight=700)
        + f'<path d="M0 236h300a26 26 0 0 1 26 26v98H0z" fill="{tint.ink}"/>'
        + headline(it, x=30, y=306, within=272, ink="#fff", at_most=64)
        + label(it.caption, x=32, y=338, within=270, at_most=20, fill=tint.bright, weight=600)
    )


def street(it: Subject) -> str:
    """A road into the night, lights along it."""
    tint, name = it.tint, it.ident
    towers = "".join(
        f"M{x} {196 - tall}h{wide}v{tall}h-{wide}z"
        for x, wide, tall in (
            (x, it.dice.randrange(26, 50), it.dice.randrange(24, 110)) for x in range(0, 480, 40)
        )
    )
    return (
        f"<defs>{blend(name, tint.night, tint.strong, angle=DOWN)}{glow(name + 's', tint.bright)}</defs>"
        + ground(f"url(#{name})")
        + f'<ellipse cx="330" cy="196" rx="240" ry="110" fill="url(#{name}s)"/>'
        + f'<path d="{towers}" fill="{tint.night}" opacity=".75"/>'
        + f'<path d="M0 196h480v164H0z" fill="{tint.night}"/>'
        + f'<path d="M318 196h24l190 164H210z" fill="{tint.deep}"/>'
        + f'<path d="M328 196h4l12 40h-28zM314 250h34l14 60h-62zM302 326h66l11 34H293z" fill="{tint.pop}"/>'
        + f'<path d="M350 196h4l276 164h-40z" fill="{tint.bright}" opacity=".7"/>'
        + signature(it, x=32, y=32, ink="#fff", plate=tint.pop, on_plate=tint.night)
        + headline(it, x=32, y=302, within=240, ink="#fff", at_most=78)
        + label(it.caption, x=34, y=336, within=200, at_most=20, fill=tint.bright, weight=700)
    )

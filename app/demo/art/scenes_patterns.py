"""Scenes with a rhythm: wave scales, a moon gate, three lights, a pile of slabs, a cinema, a floor of light."""

from __future__ import annotations

from app.demo.art import marks
from app.demo.art.canvas import DOWN, Subject, blend, glow, ground
from app.demo.art.lettering import label, write
from app.demo.art.scenes_light import headline, signature


def scales(it: Subject) -> str:
    """The old pattern of waves, and a label pasted over it."""
    tint, name = it.tint, it.ident
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="{ink}"/>'
        for x, y in ((0, 20), (80, 20), (40, 40), (0, 60), (80, 60))
        for r, ink in (
            (40, tint.strong),
            (33, tint.second),
            (25, tint.strong),
            (17, tint.bright),
            (9, tint.strong),
        )
    )
    return (
        f'<defs><pattern id="{name}" width="80" height="40" patternUnits="userSpaceOnUse">{rings}</pattern></defs>'
        + ground(f"url(#{name})")
        + f'<path d="M36 104h330v220H36z" fill="{tint.night}" opacity=".3" transform="translate(7 8)"/>'
        + f'<path d="M36 104h330v220H36z" fill="{tint.paper}"/>'
        + f'<path d="M46 114h310v200H46z" fill="none" stroke="{tint.strong}" stroke-width="2"/>'
        + signature(it, x=64, y=130, ink=tint.ink, plate=tint.strong, on_plate="#fff")
        + headline(it, x=62, y=258, within=280, ink=tint.ink, at_most=76)
        + label(it.caption, x=64, y=296, within=276, at_most=21, fill=tint.strong, weight=600)
    )


def gate(it: Subject) -> str:
    """A round gate in a white wall, a landscape through it."""
    tint, name = it.tint, it.ident
    rise = it.dice.randrange(16, 44)
    return (
        f"<defs>{blend(name, tint.bright, tint.soft, angle=DOWN)}"
        f'<clipPath id="{name}c"><circle cx="326" cy="160" r="136"/></clipPath></defs>'
        + ground(tint.paper)
        + f'<circle cx="326" cy="160" r="148" fill="{tint.soft}"/>'
        + f'<g clip-path="url(#{name}c)"><path d="M180 20h300v300H180z" fill="url(#{name})"/>'
        + f'<circle cx="386" cy="92" r="34" fill="{tint.pop}"/>'
        + f'<path d="M180 200l76-{70 + rise} 62 76 52-{44 + rise} 110 118v120H180z" fill="{tint.second}"/>'
        + f'<path d="M180 226c80-60 140 10 300-{rise}v100H180z" fill="{tint.strong}"/>'
        + f'<path d="M180 246c90-34 150 8 300-12v60H180z" fill="{tint.deep}"/></g>'
        + marks.draw(it.mark, x=32, y=34, size=54, colour=tint.strong)
        + label(it.maker, x=32, y=124, within=140, at_most=24, fill=tint.ink, weight=600)
        + f'<path d="M0 252h480v108H0z" fill="{tint.paper}"/>'
        + headline(it, x=30, y=318, within=420, ink=tint.ink, at_most=68)
        + label(it.caption, x=33, y=346, within=410, at_most=20, fill=tint.strong, weight=700)
    )


def lights(it: Subject) -> str:
    """Three lights that overlap, the mark where they meet."""
    tint = it.tint
    circles = "".join(
        f'<circle cx="{x}" cy="{y}" r="104" fill="{ink}" opacity=".82"/>'
        for x, y, ink in ((262, 104, tint.bright), (384, 104, tint.second), (323, 206, tint.strong))
    )
    return (
        ground(tint.soft)
        + circles
        + marks.draw(it.mark, x=289, y=104, size=68, colour="#fff")
        + '<path d="M0 238h480v122H0z" fill="#fff"/>'
        + headline(it, x=30, y=308, within=420, ink=tint.ink, at_most=74)
        + label(it.caption, x=33, y=342, within=410, at_most=20, fill=tint.strong, weight=600)
        + label(it.maker, x=32, y=64, within=120, at_most=24, fill=tint.ink, weight=700)
    )


def slabs(it: Subject) -> str:
    """Slabs of glass, one floating over the other."""
    tint, name = it.tint, it.ident
    pile = "".join(
        f'<path d="M330 {y}l120 62-120 62-120-62z" fill="{ink}" opacity=".94"/>'
        f'<path d="M210 {y + 62}l120 62v20l-120-62zM450 {y + 62}l-120 62v20l120-62z" fill="{edge}"/>'
        for y, ink, edge in (
            (150, tint.strong, tint.night),
            (98, tint.second, tint.deep),
            (46, tint.bright, tint.strong),
        )
    )
    return (
        f"<defs>{blend(name, tint.deep, tint.night)}{glow(name + 'g', tint.strong)}</defs>{ground(f'url(#{name})')}"
        f'<circle cx="330" cy="180" r="230" fill="url(#{name}g)" opacity=".7"/>{pile}'
        f'<g transform="matrix(.87 .45 -.87 .45 330 63)">'
        f"{marks.draw(it.mark, x=14, y=14, size=72, colour=tint.night)}</g>"
        + signature(it, x=32, y=32, ink="#fff", plate=tint.bright, on_plate=tint.night)
        + headline(it, x=30, y=304, within=300, ink="#fff", at_most=88)
        + label(it.caption, x=33, y=338, within=410, at_most=21, fill=tint.bright, weight=600)
    )


def cinema(it: Subject) -> str:
    """A bright screen over rows of seats."""
    tint, name = it.tint, it.ident
    seats = "".join(
        f'<path d="{"".join(f"M{x} {y}v-20a17 17 0 0 1 34 0v20z" for x in range(start, 480, 42))}" fill="{ink}"/>'
        for y, start, ink in ((316, -8, tint.strong), (344, -29, tint.deep), (376, -8, tint.night))
    )
    return (
        f"<defs>{blend(name, tint.second, tint.strong)}{glow(name + 'g', tint.bright)}</defs>{ground(tint.night)}"
        f'<ellipse cx="240" cy="150" rx="330" ry="210" fill="url(#{name}g)" opacity=".5"/>'
        f'<path d="M44 30q196 22 392 0v222q-196-22-392 0z" fill="url(#{name})"/>'
        + marks.draw(it.mark, x=296, y=92, size=130, colour="#fff", opacity=0.2)
        + signature(it, x=68, y=58, ink="#fff", plate="#fff", on_plate=tint.strong)
        + headline(it, x=66, y=190, within=340, ink="#fff", at_most=84)
        + label(it.caption, x=69, y=224, within=340, at_most=22, fill="#fff", weight=600)
        + seats
    )


def floor(it: Subject) -> str:
    """A sun going down behind a floor of light."""
    tint, name = it.tint, it.ident
    across = "".join(f"M0 {y}h480" for y in (232, 242, 256, 276, 304, 342))
    along = "".join(f"M{240 + step * 22} 226L{240 + step * 130} 360" for step in range(-11, 12))
    cuts = "".join(
        f"M{240 - half} {y}h{half * 2}v{tall}h-{half * 2}z"
        for y, tall, half in ((140, 4, 93), (158, 6, 91), (178, 8, 85), (200, 10, 70))
    )
    return (
        f"<defs>{blend(name, tint.night, tint.strong, angle=DOWN)}"
        f"{blend(name + 's', tint.pop, tint.second, angle=DOWN)}"
        f"{blend(name + 'f', tint.deep, tint.night, angle=DOWN)}</defs>{ground(f'url(#{name})')}"
        f'<circle cx="240" cy="140" r="92" fill="url(#{name}s)"/>'
        f'<path d="{cuts}" fill="{tint.night}" opacity=".55"/>'
        f'<path d="M0 226h480v134H0z" fill="url(#{name}f)"/>'
        f'<path d="{across}{along}" stroke="{tint.bright}" stroke-width="1.6" opacity=".6"/>'
        '<path d="M60 62h0M420 88h0M390 40h0M104 132h0M446 168h0" '
        'stroke="#fff" stroke-width="4" stroke-linecap="round"/>'
        + marks.draw(it.mark, x=205, y=70, size=70, colour=tint.night)
        + write(it.maker, x=240, y=36, size=22, fill="#fff", weight=600, anchor="middle")
        + label(it.big, x=244, y=302, within=430, at_most=104, fill=tint.night, weight=900, anchor="middle")
        + label(it.big, x=240, y=298, within=430, at_most=104, fill="#fff", weight=900, anchor="middle")
        + label(it.caption, x=240, y=340, within=430, at_most=22, fill=tint.pop, weight=700, anchor="middle")
    )

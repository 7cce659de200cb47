"""Scenes with something to hold: a card, a ticket, a phone, a window, coins."""

from __future__ import annotations

from app.demo.art import marks
from app.demo.art.canvas import DOWN, Subject, blend, glow, ground
from app.demo.art.lettering import label
from app.demo.art.scenes_light import headline, signature


def card(it: Subject) -> str:
    """A gift card lying at an angle, another one under it."""
    tint, name = it.tint, it.ident
    turn = it.dice.choice((-7, -5, 5, 7))
    stripes = "".join(f"M{x} 20l-170 250h26L{x + 26} 20z" for x in range(330, 520, 64))
    return (
        f"<defs>{blend(name, tint.strong, tint.second)}{blend(name + 'b', tint.soft, tint.paper, angle=DOWN)}"
        f'<clipPath id="{name}c"><rect x="62" y="66" width="356" height="226" rx="22"/></clipPath></defs>'
        + ground(f"url(#{name}b)")
        + f'<circle cx="{it.dice.randrange(40, 440)}" cy="350" r="170" fill="{tint.bright}" opacity=".35"/>'
        + f'<rect x="70" y="72" width="348" height="222" rx="22" fill="{tint.deep}" '
        + f'transform="rotate({-turn} 240 180)"/>'
        + f'<g transform="rotate({turn} 240 180)">'
        + f'<rect x="62" y="74" width="356" height="226" rx="22" fill="{tint.night}" '
        f'opacity=".22"/><g clip-path="url(#{name}c)"><path d="M62 66h356v226H62z" fill="url(#{name})"/>'
        f'<path d="{stripes}" fill="#fff" opacity=".1"/>'
        + marks.draw(it.mark, x=270, y=150, size=190, colour="#fff", opacity=0.16)
        + "</g>"
        + signature(it, x=86, y=88, ink="#fff", plate="#fff", on_plate=tint.strong)
        + headline(it, x=86, y=232, within=308, ink="#fff", at_most=76)
        + label(it.caption, x=87, y=268, within=300, at_most=21, fill="#fff", weight=600)
        + "</g>"
    )


def ticket(it: Subject) -> str:
    """A ticket with a stub to tear off."""
    tint = it.tint
    turn = it.dice.choice((-6, -4, 4))
    holes = "".join(f"M332 {y}v9" for y in range(96, 270, 19))
    body = "M58 84h262a14 14 0 0 0 24 0h78a14 14 0 0 1 14 14v164a14 14 0 0 1-14 14h-78"
    body += "a14 14 0 0 0-24 0H58a14 14 0 0 1-14-14v-56a26 26 0 0 0 0-52V98a14 14 0 0 1 14-14z"
    rays = "".join(f"M240 180L{x} -20h56zM240 180L{x} 380h56z" for x in range(-180, 660, 112))
    return (
        ground(tint.second)
        + f'<path d="{rays}" fill="{tint.strong}" opacity=".34"/>'
        + f'<g transform="rotate({turn} 240 180) translate(-24 -18) scale(1.1)">'
        + f'<path d="{body}" fill="{tint.night}" opacity=".25" transform="translate(0 9)"/>'
        + f'<path d="{body}" fill="{tint.paper}"/><path d="{holes}" stroke="{tint.second}" stroke-width="3"/>'
        + marks.draw(it.mark, x=356, y=126, size=60, colour=tint.strong)
        + label(it.smallest, x=386, y=232, within=86, at_most=26, fill=tint.ink, weight=800, anchor="middle")
        + label(it.maker, x=86, y=132, within=220, at_most=24, fill=tint.strong, weight=700)
        + headline(it, x=84, y=216, within=226, ink=tint.ink, at_most=72)
        + f'<path d="M86 240h200" stroke="{tint.soft}" stroke-width="3"/>'
        + label(it.caption, x=86, y=268, within=224, at_most=20, fill=tint.ink, weight=500)
        + "</g>"
    )


def phone(it: Subject) -> str:
    """A phone that has just been topped up."""
    tint, name = it.tint, it.ident
    arcs = "".join(
        f'<circle cx="356" cy="170" r="{r}" fill="none" stroke="#fff" '
        f'stroke-opacity="{0.34 - r / 900:.2f}" stroke-width="2.5"/>'
        for r in (120, 160, 200, 240)
    )
    return (
        f"<defs>{blend(name, tint.strong, tint.bright)}{blend(name + 'p', tint.paper, '#ffffff', angle=DOWN)}</defs>"
        + ground(f"url(#{name})")
        + arcs
        + f'<rect x="272" y="40" width="168" height="372" rx="30" fill="{tint.night}"/>'
        + f'<rect x="281" y="49" width="150" height="372" rx="23" fill="url(#{name}p)"/>'
        + f'<rect x="330" y="58" width="52" height="13" rx="7" fill="{tint.night}"/>'
        + f'<circle cx="356" cy="156" r="48" fill="{tint.soft}"/>'
        + marks.draw(it.mark, x=331, y=131, size=50, colour=tint.strong)
        + label(it.smallest, x=356, y=248, within=128, at_most=31, fill=tint.ink, weight=800, anchor="middle")
        + f'<rect x="301" y="270" width="110" height="34" rx="17" fill="{tint.strong}"/>'
        + '<path d="M344 287l8 8 16-16" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round"/>'
        + f'<path d="M303 322h106M303 342h72" stroke="{tint.soft}" stroke-width="9" stroke-linecap="round"/>'
        + label(it.maker, x=34, y=64, within=220, at_most=25, fill="#fff", weight=600)
        + headline(it, x=32, y=292, within=226, ink="#fff", at_most=100)
        + label(it.caption, x=34, y=328, within=224, at_most=21, fill="#fff", weight=600)
    )


def window(it: Subject) -> str:
    """An application's window, its icon at the door."""
    tint, name = it.tint, it.ident
    bars = "".join(
        f"M{250 + indent} {y}h{it.dice.randrange(46, 142 - indent)}"
        for y, indent in zip(range(108, 220, 22), it.dice.choices((0, 14, 28), k=6), strict=False)
    )
    return (
        f"<defs>{blend(name, tint.paper, tint.soft)}{blend(name + 'i', tint.bright, tint.strong)}</defs>"
        + ground(f"url(#{name})")
        + f'<path d="M222 40h258v210H222z" fill="{tint.night}" opacity=".12" transform="translate(-6 12)"/>'
        + '<path d="M238 40h242v212H222V56a16 16 0 0 1 16-16z" fill="#fff"/>'
        + f'<path d="M238 40h242v34H222V56a16 16 0 0 1 16-16z" fill="{tint.deep}"/>'
        + f'<path d="M244 57h0M262 57h0M280 57h0" stroke="{tint.bright}" stroke-width="10" stroke-linecap="round"/>'
        + f'<path d="{bars}" stroke="{tint.soft}" stroke-width="10" stroke-linecap="round"/>'
        + f'<path d="M404 98h56v56h-56zM404 166h56v56h-56z" fill="{tint.paper}"/>'
        + f'<path d="M412 214l14-20 10 10 8-14 10 24z" fill="{tint.second}"/>'
        + f'<circle cx="432" cy="126" r="17" fill="{tint.second}"/>'
        + f'<rect x="34" y="52" width="156" height="156" rx="38" fill="{tint.night}" '
        + 'opacity=".2" transform="translate(0 8)"/>'
        + f'<rect x="34" y="52" width="156" height="156" rx="38" fill="url(#{name}i)"/>'
        + marks.draw(it.mark, x=70, y=88, size=84, colour="#fff")
        + headline(it, x=34, y=308, within=290, ink=tint.ink, at_most=60)
        + label(it.maker, x=446, y=286, within=150, at_most=20, fill=tint.strong, weight=700, anchor="end")
        + label(it.caption, x=36, y=338, within=400, at_most=20, fill=tint.ink, weight=500)
    )


def coins(it: Subject) -> str:
    """Gems of a game's money, falling into the light."""
    tint, name = it.tint, it.ident
    gems = "".join(
        _gem(
            x,
            y,
            size,
            it.dice.randrange(-24, 24),
            (tint.bright, tint.second, tint.pop)[place % 3],
            tint.night,
        )
        for place, (x, y, size) in enumerate(
            (
                (330, 60, 74),
                (244, 116, 46),
                (416, 150, 54),
                (318, 182, 60),
                (222, 36, 28),
                (430, 40, 30),
                (250, 216, 26),
            )
        )
    )
    return (
        f"<defs>{glow(name, tint.second)}{blend(name + 'd', tint.deep, tint.night, angle=DOWN)}</defs>"
        + ground(f"url(#{name}d)")
        + f'<circle cx="330" cy="130" r="240" fill="url(#{name})" opacity=".8"/>{gems}'
        + signature(it, x=32, y=32, ink="#fff", plate=tint.pop, on_plate=tint.night)
        + headline(it, x=30, y=298, within=420, ink="#fff", at_most=100)
        + label(it.caption, x=33, y=335, within=410, at_most=22, fill=tint.pop, weight=700)
    )


def _gem(x: int, y: int, size: int, turn: int, ink: str, shade: str) -> str:
    return (
        f'<g transform="translate({x} {y}) rotate({turn}) scale({size / 48:.3g})">'
        f'<path d="M-24-6l10-16h28l10 16L0 26z" fill="{ink}"/>'
        f'<path d="M-24-6h48L0 26zM-14-22l5 16h18l5-16" fill="{shade}" opacity=".2"/>'
        f'<path d="M-14-22l5 16H-24zM-9-6h18L0 26z" fill="#fff" opacity=".38"/></g>'
    )

"""A promoter's poster: a picture in the shop's look, for a phone's album, with the link as a QR code."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from app.web.look.assets import BUILD, manifest

WIDTH, HEIGHT, EDGE, MORE = 1080, 1440, 72, 360
INSIDE = WIDTH - 2 * EDGE - 2 * 56
"""Pixels; what is set stands inside the white sheet. A product's poster is `MORE` taller."""
NO_START = "，。、；：！？）》」』”’%…·,.!?)"
"""Signs that no line of Chinese begins with."""


@dataclass(frozen=True, slots=True)
class Poster:
    """Everything a poster says; equal posters are one picture. Colours as #rrggbb."""

    shop: str
    title: str
    off: str
    """What the friend saves, as large as it goes."""
    lead: str
    call: str
    address: str
    primary: str
    note: str = ""
    """Under what the friend saves, such as from which amount."""
    shop_line: str = ""
    product: str = ""
    price: str = ""
    picture: str = ""
    """A file's path, or nothing."""
    initial: str = ""


@lru_cache(maxsize=64)
def drawn(poster: Poster) -> bytes:
    """The picture as PNG: 1080 × 1440, a product's 1080 × 1800."""
    height = HEIGHT + (MORE if poster.product else 0)
    image = _ground(poster, height)
    draw = ImageDraw.Draw(image)
    y = _head(draw, poster)
    sheet_top, sheet_bottom = y + 40, height - 120
    draw.rounded_rectangle((EDGE, sheet_top, WIDTH - EDGE, sheet_bottom), 48, fill="#ffffff")
    foot_top = sheet_bottom - 56 - 340
    _foot(image, draw, poster, foot_top)
    _body(image, draw, poster, sheet_top + 56, foot_top - 48)
    _centred(draw, poster.shop_line, _font(26), height - 84, _ink(poster.primary))
    out = io.BytesIO()
    image.quantize(colors=256, method=Image.Quantize.MEDIANCUT).save(out, "PNG", optimize=True)
    return out.getvalue()


def _tile(poster: Poster, wide: int, tall: int) -> Image.Image:
    """Stands in for a picture."""
    soft = _mixed((255, 255, 255), _rgb(poster.primary), 0.14)
    tile = Image.new("RGB", (wide, tall), soft)
    signs = poster.product[:2] if poster.product.isascii() else poster.product[:4]
    font = _font(min(tall // 2, 150), bold=True)
    ImageDraw.Draw(tile).text((wide / 2, tall / 2), signs, _on_white(poster.primary), font, anchor="mm")
    return tile


def _ground(poster: Poster, height: int) -> Image.Image:
    """The shop's colour, deeper towards the foot, with two quiet circles of it."""
    top, bottom = _shades(poster.primary)
    line = Image.new("RGB", (1, height))
    for y in range(height):
        at = y / height
        line.putpixel((0, y), _mixed(top, bottom, at))
    image = line.resize((WIDTH, height))
    veil = Image.new("L", (WIDTH, height), 0)
    shapes = ImageDraw.Draw(veil)
    shapes.ellipse((620, -320, 1400, 460), fill=26)
    shapes.ellipse((-420, height - 440, 420, height + 400), fill=22)
    image.paste(Image.new("RGB", image.size, "#ffffff"), mask=veil)
    return image


def _head(draw: ImageDraw.ImageDraw, poster: Poster) -> int:
    """The shop's mark and name, and the programme's title; where it ends."""
    mark, ink = 76, _ink(poster.primary)
    draw.rounded_rectangle((EDGE, 72, EDGE + mark, 72 + mark), 22, fill="#ffffff")
    font = _font(38, bold=True)
    wide = draw.textlength(poster.initial, font)
    draw.text(
        (EDGE + (mark - wide) / 2, 72 + mark / 2),
        poster.initial,
        _on_white(poster.primary),
        font,
        anchor="lm",
    )
    name = _fitted(draw, poster.shop, _font(36, bold=True), WIDTH - 2 * EDGE - mark - 24)
    draw.text((EDGE + mark + 24, 72 + mark / 2), name, ink, _font(36, bold=True), anchor="lm")
    y = 72 + mark + 44
    for line in _lines(draw, poster.title, _font(64, bold=True), WIDTH - 2 * EDGE, most=2):
        draw.text((EDGE, y), line, ink, _font(64, bold=True))
        y += 84
    return y


def _body(image: Image.Image, draw: ImageDraw.ImageDraw, poster: Poster, top: int, bottom: int) -> None:
    """What the friend gets, and on which goods where it is a product's poster."""
    left = EDGE + 56
    if poster.product:
        top = _product(image, draw, poster, left, top, bottom)
    room = bottom - top
    size = 240 if not poster.product else 112
    while size > 40 and draw.textlength(poster.off, _font(size, bold=True)) > INSIDE:
        size -= 6
    lead = _font(40)
    block = 60 + round(size * 1.3) + (72 if poster.note else 0)
    y = top + max((room - block) // 2, 0)
    _centred(draw, poster.lead, lead, y, "#4a4f4d")
    _centred(draw, poster.off, _font(size, bold=True), y + 60, _on_white(poster.primary))
    if poster.note:
        _centred(draw, poster.note, _font(34), y + 72 + round(size * 1.3), "#4a4f4d")


def _product(
    image: Image.Image, draw: ImageDraw.ImageDraw, poster: Poster, left: int, top: int, bottom: int
) -> int:
    """The product's picture, name and price; where they end. They leave 340 pixels for what is saved.

    A drawing (SVG) stands as a tile with the first signs of the name.
    """
    names = _lines(draw, poster.product, _font(44, bold=True), INSIDE, most=2)
    words = len(names) * 58 + (64 if poster.price else 0)
    tall = max(min(bottom - top - words - 340 - 28, 430), 0)
    if tall > 120:
        picture = _opened(poster.picture, INSIDE, tall) or _tile(poster, INSIDE, tall)
        mask = Image.new("L", picture.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, picture.width, picture.height), 28, fill=255)
        image.paste(picture, (left + (INSIDE - picture.width) // 2, top), mask)
        top += picture.height + 28
    for line in names:
        draw.text((left, top), line, "#181e1c", _font(44, bold=True))
        top += 58
    if poster.price:
        draw.text((left, top + 6), poster.price, _on_white(poster.primary), _font(40, bold=True))
        top += 64
    return top + 16


def _foot(image: Image.Image, draw: ImageDraw.ImageDraw, poster: Poster, top: int) -> None:
    """The QR code, and what to do with it."""
    left, side = EDGE + 56, 340
    draw.line((left, top - 28, left + INSIDE, top - 28), fill="#dfe3e1", width=3)
    code = segno.make(poster.address, error="m")
    modules = code.symbol_size(border=0)[0]
    scale = max(side // modules, 1)
    out = io.BytesIO()
    code.save(out, kind="png", scale=scale, border=0, dark="#111111", light="#ffffff")
    out.seek(0)
    with Image.open(out) as picture:
        square = picture.convert("RGB")
    image.paste(square, (left, top + (side - square.height) // 2))
    x, room = left + side + 44, INSIDE - side - 44
    lines = _lines(draw, poster.call, _font(42, bold=True), room, most=3)
    y = top + (side - len(lines) * 58 - 60) // 2
    for line in lines:
        draw.text((x, y), line, "#181e1c", _font(42, bold=True))
        y += 58
    size = 28
    plain = poster.address.split("://", 1)[-1].split("?", 1)[0]
    while size > 18 and draw.textlength(plain, _font(size)) > room:
        size -= 1
    draw.text((x, y + 12), _fitted(draw, plain, _font(size), room), "#69706e", _font(size))


def _centred(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, y: float, ink: str) -> None:
    text = _fitted(draw, text, font, WIDTH - 2 * EDGE)
    draw.text((WIDTH / 2, y), text, ink, font, anchor="ma")


def _lines(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, room: float, *, most: int
) -> Sequence[str]:
    """Text in lines: Chinese breaks between signs, but not before a closing one; Latin between words."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and draw.textlength((line + piece).rstrip(), font) > room and piece[0] not in NO_START:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines += [line.rstrip()] if line.strip() else []
    if len(lines) > most:
        lines = [*lines[: most - 1], _fitted(draw, "".join(lines[most - 1 :]), font, room)]
    return [_fitted(draw, line, font, room) for line in lines]


def _pieces(text: str) -> list[str]:
    """What is never broken: a Latin word with the space behind it, a single sign of Chinese."""
    pieces: list[str] = []
    for sign in text:
        if pieces and sign.isascii() and pieces[-1][-1].isascii() and not pieces[-1][-1].isspace():
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces


def _fitted(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    if draw.textlength(text, font) <= room:
        return text
    while text and draw.textlength(f"{text}…", font) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _opened(path: str, wide: int, tall: int) -> Image.Image | None:
    """A picture cut to a box; None for a drawing, or what cannot be read."""
    if not path or not Path(path).is_file():
        return None
    try:
        with Image.open(path) as found:
            picture = found.convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None
    scale = max(wide / picture.width, tall / picture.height)
    size = (max(round(picture.width * scale), wide), max(round(picture.height * scale), tall))
    picture = picture.resize(size)
    x, y = (picture.width - wide) // 2, (picture.height - tall) // 2
    return picture.crop((x, y, x + wide, y + tall))


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    manifest.load()
    name = "document-bold.woff" if bold else "document-regular.woff"
    return ImageFont.truetype(BUILD / manifest.names[name], size)


Colour = tuple[int, int, int]


def _rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _light(colour: str) -> bool:
    """Whether dark signs read on it better than white ones could on a shade of it."""
    red, green, blue = _rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 170


def _ink(colour: str) -> str:
    return "#231b05" if _light(colour) else "#ffffff"


def _shades(colour: str) -> tuple[Colour, Colour]:
    """The ground from head to foot: towards light under dark signs, towards dark under white ones."""
    found = _rgb(colour)
    if _light(colour):
        return found, _mixed(found, (255, 255, 255), 0.35)
    while 0.2126 * found[0] + 0.7152 * found[1] + 0.0722 * found[2] > 112:
        found = _darker(found, 0.95)
    return found, _darker(found, 0.7)


def _darker(colour: Colour, share: float) -> Colour:
    return _mixed((0, 0, 0), colour, share)


def _on_white(colour: str) -> str:
    """The colour, dark enough for large signs on white."""
    found = _rgb(colour)
    while 0.2126 * found[0] + 0.7152 * found[1] + 0.0722 * found[2] > 140:
        found = _darker(found, 0.9)
    return "#{:02x}{:02x}{:02x}".format(*found)

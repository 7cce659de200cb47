"""A statement as a PDF: A4, Chinese set in a typeface of which only the signs it uses are embedded."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import segno
from flask_babel import get_locale
from flask_babel import gettext as _
from fpdf import FPDF, XPos, YPos
from fpdf.enums import Align

from app.domain.commissions.calendar import day_of
from app.domain.ledger.models import IssuedStatement
from app.domain.ledger.rules import Movement, Statement, Sums
from app.web.look.assets import BUILD, manifest
from app.web.look.money import money
from app.web.look.times import moment
from app.web.money.words import PLACES, kind_name

MOST_LINES = 1_500
"""More lines are summed up by day and kind; the CSV has every one."""
INK, MUTED, RULE, SHADE = (24, 30, 28), (105, 112, 110), (214, 219, 217), (243, 246, 245)
WIDTHS = (27, 63, 30, 30, 30)
"""Millimetres: day, what, held, available, on the way."""
FAMILY = "document"


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands around the figures."""

    firm_name: str
    verify_address: str


class Sheet(FPDF):
    """A4 with a foot that says which document this is and where it can be checked."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        for style, name in (("", "document-regular.woff"), ("B", "document-bold.woff")):
            manifest.load()
            self.add_font(FAMILY, style, BUILD / manifest.names[name])
        self.set_margins(15, 16, 15)
        self.set_auto_page_break(auto=True, margin=20)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FAMILY, size=7.5)
        self.set_text_color(*MUTED)
        self.cell(150, 5, self.foot)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align=Align.R)

    def words(
        self, text: str, *, size: float = 9, bold: bool = False, muted: bool = False, height: float = 5
    ) -> None:
        """One paragraph across the page."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*(MUTED if muted else INK))
        self.multi_cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align=Align.L)

    def row(
        self, cells: Sequence[str], *, bold: bool = False, shade: bool = False, size: float = 8.5
    ) -> None:
        """One line of the table; words that are too long end in an ellipsis."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*INK)
        self.set_draw_color(*RULE)
        self.set_fill_color(*SHADE)
        for at, (width, text) in enumerate(zip(WIDTHS, cells, strict=True)):
            align = Align.L if at < 2 else Align.R
            self.cell(width, 6.2, self.fitted(text, width - 2), border="B", align=align, fill=shade)
        self.ln(6.2)

    def fitted(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text}…"


def drawn(
    statement: Statement,
    issued: IssuedStatement,
    cover: Cover,
    goods: Mapping[int, str],
    *,
    most: int = MOST_LINES,
) -> bytes:
    """The whole document. The same statement gives the same document."""
    title = _("Statement")
    sheet = Sheet(
        _(
            "Statement %(number)s · check it at %(address)s",
            number=issued.number,
            address=cover.verify_address,
        )
    )
    sheet.set_title(f"{title} {issued.number}")
    sheet.set_author("Perkline")
    sheet.set_lang("zh-CN" if str(get_locale()).startswith("zh") else "en")
    sheet.set_creation_date(issued.created_at)
    sheet.add_page()
    _head(sheet, statement, issued, cover)
    _summary(sheet, statement)
    _lines(sheet, statement, goods, most)
    _seal(sheet, issued, cover)
    return bytes(sheet.output())


def _head(sheet: Sheet, statement: Statement, issued: IssuedStatement, cover: Cover) -> None:
    sheet.words("Perkline", size=9, bold=True, muted=True)
    sheet.words(_("Statement"), size=20, bold=True, height=10)
    sheet.ln(1)
    facts = (
        (_("Firm"), cover.firm_name),
        (_("Days"), f"{statement.since} – {statement.until}"),
        (_("Currency"), statement.currency),
        (_("Number"), issued.number),
        (_("Issued"), moment(issued.created_at, str(get_locale()))),
    )
    for name, value in facts:
        sheet.set_font(FAMILY, "", 9)
        sheet.set_text_color(*MUTED)
        sheet.cell(27, 5.4, name)
        sheet.set_text_color(*INK)
        sheet.cell(0, 5.4, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(4)


def _summary(sheet: Sheet, statement: Statement) -> None:
    sheet.words(_("Summary"), size=12, bold=True, height=7)
    _columns(sheet, "")
    sheet.row(["", _("Opening"), *_amounts(statement.opening, statement.currency)], bold=True)
    for kind, sums in statement.by_kind().items():
        sheet.row(["", kind_name(kind), *_amounts(sums, statement.currency)])
    sheet.row(["", _("Closing"), *_amounts(statement.closing, statement.currency)], bold=True, shade=True)
    total = money(statement.closing.total_minor, statement.currency, str(get_locale()))
    sheet.ln(1.5)
    sheet.words(_("Yours in all at the end of the last day: %(total)s", total=total), size=9, bold=True)
    sheet.ln(4)


def _lines(sheet: Sheet, statement: Statement, goods: Mapping[int, str], most: int) -> None:
    summed = len(statement.movements) > most
    title = _("Movements, by day and kind") if summed else _("Movements")
    sheet.words(title, size=12, bold=True, height=7)
    if not statement.movements:
        sheet.words(_("Nothing moved in these days."), muted=True)
        return
    if summed:
        many = len(statement.movements)
        sheet.words(
            _("There are %(num)d movements; the CSV of this statement has every one.", num=many), muted=True
        )
    _columns(sheet, _("Day"))
    rows = _by_day(statement.movements) if summed else _one_by_one(statement.movements, goods)
    for day, what, sums in rows:
        if sheet.will_page_break(6.2):
            sheet.add_page()
            _columns(sheet, _("Day"))
        sheet.row([str(day), what, *_amounts(sums, statement.currency, blank=True)], size=8)


def _columns(sheet: Sheet, first: str) -> None:
    sheet.row([first, "", *(str(word) for word in PLACES.values())], bold=True, size=8)


def _one_by_one(movements: Sequence[Movement], goods: Mapping[int, str]) -> list[tuple[date, str, Sums]]:
    return [(day_of(one.occurred_at), _what(one, goods), one.sums) for one in movements]


def _what(movement: Movement, goods: Mapping[int, str]) -> str:
    return " · ".join(filter(None, (kind_name(movement.kind), goods.get(movement.order_line_id or 0, ""))))


def _by_day(movements: Sequence[Movement]) -> list[tuple[date, str, Sums]]:
    found: dict[tuple[date, str], Sums] = {}
    for one in movements:
        key = (day_of(one.occurred_at), one.kind)
        found[key] = found.get(key, Sums()) + one.sums
    return [(day, kind_name(kind), sums) for (day, kind), sums in found.items()]


def _seal(sheet: Sheet, issued: IssuedStatement, cover: Cover) -> None:
    """Where and with what the document can be checked by anybody who holds it."""
    if sheet.will_page_break(40):
        sheet.add_page()
    sheet.ln(6)
    picture = io.BytesIO()
    segno.make(cover.verify_address, error="m").save(picture, kind="png", scale=5, border=0)
    top = sheet.get_y()
    sheet.image(picture, x=15, y=top, w=26, h=26)
    sheet.set_left_margin(46)
    sheet.set_y(top)
    sheet.words(_("Is this document genuine?"), bold=True, size=10)
    sheet.words(
        _("Anybody can ask with its number and its digest; one changed cent would change the digest."),
        size=8.5,
    )
    sheet.words(_("Number %(number)s", number=issued.number), size=8.5)
    sheet.words(_("Digest %(digest)s", digest=grouped(issued.digest)), size=8.5)
    sheet.set_left_margin(15)


def grouped(digest: str) -> str:
    """A digest in groups of four, as people read it."""
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _amounts(sums: Sums, currency: str, *, blank: bool = False) -> list[str]:
    figures = (sums.held_minor, sums.available_minor, sums.in_transit_minor)
    return ["" if blank and not minor else money(minor, currency, str(get_locale())) for minor in figures]

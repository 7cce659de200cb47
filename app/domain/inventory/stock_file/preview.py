"""Show a brand what its file was understood as, before anything is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.domain.inventory.stock_file.layout import Layout, Separator
from app.domain.inventory.stock_file.lines import Good, Line, Reason
from app.domain.inventory.stock_file.reading import StockFile
from app.domain.inventory.stock_file.repeats import Repeats
from app.foundation.vault import Secret


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One line as it may be shown: never more of a code than its masked form."""

    line: int
    masked: str = ""
    expires_at: datetime | None = None
    problem: Reason | None = None
    repeats_line: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file seems to hold. `complete` is False when only its start was counted."""

    layout: Layout
    separator: Separator | None
    encoding: str | None
    good: int
    repeated: int
    malformed: dict[Reason, int]
    first: tuple[PreviewLine, ...]
    problems: tuple[PreviewLine, ...]
    complete: bool


def preview(
    stock: StockFile,
    fingerprint: Callable[[Secret], bytes],
    *,
    show: int = 20,
    count: int = 50_000,
) -> Preview:
    """The first lines, the first problems, and counts over at most `count` lines."""
    repeats, found = Repeats(), Counter[str]()
    first: list[PreviewLine] = []
    problems: list[PreviewLine] = []
    complete = True
    for number, line in enumerate(stock.lines(), start=1):
        if number > count:
            complete = False
            break
        shown = _shown(line, repeats, fingerprint)
        found[_kind(shown)] += 1
        if len(first) < show:
            first.append(shown)
        if _kind(shown) != "good" and len(problems) < show:
            problems.append(shown)
    return Preview(
        layout=stock.layout,
        separator=stock.separator,
        encoding=stock.encoding,
        good=found.pop("good", 0),
        repeated=found.pop("repeated", 0),
        malformed={Reason(kind): lines for kind, lines in found.items()},
        first=tuple(first),
        problems=tuple(problems),
        complete=complete,
    )


def _shown(line: Line, repeats: Repeats, fingerprint: Callable[[Secret], bytes]) -> PreviewLine:
    if not isinstance(line, Good):
        return PreviewLine(line.line, problem=line.reason)
    before = repeats.first_line(fingerprint(line.secret), line.line)
    return PreviewLine(line.line, line.secret.masked(), line.expires_at, repeats_line=before)


def _kind(shown: PreviewLine) -> str:
    if shown.problem is not None:
        return shown.problem
    return "good" if shown.repeats_line is None else "repeated"

"""A list in a console: what `table` in `look/pieces.html` shows, and how an address asks for it.

The address carries everything: `?q=` words, `?sort=name` or `?sort=-name`, `?page=2`,
a filter under its own name, and `?export=csv` for the same rows as a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: str
    sortable: bool = False
    figures: bool = False
    """Amounts and counts: set to the right, in figures of one width."""


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    """Value and label; `""` (everything) is added in front."""
    value: str = ""


@dataclass(frozen=True, slots=True)
class TablePage:
    columns: tuple[Column, ...]
    rows: Sequence[Any]
    page: int = 1
    pages: int = 1
    total: int = 0
    sort: str = ""
    """Column name, with `-` in front for falling order."""
    asked: str = ""
    searches: str = ""
    """Placeholder of the search box; no box without one."""
    filters: tuple[Filter, ...] = ()
    exports: tuple[str, ...] = ("csv", "xlsx")
    selects: str = ""
    """Input name of the row check boxes, for bulk work; none without one."""
    empty: str = ""
    """Said when there is nothing at all to list."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """What else the address says, sent again with every search."""

    @property
    def narrowed(self) -> bool:
        return bool(self.asked or any(one.value for one in self.filters))

    def next_sort(self, column: Column) -> str:
        """What a click on the heading asks for: rising first, then falling."""
        return f"-{column.name}" if self.sort == column.name else column.name

    def direction(self, column: Column) -> str:
        """As `aria-sort` wants it."""
        if self.sort == column.name:
            return "ascending"
        return "descending" if self.sort == f"-{column.name}" else "none"


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as an address asks for it, already within bounds."""

    words: str
    sort: str
    descending: bool
    page: int
    export: str

    @classmethod
    def parse(cls, query: Mapping[str, str], *, sortable: Sequence[str], default: str = "") -> "Asked":
        """Unknown columns, pages and formats fall back in silence: an address is not a form."""
        sort = query.get("sort") or default
        if sort.removeprefix("-") not in sortable:
            sort = default
        number = query.get("page", "")
        export = query.get("export", "")
        return cls(
            words=query.get("q", "").strip()[:80],
            sort=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            page=min(max(int(number), 1), 1_000_000) if number.isdecimal() else 1,
            export=export if export in ("csv", "xlsx") else "",
        )

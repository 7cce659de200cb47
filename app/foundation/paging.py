"""What a list was asked for, and the part of it that was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.sql.elements import UnaryExpression

from app.foundation.database import session

Row = TypeVar("Row")
Sorts = Mapping[str, Any]
MOST_EXPORTED = 50_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One list as somebody wants it: words, filters, an order (`-` in front turns it round), a page from 1."""

    words: str = ""
    sort: str = ""
    page: int = 1
    size: int = 25
    filters: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.filters.get(name, "")

    def whole(self) -> "Asked":
        """The same list without pages, for an export."""
        return replace(self, page=1, size=MOST_EXPORTED)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and how many there are on all of them."""

    rows: Sequence[Row]
    total: int
    asked: Asked

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.asked.size))

    @property
    def first(self) -> int:
        return 0 if not self.total else (self.asked.page - 1) * self.asked.size + 1

    @property
    def last(self) -> int:
        return min(self.total, self.asked.page * self.asked.size)


def cut(found: Any, asked: Asked, *, sorts: Sorts, usual: str, tie: Any) -> Page[Any]:
    """One page of a SELECT, counted and in order; an order that `sorts` does not know becomes the usual one.

    `tie` is a unique column, so that no row is on two pages. A SELECT of one thing gives
    that thing, of several gives rows.
    """
    total = session().execute(select(func.count()).select_from(found.order_by(None).subquery())).scalar_one()
    asked = replace(asked, page=max(1, min(asked.page, -(-total // asked.size))))
    rows = session().execute(
        found.order_by(*_order(asked.sort, sorts, usual), tie.desc())
        .limit(asked.size)
        .offset((asked.page - 1) * asked.size)
    )
    single = len(found.column_descriptions) == 1
    return Page(rows.scalars().all() if single else rows.all(), total, asked)


def _order(sort: str, sorts: Sorts, usual: str) -> list[UnaryExpression[Any]]:
    chosen = sort if sort.removeprefix("-") in sorts else usual
    column = sorts[chosen.removeprefix("-")]
    return [(column.desc() if chosen.startswith("-") else column.asc()).nulls_last()]

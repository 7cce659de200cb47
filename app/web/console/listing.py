"""One way to show every list of the consoles: searched, filtered, sorted, paged, and as a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, g, render_template, request

from app.foundation.errors import Forbidden
from app.foundation.paging import Asked, Page
from app.web.console.columns import Col
from app.web.console.export import as_file
from app.web.look.tables import Asked as Address
from app.web.look.tables import Column, Filter, TablePage

Find = Callable[[Asked], Page[Any]]
View = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything about one list but its rows."""

    name: str
    """Of the file, in ASCII."""
    columns: Sequence[Col]
    usual: str
    searches: str = ""
    filters: Sequence[tuple[str, str, Sequence[tuple[str, str]]]] = ()
    selects: str = ""
    empty: str = ""
    exports: tuple[str, ...] = ("csv", "xlsx")
    keeps: tuple[str, ...] = ()
    """What else the address may say; searching and filtering leave it there."""

    def asked(self, query: Mapping[str, str], **fixed: str) -> Asked:
        """What the address asks for; an unknown filter value is none."""
        sortable = [column.name for column in self.columns if column.sort]
        address = Address.parse(query, sortable=sortable, default=self.usual)
        filters = {
            name: query.get(name, "")
            for name, _, options in self.filters
            if query.get(name, "") in dict(options)
        }
        sort = ("-" if address.descending else "") + address.sort
        return Asked(words=address.words, sort=sort, page=address.page, filters={**filters, **fixed})


def answer(listing: Listing, find: Find, view: View, template: str, **context: Any) -> Response | str:
    """The page, or with `?export=` the whole list as a file."""
    asked = listing.asked(request.args, **context.pop("fixed", {}))
    kind = request.args.get("export", "")
    if kind in listing.exports and listing.exports:
        if not g.seat.may("export"):
            raise Forbidden(action="export")
        rows = [view(row) for row in find(asked.whole()).rows]
        return as_file(kind, listing.name, [column for column in listing.columns if column.filed], rows)
    return render_template(template, list=table(listing, find(asked), view), **context)


def table(listing: Listing, page: Page[Any], view: View) -> TablePage:
    """The page of a list as `look/pieces.html` shows it."""
    return TablePage(
        columns=tuple(
            Column(column.name, column.label, column.sort, column.figures or column.money)
            for column in listing.columns
            if column.shown
        ),
        rows=[view(row) for row in page.rows],
        page=page.asked.page,
        pages=page.pages,
        total=page.total,
        sort=page.asked.sort,
        asked=page.asked.words,
        searches=listing.searches,
        filters=tuple(
            Filter(name, label, tuple(options), page.asked.get(name))
            for name, label, options in listing.filters
        ),
        exports=listing.exports if g.seat.may("export") else (),
        selects=listing.selects,
        empty=listing.empty,
        kept={name: request.args[name] for name in listing.keeps if request.args.get(name)},
    )

"""The menus of the consoles: every page has its place, and pages below it belong to it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flask import current_app, request, url_for

from app.web.look.frames import NavGroup, NavItem


class Place(NamedTuple):
    """A page of the menu; `below` are the endpoints that belong to it."""

    page: str
    label: object
    icon: str
    below: tuple[str, ...] = ()


Groups = Sequence[tuple[object, Sequence[Place]]]


def menu(door: str, groups: Groups, *, counts: Mapping[str, int] | None = None) -> tuple[NavGroup, ...]:
    """The groups of a console's menu, without pages that this release does not have."""
    return tuple(
        NavGroup(
            tuple(
                NavItem(
                    str(place.label), url_for(f"{door}.{place.page}"), place.icon, (counts or {}).get(place.page, 0)
                )
                for place in places if f"{door}.{place.page}" in current_app.view_functions
            ),
            str(label or ""),
        )
        for label, places in groups
    )  # fmt: skip


def here(door: str, groups: Groups) -> str:
    """The page of the menu that the open one is or belongs to; empty where it has no place."""
    endpoint = (request.endpoint or "").removeprefix(f"{door}.")
    for _label, places in groups:
        for place in places:
            if endpoint == place.page or endpoint in place.below:
                return place.page
    return ""

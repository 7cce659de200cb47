"""All consoles: read it as the table of contents of that host.

Each file hangs its pages under its console's blueprint when it is imported.
"""

from flask import Blueprint

from app.web.brand import brand, imports, products, stock  # noqa: F401  # its pages
from app.web.brand import home as brand_home  # noqa: F401  # its pages
from app.web.console import console, entrance, persons, profile  # noqa: F401  # its pages
from app.web.distributor import catalogue, distributor, listings, opening, orders, settings  # noqa: F401  # its pages
from app.web.distributor import home as distributor_home  # noqa: F401  # its pages
from app.web.doors import House
from app.web.platform import books, firms, platform, watch  # noqa: F401  # its pages

CONSOLES: tuple[Blueprint, ...] = (console, distributor, brand, platform)


def open_consoles(app: House) -> None:
    """Sign-in, and every console behind its door."""
    persons.install(app)
    for blueprint in CONSOLES:
        app.stand(blueprint)

"""All consoles: read it as the table of contents of that host.

Each file hangs its pages under its console's blueprint when it is imported.
"""

from flask import Blueprint

from app.web.brand import (  # noqa: F401  # its pages
    attempts,
    brand,
    distributors,
    floors,
    imports,
    invites,
    ladder,
    price_map,
    products,
    stock,
    term_changes,
    terms,
)
from app.web.brand import home as brand_home  # noqa: F401  # its pages
from app.web.brand import promotions as brand_promotions  # noqa: F401  # its pages
from app.web.console import console, entrance, invited, persons, profile  # noqa: F401  # its pages
from app.web.distributor import brands as distributor_brands  # noqa: F401  # its pages
from app.web.distributor import (  # noqa: F401  # its pages
    catalogue,
    distributor,
    listings,
    opening,
    orders,
    promotion_calendar,
    promotion_design,
    promotion_numbers,
    promotions,
    settings,
)
from app.web.distributor import coupons as distributor_coupons  # noqa: F401  # its pages
from app.web.distributor import flash as distributor_flash  # noqa: F401  # its pages
from app.web.distributor import groups as distributor_groups  # noqa: F401  # its pages
from app.web.distributor import home as distributor_home  # noqa: F401  # its pages
from app.web.distributor import promotions_of_others as distributor_others  # noqa: F401  # its pages
from app.web.distributor import recruit as distributor_recruit  # noqa: F401  # its pages
from app.web.distributor import referrals as distributor_referrals  # noqa: F401  # its pages
from app.web.distributor import terms as own_terms  # noqa: F401  # its pages
from app.web.doors import House
from app.web.platform import bank_batches, books, fees, firms, ledger, payouts, platform, watch  # noqa: F401  # its pages
from app.web.platform import distributor as one_distributor  # noqa: F401  # its page
from app.web.platform import promoter_payouts as paying_promoters  # noqa: F401  # its page

CONSOLES: tuple[Blueprint, ...] = (console, distributor, brand, platform)


def open_consoles(app: House) -> None:
    """Sign-in, and every console behind its door."""
    persons.install(app)
    for blueprint in CONSOLES:
        app.stand(blueprint)

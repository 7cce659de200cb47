"""Where a group would cost a buyer more than another offer: which one, and both prices."""

from dataclasses import replace

from flask import g
from flask_babel import gettext

from app.domain.groups.prices import unit_price
from app.flows import purchase
from app.web.storefront import asking
from app.web.storefront.price_words import amount, title


def cheaper_than_group(promotion_id: int, listing_id: int, pieces: int) -> str:
    """Why a group is no use to this buyer here, in words; nothing where its price counts, or is not to be had at all.

    The price of others is asked with everything this buyer brings, the group's with nothing beside it.
    """
    asked = asking.asked()
    granted = replace(asked, granted=asked.granted | {promotion_id})
    made, _goods, rows = purchase.explained(g.tenant, {listing_id: pieces}, granted)
    line = made.lines[0]
    left = next((step for step in made.left_out if step.promotion_id == promotion_id), None)
    if left is None or left.because != "better_offer" or promotion_id not in rows:
        return ""
    other = next((row for row in rows.values() if row.key == left.other), None)
    group_minor = unit_price(rows[promotion_id], line.list_minor) * pieces
    if other is None:
        return gettext("Another offer is cheaper for you than the group.")
    return gettext(
        "“%(other)s” costs you %(price)s, the group %(group)s: buy it now for less, and wait for nobody.",
        other=title(other), price=amount(line.offer_minor * line.quantity), group=amount(group_minor),
    )  # fmt: skip

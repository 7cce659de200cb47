"""Which group this visitor is about to open or join: kept in the session for its one thing of "buy now"."""

from dataclasses import replace

from flask import request, session

from app.flows.grouping import NEW
from app.flows.priced import Asked
from app.web.storefront import basket

GROUP = "group"


def choose(promotion_id: int, listing_id: int, group_id: int | None) -> None:
    """From here on the checkout of this one thing is a group's; None: one that is opened with it."""
    session[GROUP] = [promotion_id, listing_id, group_id]


def forget() -> None:
    session.pop(GROUP, None)


def grant(asked: Asked) -> Asked:
    """What a group grants at its own checkout, and nowhere else."""
    chosen = session.get(GROUP)
    if chosen is None or basket.NOW not in request.args or "seat" in asked.tied:
        return asked  # a unit is a seat's or a group's
    promotion_id, listing_id, group_id = chosen
    if set(basket.read(basket.NOW)) != {listing_id}:
        return asked
    tied = {**asked.tied, "group": group_id or NEW, "promotion": promotion_id}
    return replace(asked, granted=asked.granted | {promotion_id}, tied=tied)

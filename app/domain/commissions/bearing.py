"""What the brand's part of a line can bear of its own promotions; see docs/algorithms/pricing.md.

`rules.split` must never ask the seller for what the brand promised. The part is not known before the stack is: it
hangs on the base, and a distributor's discount makes that smaller. So it is told as two bounds that hold for any stack.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.domain.commissions.rules import WHOLE


class Bearing(NamedTuple):
    """Of a whole line: at most `most_minor` (None: no such bound), and never more than the base less `gives_up_bps`.

    The base is what rates are taken of: the line's list price less what its distributor pays of discounts.
    """

    most_minor: int | None
    gives_up_bps: int


def bearing(terms: Mapping[str, Any], *, list_minor: int, quantity: int) -> Bearing:
    """The bounds under the terms in force. Minor units.

    Margin: the supply price of all units, less the most that a boost takes (of the list price). Commission: what is
    left of the base after the highest rate and the boost; of brackets the highest, whatever the month has brought.
    """
    boost = int(terms["boost"]["add_bps"]) if terms.get("boost") else 0
    if terms["kind"] == "margin":
        owed = int(terms["supply_price_minor"]) * quantity
        return Bearing(max(owed - _rounded_up(list_minor * quantity * boost), 0), min(boost, WHOLE))
    rates = [int(one["rate_bps"]) for one in terms.get("brackets") or (terms,)]
    return Bearing(None, min(max(rates) + boost, WHOLE))


def _rounded_up(of_whole: int) -> int:
    return -(-of_whole // WHOLE)

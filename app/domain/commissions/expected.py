"""What one unit would give its seller at a price, by the terms in force. Values in, values out."""

from datetime import datetime

from app.domain.commissions.rules import Line, split
from app.domain.commissions.standing import Standing


def kept_per_unit(stand: Standing, price_minor: int, *, at: datetime) -> int:
    """The seller's part of one unit in minor units, before the platform's and the gateway's fees.

    Where commission goes by the month's volume, as the first sale of a month would earn.
    """
    uplines = tuple(stand.uplines)
    line = Line(net_minor=price_minor, quantity=1, terms=stand.terms(at), uplines=uplines)
    return split(line)["seller"].amount_minor

"""What a fee would have cost in the last thirty days: by brand, or by currency for payouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.commissions import fee_queries as queries
from app.domain.commissions import fee_trial, fees
from app.domain.commissions.fee_trial import FeeDraft
from app.domain.commissions.trial import Sum, by_party
from app.foundation import clock


@dataclass(frozen=True, slots=True)
class Preview:
    """Rows of who pays it, and what everybody would have got of the same sales."""

    since: datetime
    until: datetime
    lines: int
    cut_off: bool
    rows: Sequence[Mapping[str, Any]]
    parties: Mapping[str, Mapping[str, Sum]]


def preview(draft: FeeDraft) -> Preview:
    """Try a fee on the last thirty days, in the platform's scope."""
    until = clock.now()
    since, rules = until - timedelta(days=30), fees.all_rules()
    if draft.kind == "payout":
        sums = fee_trial.payouts_tried(queries.paid_out(since, until), rules, draft)
        rows = [{"name": "", "currency": currency, "sum": sum_} for currency, sum_ in sorted(sums.items())]
        return Preview(since, until, sum(one.lines for one in sums.values()), False, rows, {})
    lines = queries.sold_lines(since, until)
    orders = queries.order_facts({line.order_id for _brand, line in lines})
    results = fee_trial.tried(lines, orders, rules, draft)
    names, by_brand = dict(queries.brands()), dict[tuple[int, str], Sum]()
    for brand_id, one in results:
        key = (brand_id, one.line.currency)
        of = draft.kind
        by_brand[key] = by_brand.get(key, Sum()).plus(one.was.get(of, 0), one.would.get(of, 0))
    rows = [
        {"name": names.get(brand_id, ""), "currency": currency, "sum": sum_}
        for (brand_id, currency), sum_ in sorted(by_brand.items(), key=lambda pair: -abs(pair[1].more_minor))
    ]
    parties = by_party([one for _brand, one in results])
    return Preview(since, until, len(lines), len(lines) == queries.MOST_LINES, rows, parties)

"""What is given again when a refund bounced or a dispute was won. Values in, values out."""

from collections.abc import Mapping

from app.domain.commissions.rules import Settled, TakenBack, bracket_value, slices


def give_again(
    settled: Settled,
    taken: Mapping[str, int],
    buyer_minor: int,
    *,
    commission_minor: int = 0,
    volume_minor: int = 0,
) -> TakenBack:
    """Undo one return: what each party gets again, positive, by role.

    Everybody gets back what was taken. Two things depend on where the line and the month stand
    now, and the brand bears or gains the difference: the platform's share of a discount, which
    follows from how much of the line is still given back, and a bracket commission (of which
    `commission_minor` had been taken), which comes back on top of the month's volume as it is now.
    """
    after = settled.returned_minor - buyer_minor
    promotion = _between(settled.funded_platform_minor, after, settled.returned_minor, settled.net_minor)
    volume = _between(settled.base_minor, after, settled.returned_minor, settled.net_minor)
    parts, facts = dict(taken), {"share": [buyer_minor, settled.net_minor]}
    facts_more: dict[str, object] = {}
    if "brackets" in settled.terms and settled.counted:
        brackets = settled.terms["brackets"]
        commission = bracket_value(brackets, volume_minor + volume) - bracket_value(brackets, volume_minor)
        parts["seller"] = parts.get("seller", 0) + commission - commission_minor
        facts_more = {
            "volume_minor": volume_minor, "slices": slices(brackets, volume_minor, volume),
            "commission_minor": -commission,
        }  # fmt: skip
    odd = buyer_minor + promotion - sum(parts.values())
    parts["supplier"] = parts.get("supplier", 0) + odd
    return TakenBack(
        {role: minor for role, minor in parts.items() if minor}, buyer_minor, promotion,
        volume if settled.counted else 0, {**facts, **facts_more},
    )  # fmt: skip


def _between(total_minor: int, low_minor: int, high_minor: int, of_minor: int) -> int:
    """The part of a total that lies between two amounts given back, each rounded down as rules.take_back does."""
    return total_minor * high_minor // of_minor - total_minor * low_minor // of_minor

"""What a promotion would bring one Sku's price to, by itself. Values in, values out; minor units."""

from app.domain.promotions.rules import Bundle, Cut, Off, Promotion, Tiers


def lowest_each(promotion: Promotion, sku_id: int, list_minor: int) -> int:
    """The lowest price of a piece that it wants, alone in an order that meets its conditions.

    Of an amount off: shared by as few pieces as reach its threshold. Rounded down; never below one minor unit.
    """
    value = promotion.value
    if isinstance(value, Off):
        pieces = max(1, -(-value.from_minor // list_minor))
        whole = pieces * list_minor
        return max((whole - value.of(whole)) // pieces, 1)
    cuts: list[Cut] = []
    if isinstance(value, Tiers):
        cuts = [cut for _start, cut in value.steps]
    elif isinstance(value, Bundle):
        cuts = [value.parts[sku_id][1]] if sku_id in value.parts else []
    elif isinstance(value, Cut):
        cuts = [value]
    return min([list_minor, *(cut.of(list_minor) for cut in cuts)])

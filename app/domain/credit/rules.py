"""How much of an order is paid with store credit. Values in, values out; minor units."""


def part_of(total_minor: int, *, free_minor: int, least_minor: int) -> int:
    """What of `total_minor` credit pays: as much as there is, so that the rest is nothing or can be charged.

    A rest below `least_minor`, the smallest charge of the gateway, is made as big as that by taking less credit;
    where that leaves no credit, none is used.
    """
    part = max(min(free_minor, total_minor), 0)
    if 0 < total_minor - part < least_minor:
        return max(total_minor - least_minor, 0)
    return part

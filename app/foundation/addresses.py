"""What of an address tells one visitor from another."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def neighbourhood(ip: str | None) -> str:
    """An IPv4 address as it is, an IPv6 address as its /64: one line is given the whole of it.

    Counting single IPv6 addresses would count nothing: whoever has a line has 2^64 of them.
    """
    try:
        address = ip_address((ip or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
    return str(address)

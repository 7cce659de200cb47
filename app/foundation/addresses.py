"""What of an address tells one visitor from another."""

from ipaddress import IPv6Address, IPv6Network, ip_address

NO_DOTS = frozenset({"gmail.com", "googlemail.com"})


def mailbox(email: str) -> str:
    """Where an address's mail arrives: `Mei+shop@x.com` is `mei@x.com`, and Gmail reads no dots in a name."""
    name, _, host = email.strip().lower().rpartition("@")
    name = name.split("+", 1)[0]
    if host in NO_DOTS:
        name, host = name.replace(".", ""), "gmail.com"
    return f"{name}@{host}"


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

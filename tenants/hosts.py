"""From the Host header to a shop, or to nothing."""

import re

from tenants.directory import Tenant, TenantDirectory

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
RESERVED = frozenset(
    ["admin", "api", "app", "assets", "billing", "blog", "brand", "cdn", "console", "dashboard", "demo", "docs", "help",
     "hooks", "mail", "pay", "perkline", "platform", "shop", "sign-in", "static", "status", "support", "test",
     "webhooks", "www"]
)  # fmt: skip


def host_only(header: str) -> str:
    """The host of a Host header in lower case, without its port or trailing dot."""
    header = header.strip().lower()
    host = header.rsplit(":", 1)[0] if not header.endswith("]") and ":" in header else header
    return host.rstrip(".")


def subdomain(host: str, base_host: str) -> str | None:
    """The single label in front of the base host, if that is what the host is."""
    suffix = "." + base_host.lower()
    if not host.endswith(suffix):
        return None
    label = host[: -len(suffix)]
    return label if label and "." not in label else None


def is_free_form(slug: str) -> bool:
    """Whether a slug may be taken at all: 3–40 of a–z, 0–9 and inner hyphens, not reserved."""
    return bool(SLUG.fullmatch(slug)) and slug not in RESERVED and "--" not in slug


def find_tenant(host: str, *, base_host: str, directory: TenantDirectory) -> Tenant | None:
    """The shop at `<slug>.<base host>` or at its own verified domain."""
    label = subdomain(host, base_host)
    if label is not None:
        return directory.by_slug(label) if SLUG.fullmatch(label) else None
    return directory.by_host(host)

"""The same wall in Redis: every key carries its tenant."""

from tenants.context import current_scope


def shop_key(*parts: str | int) -> str:
    """A key inside the open shop; without a shop there is no key."""
    scope = current_scope()
    if scope.shop_id is None:
        raise ValueError("a shop's key needs a shop's scope; use platform_key for the platform's own")
    return ":".join(["perkline", "shop", str(scope.shop_id), *map(str, parts)])


def platform_key(*parts: str | int) -> str:
    """A key of the platform itself, never of one shop."""
    return ":".join(["perkline", "platform", *map(str, parts)])

"""Which shop answers to a host."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Tenant:
    """A shop as every door needs to know it; its look and settings are data."""

    id: int
    slug: str
    name: str
    currency: str
    status: str
    languages: tuple[str, ...]
    theme: dict[str, Any] = field(hash=False, compare=False)
    settings: dict[str, Any] = field(hash=False, compare=False)


class TenantDirectory(Protocol):
    """Finds shops; implemented by the distributors room."""

    def by_slug(self, slug: str) -> Tenant | None: ...

    def by_host(self, host: str) -> Tenant | None: ...


class CachedDirectory:
    """Remembers answers for less than a second, so that a change shows within one."""

    def __init__(self, directory: TenantDirectory, *, seconds: float = 0.8, size: int = 4096) -> None:
        self._directory, self._seconds, self._size = directory, seconds, size
        self._kept: OrderedDict[tuple[str, str], tuple[float, Tenant | None]] = OrderedDict()
        self._lock = Lock()
        self.edition = 0

    def by_slug(self, slug: str) -> Tenant | None:
        return self._find("slug", slug)

    def by_host(self, host: str) -> Tenant | None:
        return self._find("host", host)

    def fresh_until(self, *names: str) -> float:
        """Until when (monotonic) the shop under one of its names is known to be as it was read; 0 if it is not."""
        found = [self._kept.get((kind, name)) for name in names for kind in ("slug", "host")]
        return max((kept[0] for kept in found if kept is not None), default=0.0)

    def known(self, kind: str, name: str) -> Tenant | None:
        """The shop under a slug or a host as far as it was read already, however long ago; asks nobody."""
        kept = self._kept.get((kind, name))
        return kept[1] if kept is not None else None

    def forget(self) -> None:
        """Ask again for everything."""
        with self._lock:
            self._kept.clear()
            self.edition += 1

    def _find(self, kind: str, name: str) -> Tenant | None:
        now = time.monotonic()
        kept = self._kept.get((kind, name))
        if kept is not None and kept[0] > now:
            return kept[1]
        find = self._directory.by_slug if kind == "slug" else self._directory.by_host
        tenant = find(name)
        with self._lock:
            self._kept[kind, name] = (now + self._seconds, tenant)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return tenant

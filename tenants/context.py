"""For whom the program is working right now."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass

from tenants.errors import NoScope


@dataclass(frozen=True, slots=True)
class Scope:
    """A PostgreSQL role and the id its row security compares with."""

    role: str
    setting: str | None = None
    value: int | None = None

    @property
    def shop_id(self) -> int | None:
        return self.value if self.setting == SHOP_SETTING else None

    @property
    def brand_id(self) -> int | None:
        return self.value if self.setting == BRAND_SETTING else None

    @property
    def distributor_id(self) -> int | None:
        return self.value if self.setting == DISTRIBUTOR_SETTING else None


SHOP_ROLE, BRAND_ROLE, PLATFORM_ROLE = "perkline_shop", "perkline_brand", "perkline_platform"
DISTRIBUTOR_ROLE = "perkline_distributor"
SHOP_SETTING, BRAND_SETTING = "perkline.shop_id", "perkline.brand_id"
DISTRIBUTOR_SETTING = "perkline.distributor_id"
PLATFORM = Scope(PLATFORM_ROLE)

_scope: ContextVar[Scope | None] = ContextVar("perkline_scope", default=None)
_on_change: list[Callable[[], None]] = []


def current_scope() -> Scope:
    """The scope that is open, or NoScope."""
    scope = _scope.get()
    if scope is None:
        raise NoScope("open a shop, brand or platform scope before touching data")
    return scope


def current_scope_or_none() -> Scope | None:
    return _scope.get()


def when_scope_changes(callback: Callable[[], None]) -> None:
    """Call back whenever another scope begins or ends, so that sessions are not carried across."""
    _on_change.append(callback)


def enter(scope: Scope) -> Token[Scope | None]:
    """Open a scope by hand; `leave` takes the token. Prefer the context managers."""
    changed = _scope.get() != scope
    token = _scope.set(scope)
    if changed:
        _notify()
    return token


def leave(token: Token[Scope | None]) -> None:
    before = _scope.get()
    _scope.reset(token)
    if _scope.get() != before:
        _notify()


@contextmanager
def open_scope(scope: Scope) -> Iterator[Scope]:
    token = enter(scope)
    try:
        yield scope
    finally:
        leave(token)


def shop_scope(shop_id: int) -> AbstractContextManager[Scope]:
    """Everything inside sees and writes rows of this shop only."""
    return open_scope(Scope(SHOP_ROLE, SHOP_SETTING, int(shop_id)))


def brand_scope(brand_id: int) -> AbstractContextManager[Scope]:
    """Everything inside sees rows of this brand only."""
    return open_scope(Scope(BRAND_ROLE, BRAND_SETTING, int(brand_id)))


def distributor_scope(distributor_id: int) -> AbstractContextManager[Scope]:
    """Everything inside sees rows of this distributor only, whichever of its shops they came from."""
    return open_scope(Scope(DISTRIBUTOR_ROLE, DISTRIBUTOR_SETTING, int(distributor_id)))


def platform_scope() -> AbstractContextManager[Scope]:
    """Cross-shop work of the platform itself, said aloud."""
    return open_scope(PLATFORM)


def _notify() -> None:
    for callback in _on_change:
        callback()

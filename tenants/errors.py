"""What goes wrong at the wall between shops."""


class TenancyError(Exception):
    """A read or write that does not say, or may not say, whose it is."""


class NoScope(TenancyError):
    """Data was touched without saying for whom; open a scope first."""


class ForeignRow(TenancyError):
    """A row of another tenant was about to be written in this scope."""


class ScopeChanged(TenancyError):
    """A session opened in one scope was used in another."""


class UnknownHost(TenancyError):
    """No shop answers to this host."""

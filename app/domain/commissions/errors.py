"""What can be wrong with a rule of pay."""

from app.foundation.errors import Kind, ProductError


class SupplyAboveFloor(ProductError):
    """A supply price above the floor of somebody it is for (`supply_minor`, `floor_minor`, `currency`, `sku`, `at`)."""

    code, kind = "supply_above_floor", Kind.INVALID


class RatesOverWhole(ProductError):
    """Commission, boost and overrides would take more than the price (`total_bps`, and each of them)."""

    code, kind = "rates_over_whole", Kind.INVALID


class WindowsOverlap(ProductError):
    """Another rule of the same target is in force within the window (`series` where it is known)."""

    code, kind = "windows_overlap", Kind.CONFLICT


class RuleEnded(ProductError):
    """The series has nothing in force or coming at that moment that could be ended."""

    code, kind = "rule_ended", Kind.CONFLICT

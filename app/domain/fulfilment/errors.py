"""What can go wrong between us and a supplier."""

from app.foundation.errors import Kind, ProductError


class ForgedCallback(ProductError):
    """A message that claims to come from a supplier and does not; `reason` says how it was noticed."""

    code, kind = "forged_callback", Kind.FORBIDDEN


class SupplierUnavailable(ProductError):
    """A question about balance, prices or a bill got no answer that can be trusted."""

    code, kind = "supplier_unavailable", Kind.UPSTREAM

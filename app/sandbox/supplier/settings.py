"""What the reference supplier is told from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

INSTANCES = ("alpha", "beta")
DEFAULT_URL = "http://127.0.0.1:8010"


@dataclass(frozen=True, slots=True)
class SupplierSettings:
    """Every setting, its default and its meaning."""

    key: str
    secret: str = field(repr=False)
    home: Path = Path(".perkline")
    host: str = "127.0.0.1"
    port: int = 8010
    callback_base: str = ""  # besides this machine, the only place callbacks may go
    credit_seconds: float = 0.2  # from accepted to credited
    slow_seconds: float = 3.0  # what the fault "slow" adds to the answer and to crediting
    hang_seconds: float = 15.0  # how long an answer that never comes holds the line
    opening_balance_minor: int = 100_000_000
    currency: str = "CNY"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SupplierSettings":
        """Read PERKLINE_HOME, SUPPLIER_URL, SUPPLIER_KEY, SUPPLIER_SECRET and SUPPLIER_CALLBACK_BASE.

        Raise ValueError with one clear sentence when the key or the secret is missing.
        """
        key, secret = environment.get("SUPPLIER_KEY", ""), environment.get("SUPPLIER_SECRET", "")
        if not key or not secret:
            raise ValueError("SUPPLIER_KEY and SUPPLIER_SECRET must be set before the supplier can start.")
        where = urlsplit(environment.get("SUPPLIER_URL") or DEFAULT_URL)
        return cls(
            key=key,
            secret=secret,
            home=Path(environment.get("PERKLINE_HOME") or ".perkline"),
            host=where.hostname or "127.0.0.1",
            port=where.port or 8010,
            callback_base=environment.get("SUPPLIER_CALLBACK_BASE", ""),
        )

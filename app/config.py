"""Every setting: its type, its default, its meaning. Read once from the environment."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent


class BadSetting(ValueError):
    """A setting is missing or cannot be read; the message says which and what to do."""


LEAST_CHARGES = {"CNY": 100, "USD": 50, "EUR": 50, "GBP": 30, "HKD": 400, "JPY": 50, "*": 50}


@dataclass(frozen=True, slots=True)
class Settings:
    """The program's settings. Names in the environment are the field names in capitals (docs/settings.md)."""

    home: Path
    """PERKLINE_HOME: data, logs and the demo's mailbox."""
    database_url: str = field(repr=False)
    """DATABASE_URL: owner of the schema; migrations and roles."""
    database_app_url: str = field(repr=False)
    """DATABASE_APP_URL: the serving login, which owns nothing; derived from DATABASE_URL when missing."""
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    """SECRET_KEY: signs cookies, quotes and order links; fingerprints are keyed from FINGERPRINT_KEY."""
    fingerprint_key: str = field(repr=False)
    master_keys: str = field(repr=False)
    """MASTER_KEYS: `id:base64,id:base64`; the first wraps new data keys, the others still open old ones."""
    port: int = 8000
    base_host: str = "localhost"
    scheme: str = "http"
    public_port: int | None = 8000
    """Shown in links; None where a proxy serves the scheme's own port."""
    gateway: str = "sandbox"
    """GATEWAY: `sandbox` or `stripe`."""
    sandbox_secret: str = field(default="", repr=False)
    stripe_secret_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)
    stripe_account: str = ""
    stripe_api_base: str = ""
    supplier_url: str = ""
    supplier_key: str = "perkline"
    supplier_secret: str = field(default="", repr=False)
    smtp_url: str = field(default="", repr=False)
    """SMTP_URL: `smtp://user:password@host:port`; without it mails are kept in HOME/mailbox."""
    mail_from: str = "Perkline <no-reply@localhost>"
    checkout_minutes: int = 15
    max_open_orders: int = 3
    """MAX_OPEN_ORDERS: unpaid orders of one device, or of one e-mail from one address."""
    max_open_orders_per_address: int = 10
    """MAX_OPEN_ORDERS_PER_ADDRESS: unpaid orders in one shop from one IP address (an IPv6 /64); 0 does not count."""
    max_pieces_per_address: int = 50
    """MAX_PIECES_PER_ADDRESS: pieces of one Sku that unpaid orders from one address may hold; 0 does not count."""
    checkouts_per_address: int = 60
    """CHECKOUTS_PER_ADDRESS: tries to order or to pay in ten minutes from one address; 0 does not count."""
    auto_approve: bool = False
    """AUTO_APPROVE: firms that sign up may work at once (`1`, for the demo); otherwise the platform approves them."""
    domain_proof: str = "dns"
    """DOMAIN_PROOF: how a custom domain is proven: `dns` (a TXT record) or `sandbox` (no network, names of .test)."""
    payout_every: str = "weekly"
    """PAYOUT_EVERY: `daily`, `weekly` or `monthly`, for firms that chose nothing."""
    payout_day: int = 1
    """PAYOUT_DAY: of the week (1 is Monday) or of the month (1 to 28)."""
    payout_minimum: int = 100
    """PAYOUT_MINIMUM: from which available amount on, in whole units of each currency."""
    payout_second_above: int = 50_000
    """PAYOUT_SECOND_ABOVE: payouts above so many whole units of their currency need two people; 0: none does."""
    payout_review_first: int = 1
    """PAYOUT_REVIEW_FIRST: how many of a firm's first payouts a person looks at."""
    payout_cooling_hours: int = 72
    """PAYOUT_COOLING_HOURS: how long nothing is paid after a firm has changed its account."""
    least_charges: Mapping[str, int] = field(default_factory=lambda: dict(LEAST_CHARGES))
    """LEAST_CHARGES: the smallest charge of the gateway in minor units, `CNY=100,USD=50`; `*` is any other currency's.
    A rest below it is never left to pay beside store credit."""
    trusted_proxies: int = 0
    """TRUSTED_PROXIES: how many proxies in front may set X-Forwarded-*; otherwise their address is every visitor's."""
    web_workers: int = 2
    web_threads: int = 8
    """WEB_THREADS: requests that one web process works on at once; PLACES_EACH times as many may be in it."""
    log_level: str = "INFO"

    def shop_url(self, slug: str, path: str = "/") -> str:
        return self.host_url(f"{slug}.{self.base_host}", path)

    def host_url(self, host: str, path: str = "/") -> str:
        """A link people can open: scheme, host, the public port where it is not the scheme's own, path."""
        port = "" if self.public_port is None else f":{self.public_port}"
        return f"{self.scheme}://{host}{port}{path}"

    @property
    def hook_url(self) -> str:
        """Where gateways and suppliers on this machine call us back."""
        return f"http://127.0.0.1:{self.port}/hooks"

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for each purpose, derived from SECRET_KEY (HMAC-SHA256)."""
        return hmac.new(self.secret_key.encode(), purpose.encode(), hashlib.sha256).digest()


PLACES_EACH = 64
"""How many requests may be in a web process for each that works: those who wait for a turn are counted too."""
PAYOUTS = ("daily", "weekly", "monthly")
USUAL_PORTS = {"http": "80", "https": "443"}
REQUIRED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MASTER_KEYS")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings, or raise BadSetting with one sentence that says what to do."""
    missing = [name for name in REQUIRED if not environ.get(name)]
    if missing:
        raise BadSetting(f"{', '.join(missing)} must be set; `make run` sets them up on the embedded default")
    port = _number(environ, "PORT", 8000)
    public = environ.get("PUBLIC_PORT", str(port))
    scheme = environ.get("SCHEME") or "http"
    if scheme not in USUAL_PORTS:
        raise BadSetting(f"SCHEME must be http or https, not {scheme!r}")
    if environ.get("PAYOUT_EVERY", "weekly") not in PAYOUTS:
        raise BadSetting(f"PAYOUT_EVERY must be one of {', '.join(PAYOUTS)}, not {environ['PAYOUT_EVERY']!r}")
    if not 1 <= _number(environ, "PAYOUT_DAY", 1) <= 28:
        raise BadSetting("PAYOUT_DAY must be from 1 to 28")
    if _number(environ, "PAYOUT_COOLING_HOURS", 72) < 1:
        raise BadSetting("PAYOUT_COOLING_HOURS must be at least 1")
    url = with_driver(environ["DATABASE_URL"])
    numbers = (
        "checkout_minutes", "max_open_orders", "max_open_orders_per_address", "max_pieces_per_address",
        "checkouts_per_address", "trusted_proxies", "web_workers", "web_threads", "payout_day", "payout_minimum",
        "payout_second_above", "payout_review_first", "payout_cooling_hours",
    )  # fmt: skip
    texts = (
        "base_host", "gateway", "sandbox_secret", "stripe_secret_key", "stripe_webhook_secret", "stripe_account",
        "stripe_api_base", "supplier_url", "supplier_key", "supplier_secret", "smtp_url", "mail_from", "log_level",
        "domain_proof", "payout_every",
    )  # fmt: skip
    return Settings(
        home=Path(environ.get("PERKLINE_HOME", ROOT / ".perkline")),
        database_url=url,
        database_app_url=with_driver(environ.get("DATABASE_APP_URL") or app_url(url, environ["SECRET_KEY"])),
        redis_url=environ["REDIS_URL"],
        secret_key=environ["SECRET_KEY"],
        fingerprint_key=environ.get("FINGERPRINT_KEY") or environ["SECRET_KEY"],
        master_keys=environ["MASTER_KEYS"],
        port=port,
        least_charges=_amounts(environ, "LEAST_CHARGES", LEAST_CHARGES),
        auto_approve=environ.get("AUTO_APPROVE", "") in {"1", "true", "yes"},
        scheme=scheme,
        public_port=None
        if public in {"", USUAL_PORTS[scheme]}
        else _number({"PUBLIC_PORT": public}, "PUBLIC_PORT", port),
        **{name: environ[name.upper()] for name in texts if environ.get(name.upper())},  # type: ignore[arg-type]  # all str
        **{name: _number(environ, name.upper(), 0) for name in numbers if environ.get(name.upper())},  # type: ignore[arg-type]  # int
    )


def app_password(secret_key: str) -> str:
    """The serving login's password where nobody chose one."""
    digest = hmac.new(secret_key.encode(), b"perkline-app-login", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def app_url(owner_url: str, secret_key: str) -> str:
    """The serving login beside an owner's address: same server and database, role perkline_app."""
    url = make_url(owner_url).set(username="perkline_app", password=app_password(secret_key))
    return url.render_as_string(hide_password=False)


def with_driver(url: str) -> str:
    """Name the driver we use, however the address was written."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _amounts(environ: Mapping[str, str], name: str, default: Mapping[str, int]) -> Mapping[str, int]:
    """`CNY=100,USD=50` over what is usual."""
    pairs = [part.partition("=") for part in environ.get(name, "").split(",") if part.strip()]
    try:
        return {**default, **{code.strip().upper(): int(minor) for code, _, minor in pairs}}
    except ValueError as error:
        raise BadSetting(f"{name} must read like CNY=100,USD=50, not {environ[name]!r}") from error


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(environ.get(name) or default)
    except ValueError as error:
        raise BadSetting(f"{name} must be a whole number, not {environ[name]!r}") from error

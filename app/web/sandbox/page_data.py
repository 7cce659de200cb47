"""What the sandbox pay page is given."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

NOTHING = Markup()


@dataclass(frozen=True, slots=True)
class PayPage:
    """`sandbox/pay.html`; posts `method` and the knobs to `action`."""

    order_number: str
    amount_minor: int
    currency: str
    method: str
    """`card`, `alipay` or `wechat_pay`; another is chosen by `?method=`."""
    action: str
    back: str
    """The order page in the shop."""
    methods: tuple[str, ...] = ("alipay", "wechat_pay", "card")
    qr: Markup = NOTHING
    """An inline SVG that leads a phone to this same page."""
    expires_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PaidPage:
    """`sandbox/done.html`: what the payer sees before going back."""

    succeeded: bool
    back: str
    amount_minor: int
    currency: str
    words: str = ""

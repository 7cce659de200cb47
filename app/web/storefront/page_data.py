"""What each storefront template is given: plain values, ready to be shown.

Views fill these from the rooms' queries; templates read nothing else. Amounts are
minor units of the shop's currency, times are aware and in UTC, and every word that
a shopkeeper wrote arrives in the page's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from markupsafe import Markup

from app.web.storefront.offer_data import LeftOut, Offered, Together

NOTHING = Markup()


class Stock(StrEnum):
    PLENTY = "plenty"
    LOW = "low"
    OUT = "out"


class Promise(StrEnum):
    """How soon a buyer holds it: 秒发, within minutes, or by a person."""

    INSTANT = "instant"
    MINUTES = "minutes"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class GoodCard:
    """One product on a grid, at its lowest price."""

    slug: str
    name: str
    brand: str
    price_minor: int
    stock: Stock
    promise: Promise
    picture: str | None = None
    was_minor: int | None = None
    several_prices: bool = False
    tag: str = ""
    until: datetime | None = None
    """When this price ends, where that is near."""


@dataclass(frozen=True, slots=True)
class Category:
    slug: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Paging:
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class OffersPage:
    """`storefront/offers.html`: what is on, and what begins soon, each with some of the goods it is for."""

    on: tuple[tuple[Offered, tuple[GoodCard, ...]], ...]
    coming: tuple[tuple[Offered, tuple[GoodCard, ...]], ...]


@dataclass(frozen=True, slots=True)
class GoodsPage:
    """Home, a category or a search: `storefront/home.html`, `storefront/goods.html`."""

    categories: tuple[Category, ...]
    goods: tuple[GoodCard, ...]
    paging: Paging
    featured: tuple[GoodCard, ...] = ()
    offers: tuple[Offered, ...] = ()
    category: Category | None = None
    asked: str = ""
    """What the visitor searched for."""
    sort: str = ""
    """`""` as the shop arranges them, `cheap`, `dear` or `new`."""


@dataclass(frozen=True, slots=True)
class SkuChoice:
    id: int
    name: str
    price_minor: int
    stock: Stock
    promise: Promise
    most: int = 10
    """The largest quantity one order may hold."""
    left: int | None = None
    """Said only when stock is low."""
    was_minor: int | None = None
    note: str = ""
    tag: str = ""
    how: str = ""
    """How this price came about, in a sentence."""
    limits: tuple[str, ...] = ()
    """What holds a promotion back here, in words."""
    until: datetime | None = None
    tiers: tuple[tuple[int, int], ...] = ()
    """(from how many pieces, price of each)."""


@dataclass(frozen=True, slots=True)
class BuyerField:
    """Something a top-up needs to know; posted as `field.<name>`."""

    name: str
    label: str
    input: str = "text"
    """`text`, `tel`, `email` or `number`; with options it is a choice instead."""
    pattern: str = ""
    hint: str = ""
    example: str = ""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True
    skus: tuple[int, ...] = ()
    """Which choices ask for it; none named means all."""
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ProductPage:
    slug: str
    name: str
    brand: str
    skus: tuple[SkuChoice, ...]
    chosen: SkuChoice
    picture: str | None = None
    summary: str = ""
    description: Markup = NOTHING
    """Already cleaned; nothing in it can run."""
    category: Category | None = None
    steps: tuple[str, ...] = ()
    """How to redeem, one action each."""
    region: str = ""
    validity: str = ""
    after_sales: str = ""
    fields: tuple[BuyerField, ...] = ()
    quantity: int = 1
    problem: str = ""
    related: tuple[GoodCard, ...] = ()
    together: tuple[Together, ...] = ()
    share: bool = False
    """A referral programme is on: whoever shares this page may earn."""
    cheaper: int = 0
    """What was asked for costs less without a group: the listing to buy instead."""


@dataclass(frozen=True, slots=True)
class QuoteLine:
    name: str
    sku: str
    quantity: int
    unit_minor: int
    total_minor: int
    picture: str | None = None
    slug: str = ""
    id: str = ""
    """What the cart's forms name the line by."""
    most: int = 10
    facts: tuple[tuple[str, str], ...] = ()
    """Buyer fields as label and value."""
    notes: tuple[str, ...] = ()
    """Why the price is what it is, in words."""
    problem: str = ""
    """Why the line cannot be bought as it stands: sold out, price changed."""
    was_minor: int | None = None
    """At list prices, where promotions take something off."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A step from the sum of lines to the total, with its reason."""

    label: str
    amount_minor: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    lines: tuple[QuoteLine, ...]
    subtotal_minor: int
    total_minor: int
    adjustments: tuple[Adjustment, ...] = ()
    expires_at: datetime | None = None
    left: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class CartPage:
    quote: Quote | None
    """None when the cart is empty."""
    problem: str = ""

    @property
    def blocked(self) -> bool:
        return self.quote is None or any(line.problem for line in self.quote.lines)


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    quote: Quote
    token: str
    """Names the quote the buyer agreed to; posted back as `quote`."""
    methods: tuple[str, ...] = ("alipay", "wechat_pay", "card")
    method: str = "alipay"
    email: str = ""
    passphrase: str = ""
    """Given back to whoever typed it when something else was wrong."""
    action: str = "/checkout"
    errors: Mapping[str, str] = field(default_factory=dict)
    """By input name; `""` for the whole form."""
    open_orders: tuple[str, ...] = ()
    """Numbers of this device's unpaid orders, where there are too many of them."""
    hold_minutes: int = 15
    credit: Any = None
    """What store credit would pay of it (`credit.Offer`), for whoever is signed in and has some."""


class OrderState(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    WAITING = "waiting"
    """For a person: the buyer's money is safe and someone has been told."""
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


SETTLED = frozenset({OrderState.DELIVERED, OrderState.REFUNDED, OrderState.EXPIRED, OrderState.CANCELLED})


class LineState(StrEnum):
    PENDING = "pending"
    DELIVERING = "delivering"
    READY = "ready"
    """Delivered; a secret stays covered until it is revealed."""
    REVEALED = "revealed"
    CREDITED = "credited"
    """A top-up has reached its account: there is nothing to reveal."""
    WAITING = "waiting"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Secret:
    """One unit, shown because the buyer asked and the reveal was recorded."""

    code: str = ""
    password: str = ""
    link: str = ""
    qr: Markup = NOTHING
    """An inline SVG of the link or code."""
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    id: int
    name: str
    sku: str
    quantity: int
    total_minor: int
    state: LineState
    picture: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    steps: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    """Filled only in the answer to a reveal."""
    message: str = ""
    """A word from the seller or the supplier, such as a top-up's receipt number."""
    refunded_minor: int = 0
    """What of it has gone back, or is on its way, while the rest stays bought."""


@dataclass(frozen=True, slots=True)
class OrderPage:
    number: str
    state: OrderState
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    total_minor: int
    email: str
    """Masked: l***@example.com."""
    paid_at: datetime | None = None
    delivered_at: datetime | None = None
    refunded_at: datetime | None = None
    refunded_minor: int = 0
    adjustments: tuple[Adjustment, ...] = ()
    """What each promotion saved."""
    list_minor: int = 0
    """What it would have been without them."""
    methods: tuple[str, ...] = ()
    """Ways to pay it still; none where it cannot be paid any more."""
    method: str = ""
    """The way that was chosen last."""
    awaited: bool = False
    """The buyer has just come back from paying: the news arrives any moment."""
    problem: str = ""
    expires_at: datetime | None = None
    late_money: bool = False
    """Paid after the hold ran out: explains why it was allocated again or refunded."""
    again: str = ""
    """Address of the product to buy again."""
    credit_minor: int = 0
    """What of the total is paid, or is to be paid, with store credit."""
    credit_back_minor: int = 0
    """What of the refunded money goes back as store credit."""
    group: Any = None
    """The group the order is in (`group_data.GroupPlace`), where it is in one."""

    @property
    def settled(self) -> bool:
        """Nothing more will happen by itself, so the page stops asking."""
        return self.state in SETTLED

    @property
    def follow(self) -> str:
        """The address that tells the next step; one that waits for money says so, and is only answered with news."""
        seen = ["paid=1"] if self.awaited else []
        if self.state is OrderState.AWAITING_PAYMENT:
            seen.append("seen=pending")
        return f"/orders/{self.number}/progress{'?' if seen else ''}{'&'.join(seen)}"

    @property
    def every(self) -> int:
        """Milliseconds until it is asked first."""
        soon = self.awaited or self.state in {OrderState.PAID, OrderState.DELIVERING}
        return 350 if soon else 2500


@dataclass(frozen=True, slots=True)
class LookupPage:
    number: str = ""
    email: str = ""
    error: str = ""
    asks_passphrase: bool = False


@dataclass(frozen=True, slots=True)
class SignInPage:
    email: str = ""
    error: str = ""
    sent: bool = False


@dataclass(frozen=True, slots=True)
class OrderRow:
    number: str
    state: OrderState
    placed_at: datetime
    total_minor: int
    summary: str
    """「哔哩哔哩大会员 季卡」 and how many more."""
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class AccountPage:
    email: str
    orders: tuple[OrderRow, ...]
    paging: Paging


@dataclass(frozen=True, slots=True)
class TextPage:
    """Terms, privacy, contact: a title and cleaned text."""

    title: str
    text: Markup

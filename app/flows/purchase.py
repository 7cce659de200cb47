"""A purchase, from the cart to the gateway's door."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from app.domain.catalog.errors import ListingUnavailable, QuantityNotAllowed
from app.domain.catalog.on_sale import OnSale, on_sale
from app.domain.commissions.standing import standing
from app.domain.distributors import queries as distributors
from app.domain.distributors.errors import ShopClosed
from app.domain.inventory import service as inventory
from app.domain.inventory.service import Want
from app.domain.orders import hoarding
from app.domain.orders import queries as order_queries
from app.domain.orders import rules as order_rules
from app.domain.orders import service as orders
from app.domain.orders.errors import OrderNotPayable
from app.domain.orders.models import Order, OrderLine
from app.domain.orders.queries import Visitor
from app.domain.payments import gateways
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.domain.payments.gateway import CheckoutRequest
from app.domain.payments.models import Payment
from app.domain.pricing import quotes
from app.domain.pricing.errors import BelowFloor, LineBelowFloor, PriceChanged, said_by_database
from app.domain.pricing.quotes import Quote, QuoteSealer
from app.domain.pricing.rules import FloorBroken, Offer, PricedLine
from app.domain.promotions.models import StoredPromotion
from app.flows import confirm_payment, floor_evidence, priced, promoting, spending, ties
from app.flows.ask_gateway import close_checkouts
from app.flows.priced import NOTHING_ASKED, Asked, offer_of
from app.flows.spending import Wish
from app.foundation import clock, ids, pace
from app.foundation.actor import SYSTEM, Actor
from app.foundation.addresses import neighbourhood
from app.foundation.errors import InvalidInput
from app.foundation.runtime import settings
from app.foundation.unit_of_work import Work, once_more, unit_of_work
from tenants.directory import Tenant

METHODS = ("card", "alipay", "wechat_pay")
MOST_ATTEMPTS, WINDOW_SECONDS = 10, 600
hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What a buyer hands in: a sealed quote and who they are. `fields` is by listing id, then by name.

    `credit`: what of it is to be paid with store credit, by whoever has proven whose it is.
    """

    quote: str
    email: str
    method: str
    device: str
    locale: str
    ip: str | None = None
    passphrase: str = field(default="", repr=False)
    fields: Mapping[int, Mapping[str, str]] = field(default_factory=dict, repr=False)
    buyer_id: int | None = None
    credit: Wish | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """What a gateway will be asked for one payment attempt; `url` where it has answered before."""

    gateway: str
    request: CheckoutRequest
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that waits for its money; `payment_id` is its open payment attempt, None where none is needed."""

    order_id: int
    number: str
    payment_id: int | None
    asking: Asking | None = field(default=None, repr=False)
    """Spares open_payment a look at what this very call has written."""


def quote(
    shop: Tenant, cart: Mapping[int, int], asked: Asked = NOTHING_ASKED
) -> tuple[Quote, dict[int, OnSale]]:
    """Price a cart of {listing id: quantity} under the promotions its buyer may have; the goods come along for showing.

    ShopClosed while nothing is sold.
    """
    made, goods, _ = explained(shop, cart, asked)
    return made, goods


def explained(
    shop: Tenant, cart: Mapping[int, int], asked: Asked = NOTHING_ASKED
) -> tuple[Quote, dict[int, OnSale], Mapping[int, StoredPromotion]]:
    """A quote, its goods, and the shop's promotions in force by id, whose titles its steps are told with."""
    _refuse_closed()
    goods, now = _on_sale(list(cart)), clock.now()
    for listing_id, quantity in cart.items():
        item = goods[listing_id]
        if not 1 <= quantity <= item.max_per_order:
            raise QuantityNotAllowed(param="quantity", most=item.max_per_order, name=item.product_name)
    stand = standing([item.sku_id for item in goods.values()], now=now)
    offers = [offer_of(goods[at], quantity, stand[goods[at].sku_id], now) for at, quantity in cart.items()]
    try:
        found = priced.price(offers, asked, now)
    except FloorBroken as error:
        _remember_quote(error.line)
        raise BelowFloor(price_minor=error.line.list_minor, floor_minor=error.line.floor_minor) from error
    made = quotes.make(
        shop.id, shop.currency, found.priced.lines, now, taken=found.taken, held_out=found.held_out,
        tied=asked.tied, due=asked.due, left_out=(*found.refused, *found.priced.left_out),
    )  # fmt: skip
    return made, goods, found.rows


def seal(made: Quote) -> str:
    return _sealer().seal(made)


def open_quote(sealed: str, shop: Tenant) -> Quote:
    return _sealer().open(sealed, shop_id=shop.id, at=clock.now())


def place_order(command: PlaceOrder, *, shop: Tenant, actor: Actor) -> Placed:
    """Hold the stock, write the order and its payment attempt, all or nothing.

    Calling twice with one quote returns the same order. Somebody in the way of a
    lock is waited for twice; then it is Busy.
    """
    _count_try(command.ip)
    quoted = open_quote(command.quote, shop)
    email = order_rules.clean_email(command.email)
    if command.method not in METHODS:
        raise InvalidInput(param="method", reason="unknown_method")
    # Slow by design, so after everything that refuses cheaply and outside the transaction.
    passphrase = hasher.hash(command.passphrase) if command.passphrase else None
    try:
        # A Sku may leave a promotion's category between the quote and now: that is said at commit.
        with said_by_database():
            return once_more(lambda: _place(command, quoted, email, passphrase, shop=shop, actor=actor))
    except LineBelowFloor as refused:
        _remember_order(quoted, actor)
        # A floor began between the quote and now, and had begun before the quote by a hair: agree again.
        raise PriceChanged(param="quote") from refused


def _place(
    command: PlaceOrder, quoted: Quote, email: str, passphrase: str | None, *, shop: Tenant, actor: Actor
) -> Placed:
    minutes = int(shop.settings.get("checkout_minutes") or settings().checkout_minutes)
    until = clock.now() + timedelta(minutes=minutes)
    address = neighbourhood(command.ip) if command.ip else None
    with unit_of_work(actor) as work:
        _refuse_closed()
        goods = _still_honoured(quoted)
        told = {
            line.listing_id: order_rules.clean_buyer_fields(
                goods[line.listing_id].buyer_fields,
                command.fields.get(line.listing_id, {}),
                prefix=f"{line.listing_id}.",
            )
            for line in quoted.lines
        }
        hoarding.refuse(
            Visitor(command.device, email, address, command.buyer_id), quote_id=quoted.id,
            wanted={line.sku_id: line.quantity for line in quoted.lines},
            shop_most=shop.settings.get("max_open_orders"),
        )  # fmt: skip
        credit = spending.lock(command.credit, quoted, email)
        reservation_id = inventory.reserve(
            quoted.id, [_want(line, goods[line.listing_id]) for line in quoted.lines], until,
            parent_id=ties.parent(quoted),
        )  # fmt: skip
        if reservation_id is None:
            return _placed_before(quoted.id)
        order = Order(
            shop_id=shop.id, number=ids.order_number(clock.now()), quote_id=quoted.id, reservation_id=reservation_id,
            email=email, buyer_id=command.buyer_id, passphrase_hash=passphrase, device=command.device, ip=address,
            locale=command.locale, currency=quoted.currency, total_minor=quoted.total_minor, state="pending",
            quoted_at=quoted.made_at, expires_at=until, promoted=bool(quoted.taken), credit_minor=credit,
        )  # fmt: skip
        work.session.add(order)
        work.session.flush()
        stand = standing([item.sku_id for item in goods.values()], now=clock.now(), since=quoted.made_at)
        terms = {sku_id: found.terms(quoted.made_at) for sku_id, found in stand.items()}
        with said_by_database():
            _add_lines(work, order, quoted.lines, goods, told, terms)
            work.session.flush()
        promoting.keep(work, order, quoted)
        ties.bind(work, order, quoted.tied)
        spending.hold(order)
        orders.note(order, "placed")
        payment = _attempt(work, order, command.method)
        work.session.flush()
        if not payment.asked_minor:
            confirm_payment.sell_for_credit(work, order, payment)
            return Placed(order.id, order.number, None)
        names = [_named(goods[line.listing_id], line.quantity) for line in quoted.lines]
        return Placed(order.id, order.number, payment.id, _asking(payment, order, names, shop))


def try_again(order_id: int, method: str, *, actor: Actor) -> Placed:
    """A payment attempt for an order still waiting for money (another method, or a gateway that failed).

    An attempt of this method that is still open is gone on with; an order has ten attempts.
    """
    _count_try(actor.ip)
    if method not in METHODS:
        raise InvalidInput(param="method", reason="unknown_method")
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        _refuse_closed()
        if order.state != "pending" or order.expires_at < clock.now():
            raise OrderNotPayable(state=order.state)
        payment = payment_queries.open_by(order.id, method)
        if payment is None and len(payment_queries.of_order(order.id)) >= MOST_ATTEMPTS:
            raise OrderNotPayable(state=order.state, reason="too_many_attempts", most=MOST_ATTEMPTS)
        payment = payment or _attempt(work, order, method)
        work.session.flush()
        return Placed(order.id, order.number, payment.id)


def open_payment(payment_id: int, *, shop: Tenant, return_url: str, asking: Asking | None = None) -> str:
    """Take a payment attempt to its gateway and return the address where the buyer pays.

    The gateway is called outside any transaction, under the attempt's own
    reference: asking again gives the same checkout.
    """
    asking = asking or _look_up(payment_id, shop)
    if asking.url is not None:
        return asking.url
    request = replace(asking.request, return_url=return_url, cancel_url=return_url)
    checkout = gateways.gateway(asking.gateway).create_checkout(request)
    with unit_of_work() as work:
        state = payments.note_checkout(payment_id, checkout.url, checkout.external_id)
        if state == "expired":  # the order ended while we were asking
            work.enqueue("close_checkout", key=f"close:{payment_id}", payment_id=payment_id)
    return checkout.url


def _look_up(payment_id: int, shop: Tenant) -> Asking:
    with unit_of_work() as work:
        payment = work.session.get_one(Payment, payment_id)
        order = work.session.get_one(Order, payment.order_id)
        names = [
            f"{line.product_name} {line.sku_name} ×{line.quantity}"
            for line in order_queries.lines_of(order.id)
        ]
        return _asking(payment, order, names, shop)


def cancel_order(order_id: int, *, actor: Actor) -> None:
    """Give up an unpaid order and its stock."""
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        if order.state != "pending":
            raise OrderNotPayable(state=order.state)
        spending.lock_of(order)
        orders.move(order, "cancelled")
        inventory.release(order.reservation_id)
        close_checkouts(work, order.id)


def access_token(number: str) -> str:
    """The unguessable part of an order's mailed link."""
    return ids.keyed(settings().key_for("order-access"), number)


def _sealer() -> QuoteSealer:
    return QuoteSealer(settings().key_for("quote"))


def _on_sale(listing_ids: Sequence[int]) -> dict[int, OnSale]:
    if not listing_ids:
        raise InvalidInput(param="cart", reason="empty")
    goods = on_sale(listing_ids)
    for listing_id in listing_ids:
        if listing_id not in goods:
            raise ListingUnavailable(param="cart", listing_id=listing_id)
    return goods


def _still_honoured(quoted: Quote) -> dict[int, OnSale]:
    """The goods of a quote, if they are on sale still: its price stands while it lives, whatever the floor is now."""
    return _on_sale([line.listing_id for line in quoted.lines])


def _remember_quote(line: Offer) -> None:
    """What is asked for is what the shop offers: the attempt is the shop's, not the buyer's."""
    stack = [{"what": "list_price", "minor": line.list_minor}]
    floor_evidence.remember(
        {line.sku_id: line.list_minor}, stage="quote", stack=stack, actor=SYSTEM, floor_minor=line.floor_minor
    )


def _remember_order(quoted: Quote, actor: Actor) -> None:
    prices = {line.sku_id: line.net_minor // line.quantity for line in quoted.lines}
    stack = [{"what": "quote", "made_at": quoted.made_at.isoformat()}]
    floor_evidence.remember(prices, stage="database", stack=stack, actor=actor)


def _count_try(ip: str | None) -> None:
    """A crowd from one address waits here, before anything costly; without Redis the database's caps still hold."""
    most = settings().checkouts_per_address
    if ip and most:
        pace.count_try(
            "checkout", neighbourhood(ip), most=most, seconds=WINDOW_SECONDS, without_redis="let through"
        )


def _refuse_closed() -> None:
    if not distributors.is_selling():
        raise ShopClosed


def _placed_before(quote_id: str) -> Placed:
    order = order_queries.by_quote(quote_id)
    if order is None:
        raise PriceChanged(param="quote")
    return Placed(order.id, order.number, None)


def _want(line: PricedLine, item: OnSale) -> Want:
    return Want(line.sku_id, line.quantity, item.delivery_kind, item.unlimited)


def _add_lines(
    work: Work,
    order: Order,
    lines: Sequence[PricedLine],
    goods: Mapping[int, OnSale],
    told: Mapping[int, Mapping[str, str]],
    terms: Mapping[int, dict[str, Any]],
) -> None:
    # In one order for everybody: two carts never wait for each other's goods in a circle.
    for line in sorted(lines, key=lambda line: line.listing_id):
        item = goods[line.listing_id]
        work.session.add(
            OrderLine(
                shop_id=order.shop_id, order_id=order.id, listing_id=line.listing_id, sku_id=item.sku_id,
                product_id=item.product_id, brand_id=item.brand_id, product_name=item.product_name,
                product_name_en=item.product_name_en, sku_name=item.sku_name, sku_name_en=item.sku_name_en,
                delivery_kind=item.delivery_kind, counted=not item.unlimited, quantity=line.quantity,
                list_minor=line.list_minor, offer_minor=line.offer_minor, discount_minor=line.discount_minor,
                net_minor=line.net_minor, floor_minor=line.floor_minor,
                floor_promotion=line.floor_promotion, funded_brand_minor=line.funded_brand_minor,
                funded_platform_minor=line.funded_platform_minor,
                terms=terms[item.sku_id],
                buyer_fields=dict(told[line.listing_id]), state="waiting",
            )
        )  # fmt: skip


def _attempt(work: Work, order: Order, method: str) -> Payment:
    whole = order.credit_minor == order.total_minor
    gateway = spending.GATEWAY if whole else settings().gateway
    payment = Payment(
        shop_id=order.shop_id, order_id=order.id, gateway=gateway, method=gateway if whole else method,
        account=gateway if whole else gateways.gateway(gateway).account,
        reference=f"pay_{secrets.token_hex(12)}", amount_minor=order.total_minor, credit_minor=order.credit_minor,
        currency=order.currency, state="created",
    )  # fmt: skip
    work.session.add(payment)
    return payment


def _named(item: OnSale, quantity: int) -> str:
    return f"{item.product_name} {item.sku_name} ×{quantity}"


def _asking(payment: Payment, order: Order, names: Sequence[str], shop: Tenant) -> Asking:
    expires_at: datetime = order.expires_at
    request = CheckoutRequest(
        reference=payment.reference, order_number=order.number, amount_minor=payment.asked_minor,
        currency=payment.currency, method=payment.method, description=" + ".join(names)[:240], return_url="",
        cancel_url="", expires_at=expires_at, email=order.email, locale=order.locale,
        shop_name=str((order.locale == "en" and shop.settings.get("name_en")) or shop.name),
        shop_theme=shop.theme,
    )  # fmt: skip
    return Asking(payment.gateway, request, payment.url)

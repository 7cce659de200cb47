"""Groups as their pages show them: who is in, how many are missing, until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask import g

from app.domain.catalog import shelves
from app.domain.groups import queries
from app.domain.groups.models import Group
from app.domain.groups.prices import unit_price
from app.domain.groups.rules import initial
from app.domain.orders.models import Order
from app.foundation import clock
from app.web.storefront import drawing
from app.web.storefront import page_data as data
from app.web.storefront.pages import here, in_language
from app.web.storefront.product import product_page


@dataclass(frozen=True, slots=True)
class Seat:
    """A place of a group: whose initial, and whether it is paid; empty where nobody has it."""

    who: str = ""
    paid: bool = False


@dataclass(frozen=True, slots=True)
class GroupPage:
    """`storefront/group.html`. `state`: open, full, failed, or closed (its time is over, its end is on its way)."""

    token: str
    state: str
    because: str
    title: str
    name: str
    sku: str
    slug: str
    listing_id: int
    price_minor: int
    list_minor: int
    per_member: int
    size: int
    seats: tuple[Seat, ...]
    until: datetime
    address: str
    picture: str | None = None
    fields: tuple[data.BuyerField, ...] = ()
    problem: str = ""
    paused: bool = False
    on_sale: bool = True

    @property
    def paid(self) -> int:
        return sum(seat.paid for seat in self.seats)

    @property
    def more(self) -> int:
        return self.size - self.paid

    @property
    def free(self) -> int:
        return sum(not seat.who for seat in self.seats)

    @property
    def joinable(self) -> bool:
        return self.state == "open" and self.free > 0 and not self.paused and self.on_sale


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """An order's group on the order's page; `mine`: held, paid or left."""

    token: str
    state: str
    mine: str
    more: int
    until: datetime


@dataclass(frozen=True, slots=True)
class OpenGroup:
    token: str
    more: int
    until: datetime
    who: str


@dataclass(frozen=True, slots=True)
class GroupOffered:
    """What a product page offers to groups: a price for so many people, and open groups to join."""

    promotion_id: int
    listing_id: int
    sku: str
    price_minor: int
    people: int
    hours: int
    per_member: int
    groups: tuple[OpenGroup, ...]


def offered(skus: Collection[data.SkuChoice]) -> tuple[GroupOffered, ...]:
    """The group offers for what a product page shows; the same for every visitor."""
    now, by_id = clock.now(), {sku.id: sku for sku in skus if sku.stock != data.Stock.OUT}
    found = queries.offers_on(list(by_id), now) if by_id and not drawing.here().quiet else []
    return tuple(
        GroupOffered(
            offer.promotion_id, offer.listing_id, by_id[offer.listing_id].name,
            unit_price(promotion, by_id[offer.listing_id].price_minor), offer.people, offer.hours, offer.per_member,
            tuple(_open(group, paid) for group, paid in queries.joinable([offer.promotion_id], now)),
        )
        for offer, promotion in found
    )  # fmt: skip


def place_of(order: Order) -> GroupPlace | None:
    """The group of an order, for its page."""
    if not order.promoted:
        return None
    found = queries.of_order(order.id)
    if found is None:
        return None
    paid = sum(member.state == "paid" for member in queries.living(found.group.id))
    more = found.group.size - paid
    return GroupPlace(found.group.token, found.group.state, found.member.state, more, found.group.deadline)


def page_of(group: Group, *, problem: str = "") -> GroupPage:
    """A group's page as it stands; who is in is told by the first sign of their address only."""
    offer = queries.offer(group.promotion_id)
    names = shelves.names([group.listing_id]).get(group.listing_id)
    if offer is None or names is None:
        raise LookupError("a group without its offer or its listing")
    asked, promotion = offer
    taken = {place: Seat(initial(email), state == "paid") for place, email, state in queries.who(group.id)}
    address = here(f"/g/{group.token}")
    page = (
        product_page(names.slug, chosen=group.listing_id)
        if shelves.product(g.tenant.id, names.slug)
        else None
    )
    over = group.state == "open" and (group.deadline <= clock.now() or promotion.status == "ended")
    return GroupPage(
        token=group.token, state="closed" if over else group.state, because=group.because,
        title=in_language(promotion.title, promotion.title_en), name=in_language(names.name, names.name_en),
        sku=in_language(names.sku_name, names.sku_name_en), slug=names.slug, listing_id=group.listing_id,
        price_minor=unit_price(promotion, names.price_minor), list_minor=names.price_minor,
        per_member=asked.per_member, size=group.size,
        seats=tuple(taken.get(place, Seat()) for place in range(1, group.size + 1)), until=group.deadline,
        address=address, picture=names.picture, problem=problem, paused=promotion.status == "paused",
        on_sale=page is not None,
        fields=tuple(
            field for field in (page.fields if page else ()) if not field.skus or group.listing_id in field.skus
        ),
    )  # fmt: skip


def _open(group: Group, paid: int) -> OpenGroup:
    first = next(iter(queries.who(group.id)), (0, "", ""))
    return OpenGroup(group.token, group.size - paid, group.deadline, initial(first[1]))

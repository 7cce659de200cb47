"""The shapes of the demo's goods: plain frozen values, money in minor units, text in two languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in Simplified Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class BuyerField:
    """One thing a buyer fills in before paying; `sample` always matches `pattern` from end to end."""

    key: str
    label: Words
    hint: Words
    pattern: str
    sample: str


@dataclass(frozen=True, slots=True)
class Level:
    """A distributor's level; `discount_bp` comes off the supply price, in hundredths of a percent."""

    key: str
    name: Words
    discount_bp: int


@dataclass(frozen=True, slots=True)
class DemoBrand:
    """A brand owner that supplies goods; only an approved one sells."""

    key: str
    name: Words
    about: Words
    contact_email: str
    approved: bool
    hues: tuple[int, int]
    mark: str


@dataclass(frozen=True, slots=True)
class Maker:
    """The invented name on the goods: its own colours and its own mark. It has no account."""

    key: str
    name: Words
    about: Words
    hues: tuple[int, int]
    mark: str


@dataclass(frozen=True, slots=True)
class DemoSku:
    """One thing to buy: supply ≤ floor ≤ suggested ≤ face value, in minor units of one currency.

    `stock` counts units of code and link kinds, uses of the reusable kind; None is counted by the supplier.
    `form` names a format in `cards`, and is None where no secret is stored.
    """

    key: str
    name: Words
    currency: str
    face_value_minor: int
    supply_minor: int
    floor_minor: int
    suggested_minor: int
    issue_order: str
    low_stock: int
    stock: int | None
    delivery: str
    form: str | None
    fields: tuple[BuyerField, ...]


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product of one maker, supplied by one brand, with its Skus in the order they are shown."""

    key: str
    brand: str
    maker: Maker
    category: str
    currency: str
    name: Words
    short: Words
    summary: Words
    description: Words
    redeem: Words
    tags: tuple[str, ...]
    region: str
    validity_days: int
    delivery: str
    skus: tuple[DemoSku, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf of every shop, in the order of the navigation."""

    key: str
    name: Words
    icon: str

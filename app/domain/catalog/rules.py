"""Finding goods by words, and what a change does to a price. Values in, values out."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

HANZI = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
PARTS = re.compile(rf"[{HANZI}]+|[^\W_{HANZI}]+")
LONGEST_QUERY = 60


def search_terms(text: str) -> list[str]:
    """The terms under which a text is found: its words, and of Chinese each sign and each pair of neighbours."""
    terms: dict[str, None] = {}
    for part in _parts(text):
        for term in (*part, *_pairs(part)) if _is_hanzi(part) else (part,):
            terms[term] = None
    return list(terms)


def search_query(text: str) -> str:
    """A tsquery (to be cast, not parsed) that asks for every term of the text; empty where there is none.

    The last Latin word may still be being typed, so it matches as a beginning.
    """
    parts = _parts(text[:LONGEST_QUERY])
    asked: list[str] = []
    for at, part in enumerate(parts):
        if _is_hanzi(part):
            asked += [f"'{pair}'" for pair in _pairs(part) or [part]]
        else:
            asked.append(f"'{part}':*" if at == len(parts) - 1 else f"'{part}'")
    return " & ".join(asked)


def _parts(text: str) -> list[str]:
    return PARTS.findall(unicodedata.normalize("NFKC", text).lower())


def _pairs(part: str) -> list[str]:
    return [part[at : at + 2] for at in range(len(part) - 1)]


def _is_hanzi(part: str) -> bool:
    return re.match(rf"[{HANZI}]", part) is not None


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One change for many prices: as `suggested`, by `percent` (in hundredths of one), by `amount` (minor units)."""

    kind: Literal["suggested", "percent", "amount"]
    value: int = 0
    to_ninety: bool = False
    """End in .90 afterwards (of currencies with two decimals)."""


@dataclass(frozen=True, slots=True)
class Repriced:
    """What a price becomes; `limited` says that the floor held it up, `refused` that it stays as it was."""

    before_minor: int
    wanted_minor: int
    after_minor: int
    limited: bool = False
    refused: bool = False

    @property
    def changed(self) -> bool:
        return self.after_minor != self.before_minor


HIGHEST_PRICE = 100_000_000


def reprice(price_minor: int, *, suggested_minor: int, floor_minor: int, change: PriceChange) -> Repriced:
    """Apply a change to one price; the floor is last, and what is no price at all changes nothing."""
    wanted = suggested_minor
    if change.kind == "percent":
        wanted = (price_minor * (10_000 + change.value) + 5_000) // 10_000
    if change.kind == "amount":
        wanted = price_minor + change.value
    if change.to_ninety:
        wanted = _to_ninety(wanted)
    if not 0 < wanted <= HIGHEST_PRICE:
        return Repriced(price_minor, wanted, price_minor, refused=True)
    after = max(wanted, floor_minor)
    if change.to_ninety and after > wanted:
        after = next_ninety(floor_minor)
    return Repriced(price_minor, wanted, after, limited=after > wanted)


def _to_ninety(minor: int) -> int:
    """The nearest amount that ends in .90; 0.90 at least."""
    return max(90, (minor + 60) // 100 * 100 - 10)


def next_ninety(minor: int) -> int:
    """The lowest amount ending in .90 that is not below."""
    return -(-(minor + 10) // 100) * 100 - 10

"""The demo's goods, read from the shelves beside this file."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from app.demo import chance
from app.demo.fields import FIELDS
from app.demo.prices import price
from app.demo.shapes import Category, DemoBrand, DemoProduct, DemoSku, Maker, Words
from app.demo.wording import describe, explain

SHELVES = Path(__file__).parent / "shelves"

BRANDS = (
    DemoBrand(
        "xinghan",
        Words("星瀚数娱", "Xinghan Digital"),
        Words(
            "影音、阅读与游戏权益的正版供应商，服务三百余家分销商。",
            "Films, music, books and games, licensed and supplied to three hundred distributors.",
        ),
        "brand@xinghan.example",
        approved=True,
        hues=(258, 205),
        mark="orbit",
    ),
    DemoBrand(
        "yunqi",
        Words("云启权益", "Yunqi Rights"),
        Words(
            "云服务、软件授权、通信充值与生活消费权益，一站供货。",
            "Cloud, software, airtime and everyday vouchers from one desk.",
        ),
        "brand@yunqi.example",
        approved=True,
        hues=(172, 212),
        mark="cloud",
    ),
    DemoBrand(
        "youjian",
        Words("柚见文创", "Youjian Crafts"),
        Words(
            "把博物馆纹样做成数字素材，正在等待平台审核。",
            "Museum patterns as digital material; waiting for the platform's approval.",
        ),
        "brand@youjian.example",
        approved=False,
        hues=(52, 84),
        mark="petal",
    ),
)

CATEGORIES = (
    Category("video", Words("影视会员", "Streaming"), "play"),
    Category("music", Words("音乐电台", "Music"), "note"),
    Category("reading", Words("阅读学习", "Reading"), "book"),
    Category("game-topup", Words("游戏直充", "Game top-up"), "bolt"),
    Category("game-card", Words("游戏点卡", "Game cards"), "gamepad"),
    Category("mobile", Words("话费流量", "Mobile"), "phone"),
    Category("gift-card", Words("礼品卡", "Gift cards"), "gift"),
    Category("food", Words("咖啡美食", "Food & coffee"), "cup"),
    Category("cloud", Words("网盘存储", "Cloud storage"), "cloud"),
    Category("software", Words("软件授权", "Software"), "key"),
    Category("travel", Words("出行用车", "Travel"), "car"),
)

_ISSUE_ORDERS = ("oldest_expiry", "oldest", "newest", "random")


@cache
def products() -> tuple[DemoProduct, ...]:
    """Every product of every brand, in the order of the shelves; the same every time."""
    makers: dict[str, tuple[Maker, dict[str, Any]]] = {}
    found = []
    for shelf in _shelves():
        for row in shelf["maker"]:
            maker, source = _maker(row, shelf, makers)
            found += [_product(goods, maker, {**source, **shelf, **row, **goods}) for goods in row["product"]]
    return tuple(found)


@cache
def skus() -> tuple[tuple[DemoProduct, DemoSku], ...]:
    """Every Sku beside its product."""
    return tuple((product, sku) for product in products() for sku in product.skus)


def on_sale() -> tuple[DemoProduct, ...]:
    """The products of approved brands."""
    approved = {brand.key for brand in BRANDS if brand.approved}
    return tuple(product for product in products() if product.brand in approved)


def _shelves() -> list[dict[str, Any]]:
    # A shelf that borrows makers of another is read after it: those in dollars, last.
    shelves = [tomllib.loads(path.read_text("utf-8")) for path in sorted(SHELVES.glob("*.toml"))]
    return sorted(shelves, key=lambda shelf: shelf.get("currency", "CNY") != "CNY")


def _maker(
    row: dict[str, Any], shelf: dict[str, Any], makers: dict[str, tuple[Maker, dict[str, Any]]]
) -> tuple[Maker, dict[str, Any]]:
    if "same_as" in row:
        return makers[row["same_as"]]
    first, second = row["hues"]
    maker = Maker(row["key"], _words(row), _words(row, "about"), (first, second), row["mark"])
    makers[maker.key] = (maker, {"brand": row.get("brand") or shelf["brand"]})
    return makers[maker.key]


def _product(goods: dict[str, Any], maker: Maker, facts: dict[str, Any]) -> DemoProduct:
    kind, region, days = goods["kind"], facts["region"], facts["validity_days"]
    points = tuple(Words(zh, en) for zh, en in zip(goods["points_zh"], goods["points_en"], strict=True))
    blurb = _words(goods, "blurb")
    return DemoProduct(
        key=goods["key"],
        brand=facts["brand"],
        maker=maker,
        category=facts["category"],
        currency=facts.get("currency", "CNY"),
        name=_words(goods),
        short=_words(goods, "short"),
        summary=blurb,
        description=describe(
            about=maker.about, blurb=blurb, points=points, kind=kind, region=region, days=days
        ),
        redeem=explain(kind=kind, maker=maker.name),
        tags=tuple(goods["tags"]),
        region=region,
        validity_days=days,
        delivery=kind,
        skus=tuple(_sku(place, row, goods, facts) for place, row in enumerate(goods["skus"], 1)),
    )


def _sku(place: int, row: str, goods: dict[str, Any], facts: dict[str, Any]) -> DemoSku:
    zh, en, face = (part.strip() for part in row.split("|"))
    supply, floor, suggested = (Decimal(str(part)) for part in goods["ratio"])
    prices = price(face, (supply, floor, suggested))
    key = f"{goods['key']}-{place}"
    dice = chance.dice(f"stock/{key}")
    stock = _stock(goods["kind"], prices.face_value_minor, dice, scarce="热销" not in goods["tags"])
    return DemoSku(
        key=key,
        name=Words(zh, en),
        currency=facts.get("currency", "CNY"),
        face_value_minor=prices.face_value_minor,
        supply_minor=prices.supply_minor,
        floor_minor=prices.floor_minor,
        suggested_minor=prices.suggested_minor,
        issue_order=_ISSUE_ORDERS[0] if dice.random() < 0.5 else dice.choice(_ISSUE_ORDERS[1:]),
        low_stock=max(5, (stock or 0) // 8),
        stock=stock,
        delivery=goods["kind"],
        form=goods.get("form"),
        fields=tuple(FIELDS[name] for name in goods.get("fields", ())),
    )


def _stock(kind: str, face_minor: int, dice: Random, *, scarce: bool) -> int | None:
    """Units on the shelf: fewer of the dear ones, and of what is scarce now and then almost none."""
    if kind in ("topup", "manual"):
        return None
    if kind == "reusable":
        return 5000
    if scarce and dice.random() < 0.09:
        return dice.choice((0, 3, 4))
    return max(12, min(240, int(1_500_000 / (face_minor + 6_000)) + dice.randrange(-20, 40)))


def _words(row: dict[str, Any], name: str = "") -> Words:
    start = f"{name}_" if name else ""
    return Words(row[f"{start}zh"], row[f"{start}en"])

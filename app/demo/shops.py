"""The demo's five shops: five looks, five shelves, four in yuan and one in dollars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from app.demo import chance
from app.demo.goods import on_sale
from app.demo.prices import friendly
from app.demo.shapes import DemoProduct, DemoSku, Words


@dataclass(frozen=True, slots=True)
class Theme:
    """A shop's look, in the words of `app.web.look`, and the mark its logo carries."""

    preset: str
    primary: str
    accent: str
    tint: str
    mark: str
    corners: str = "soft"
    typeface: str = "sans"
    mode: str = "auto"


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A distributor's shop; `categories` in the order of its shelves, `markup_bp` over or under the suggested price."""

    slug: str
    distributor: str
    name: Words
    tagline: Words
    notice: Words
    theme: Theme
    contact_email: str
    contact_phone: str
    contact_wechat: str
    hours: Words
    opens: str
    closes: str
    timezone: str
    currency: str
    languages: tuple[str, ...]
    categories: tuple[str, ...]
    share: float
    markup_bp: int


@dataclass(frozen=True, slots=True)
class DemoListing:
    """A Sku in a shop: floor ≤ list price, in the shop's currency; `featured` ones stand on the home page."""

    shop: str
    product: DemoProduct
    sku: DemoSku
    list_price_minor: int
    featured: bool
    position: int


SHOPS = (
    DemoShop(
        slug="xingxuan",
        distributor="chenmo",
        name=Words("星选会员铺", "Starpick"),
        tagline=Words("追剧、听歌、看书，一家店办齐", "Films, music and books from one counter"),
        notice=Words(
            "周五会员日：季卡年卡低至七折，付款即发卡密，24 小时自助。",
            "Member Friday: long passes from 30% off. Codes arrive as you pay, day and night.",
        ),
        theme=Theme("peach", "#e2557a", "#6a5acd", "#d8a0ad", "spark", corners="round", typeface="rounded"),
        contact_email="hello@xingxuan.example",
        contact_phone="400-610-2026",
        contact_wechat="xingxuan-kefu",
        hours=Words("客服每天 9:00–23:00", "Every day, 9:00–23:00"),
        opens="09:00",
        closes="23:00",
        timezone="Asia/Shanghai",
        currency="CNY",
        languages=("zh_Hans", "en"),
        categories=("video", "music", "reading", "cloud", "food"),
        share=0.92,
        markup_bp=0,
    ),
    DemoShop(
        slug="dianwan",
        distributor="dianwan",
        name=Words("点玩小站", "Playcorner"),
        tagline=Words("点卡、直充、激活码，三分钟到账", "Cards, top-ups and keys within three minutes"),
        notice=Words(
            "直充高峰 19:00–22:00，到账约 3 分钟；填错角色 ID 无法撤回，请仔细核对。",
            "Busy from 19:00 to 22:00: about three minutes. Check the player number: it cannot be undone.",
        ),
        theme=Theme("arcade", "#6d4aff", "#19c3b2", "#7a6fb8", "star", mode="dark"),
        contact_email="gm@dianwan.example",
        contact_phone="400-820-7788",
        contact_wechat="dianwan-gm",
        hours=Words("全年无休 10:00–次日 2:00", "Every day, 10:00–2:00"),
        opens="10:00",
        closes="02:00",
        timezone="Asia/Shanghai",
        currency="CNY",
        languages=("zh_Hans", "en"),
        categories=("game-topup", "game-card", "video", "mobile"),
        share=0.95,
        markup_bp=-60,
    ),
    DemoShop(
        slug="xianxiang",
        distributor="muxin",
        name=Words("鲜享生活", "Fresh Perks"),
        tagline=Words(
            "咖啡、买菜、话费，天天都省一点", "A little less for coffee, groceries and airtime, every day"
        ),
        notice=Words(
            "☕ 北巷咖啡大杯 10 杯装补货到店；礼品卡满 500 元可开电子发票。",
            "☕ Northlane ten-cup packs are back. Invoices for gift cards over ¥500.",
        ),
        theme=Theme("bamboo", "#1f7a4d", "#d9a441", "#7d9a76", "bag", corners="round", typeface="rounded"),
        contact_email="service@xianxiang.example",
        contact_phone="400-919-5566",
        contact_wechat="xianxiang-life",
        hours=Words("周一至周日 8:30–21:30", "Monday to Sunday, 8:30–21:30"),
        opens="08:30",
        closes="21:30",
        timezone="Asia/Shanghai",
        currency="CNY",
        languages=("zh_Hans",),
        categories=("food", "gift-card", "mobile", "travel", "music"),
        share=0.94,
        markup_bp=40,
    ),
    DemoShop(
        slug="mozhan",
        distributor="mozhan",
        name=Words("墨栈正版软件", "Inkstack"),
        tagline=Words("正版授权，开票即用", "Real licences, with an invoice"),
        notice=Words(
            "企业采购 20 席以上请联系客服，可对公转账并开具专用发票。",
            "More than twenty seats? Write to us: bank transfer and VAT invoices are fine.",
        ),
        theme=Theme("ink", "#23252b", "#c23a2b", "#8a8478", "page", corners="sharp", typeface="serif"),
        contact_email="sales@mozhan.example",
        contact_phone="021-5550-1868",
        contact_wechat="mozhan-soft",
        hours=Words("工作日 9:00–18:30", "Weekdays, 9:00–18:30"),
        opens="09:00",
        closes="18:30",
        timezone="Asia/Shanghai",
        currency="CNY",
        languages=("zh_Hans", "en"),
        categories=("software", "cloud", "reading"),
        share=1.0,
        markup_bp=120,
    ),
    DemoShop(
        slug="fubao",
        distributor="evelyn",
        name=Words("福包海外", "Lucky Parcel"),
        tagline=Words("把家里的热闹带到海外", "A little of home, wherever you live"),
        notice=Words(
            "支持国际信用卡与支付宝；海外账号专用，购买前请确认地区。",
            "Cards and Alipay welcome. For international accounts: check the region before you buy.",
        ),
        theme=Theme("lantern", "#d7322e", "#f0a92b", "#c98a6a", "lantern"),
        contact_email="hi@fubao.example",
        contact_phone="+1 415 555 0136",
        contact_wechat="fubao-hi",
        hours=Words("太平洋时间 9:00–20:00", "9:00–20:00 Pacific"),
        opens="09:00",
        closes="20:00",
        timezone="America/Los_Angeles",
        currency="USD",
        languages=("en", "zh_Hans"),
        categories=(
            "video",
            "music",
            "game-topup",
            "game-card",
            "software",
            "cloud",
            "reading",
            "gift-card",
            "mobile",
        ),
        share=1.0,
        markup_bp=0,
    ),
)


@cache
def listings(slug: str) -> tuple[DemoListing, ...]:
    """What a shop sells, in the order of its shelves; never below the floor of its distributor's level."""
    return tuple(_listings(shop(slug)))


def shop(slug: str) -> DemoShop:
    """The shop of that name."""
    return next(each for each in SHOPS if each.slug == slug)


def _listings(it: DemoShop) -> Iterator[DemoListing]:
    dice = chance.dice(f"shelf/{it.slug}")
    goods = [each for each in on_sale() if each.currency == it.currency and each.category in it.categories]
    goods.sort(key=lambda each: (it.categories.index(each.category), "热销" not in each.tags))
    position = 0
    for product in goods:
        if dice.random() > it.share:
            continue
        featured = dice.random() < (0.7 if "热销" in product.tags else 0.18)
        for sku in product.skus:
            position += 1
            yield DemoListing(it.slug, product, sku, _ask(it, sku, dice), featured, position)


def _ask(it: DemoShop, sku: DemoSku, dice: Random) -> int:
    """The shop's own price: near the suggested one, at least the floor, at most the face value."""
    wish = sku.suggested_minor * (10_000 + it.markup_bp + dice.randrange(-150, 160)) // 10_000
    nice = friendly(wish, step=100) if wish >= 500 else wish
    return min(sku.face_value_minor, max(sku.floor_minor, nice))

"""Believable goods and orders to look at pages with."""

from datetime import UTC, datetime, timedelta

import segno
from markupsafe import Markup

from app.web.look import PRESETS, ShopFace, compose
from app.web.look.frames import Frame, NavGroup, NavItem
from app.web.look.tables import Column, Filter, TablePage
from app.web.sandbox.page_data import PayPage
from app.web.storefront import page_data as data
from tenants.directory import Tenant

NOW = datetime.now(UTC)
P, S = data.Promise, data.Stock


def drawn(word: str, hue: int) -> str:
    """A picture of a card in a few shapes, as a data address."""
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 300'><defs><linearGradient id='g' x2='1' y2='1'>"
        f"<stop stop-color='hsl({hue} 70% 46%)'/><stop offset='1' stop-color='hsl({hue + 40} 75% 30%)'/></linearGradient></defs>"
        f"<rect width='400' height='300' fill='url(#g)'/><circle cx='330' cy='60' r='120' fill='#fff' opacity='.08'/>"
        f"<circle cx='360' cy='110' r='120' fill='#fff' opacity='.07'/>"
        f"<text x='32' y='250' font-family='Noto Sans CJK SC,sans-serif' font-weight='700' font-size='44' fill='#fff'>{word}</text></svg>"
    )
    return "data:image/svg+xml," + svg.replace("#", "%23").replace("<", "%3C").replace(">", "%3E")


def shop(language: str, preset: str = "lantern", *, currency: str = "CNY") -> ShopFace:
    zh = language == "zh_Hans"
    return ShopFace(
        name="灯火权益铺" if zh else "Lantern Perks",
        home="http://lantern.localhost:8000",
        currency=currency,
        theme=compose(PRESETS[preset]),
        tagline="好用的会员，几秒就到手" if zh else "Memberships you use, in your hands in seconds",
        notice="春节不打烊：人工充值 9:00–22:00，卡密商品全天自动发货。"
        if zh
        else "Open all holidays: codes are delivered around the clock, top-ups by staff 9:00–22:00.",
        contact="微信 lantern-perks · help@lantern.example" if zh else "help@lantern.example",
        hours="每天 9:00–22:00" if zh else "Every day 9:00–22:00",
    )


GOODS = [
    ("bilibili-premium", "哔哩哔哩大会员", "Bilibili Premium membership", "哔哩哔哩", 1680, 2500, 340),
    (
        "tencent-video",
        "腾讯视频 VIP 会员 官方直充",
        "Tencent Video VIP, credited to your account",
        "腾讯视频",
        1990,
        None,
        25,
    ),
    (
        "steam-wallet",
        "Steam 钱包充值卡（国区）",
        "Steam wallet code (China region)",
        "Steam",
        5000,
        None,
        210,
    ),
    ("netease-music", "网易云音乐黑胶 VIP", "NetEase Cloud Music VIP", "网易云音乐", 1280, 1800, 0),
    (
        "mobile-topup",
        "全国手机话费充值 移动/联通/电信",
        "Mobile top-up for China Mobile, Unicom and Telecom",
        "话费",
        4980,
        None,
        150,
    ),
    (
        "office-365",
        "Microsoft 365 个人版 一年订阅",
        "Microsoft 365 Personal, one year",
        "Microsoft",
        29900,
        39800,
        12,
    ),
    ("jd-ecard", "京东 E 卡 电子卡密", "JD E-card gift code", "京东", 9850, None, 355),
    ("luckin", "瑞幸咖啡 29 元饮品通兑券", "Luckin Coffee drink voucher", "瑞幸咖啡", 1190, 2900, 215),
    ("apple-card", "Apple 礼品卡 中国大陆", "Apple gift card, mainland China", "Apple", 10000, None, 260),
    ("youku", "优酷 VIP 会员年卡", "Youku VIP, one year", "优酷", 10800, 19800, 195),
    ("genshin", "原神 创世结晶 全服直充", "Genshin Impact genesis crystals", "米哈游", 3000, None, 190),
    ("kfc", "肯德基 30 元代金券", "KFC voucher", "肯德基", 2580, None, 355),
]


def cards(language: str, count: int = 24) -> tuple[data.GoodCard, ...]:
    zh = language == "zh_Hans"
    out = []
    for i in range(count):
        slug, name, english, brand, price, was, hue = GOODS[i % len(GOODS)]
        out.append(
            data.GoodCard(
                slug=f"{slug}-{i}",
                name=name if zh else english,
                brand=brand,
                price_minor=price + i // 12 * 100,
                stock=S.OUT if i in (9, 20) else S.LOW if i in (3, 14) else S.PLENTY,
                promise=P.MINUTES
                if "top" in slug or "tencent" in slug
                else P.BY_HAND
                if i == 10
                else P.INSTANT,
                picture=None if i % 7 == 6 else drawn(name[:6] if zh else english.split()[0], hue + i),
                was_minor=was,
                several_prices=i % 3 == 0,
                tag=("热卖" if zh else "Popular") if i in (0, 7) else "",
            )
        )
    return tuple(out)


def categories(language: str) -> tuple[data.Category, ...]:
    zh = language == "zh_Hans"
    names = [
        ("video", "影音会员", "Streaming", 42),
        ("games", "游戏点卡", "Games", 61),
        ("gift", "礼品卡", "Gift cards", 38),
        ("topup", "话费流量", "Mobile", 24),
        ("software", "软件授权", "Software", 19),
        ("food", "餐饮券", "Food & drink", 33),
        ("life", "生活服务", "Everyday", 27),
    ]
    return tuple(data.Category(slug, a if zh else b, n) for slug, a, b, n in names)


def home(language: str) -> data.GoodsPage:
    goods = cards(language)
    return data.GoodsPage(categories(language), goods, data.Paging(1, 11, 244), featured=goods[:4])


def search(language: str, asked: str, *, found: bool) -> data.GoodsPage:
    goods = cards(language, 6) if found else ()
    return data.GoodsPage(categories(language), goods, data.Paging(1, 1, len(goods)), asked=asked)


def product(language: str, kind: str = "code") -> data.ProductPage:
    zh = language == "zh_Hans"
    topup = kind == "topup"
    promise = P.MINUTES if topup else P.INSTANT
    names = (
        (["30 元", "50 元", "100 元", "200 元"] if zh else ["¥30", "¥50", "¥100", "¥200"])
        if topup
        else (["月卡", "季卡", "年卡", "三年卡"] if zh else ["1 month", "3 months", "1 year", "3 years"])
    )
    skus = tuple(
        data.SkuChoice(i + 1, n, p, s, promise, most=m, left=left, was_minor=w, note=note)
        for i, (n, p, s, m, left, w, note) in enumerate(
            [
                (names[0], 1680, S.PLENTY, 10, None, 2500, ""),
                (names[1], 4580, S.PLENTY, 10, None, 6800, "折合 15.27/月" if zh else "15.27 a month"),
                (names[2], 14800, S.LOW, 3, 3, 23300, ""),
                (names[3], 39900, S.OUT, 0, None, None, ""),
            ]
        )
    )
    goods = cards(language)
    return data.ProductPage(
        slug="bilibili-premium",
        name=(GOODS[4][1] if topup else GOODS[0][1]) if zh else (GOODS[4][2] if topup else GOODS[0][2]),
        brand="话费" if topup else "哔哩哔哩",
        skus=skus,
        chosen=skus[1],
        picture=drawn("话费充值" if topup else "大会员", 150 if topup else 335),
        summary=(
            "官方兑换码，激活即生效，可与现有会员时长叠加。"
            if zh
            else "An official code. Works at once and adds to the time you already have."
        ),
        description=Markup(
            "<p>大会员专享 1080P 高码率与 4K 画质，番剧抢先看，每月领取 B 币券。</p><h3>说明</h3><ul><li>一个帐号可叠加兑换，不限次数。</li><li>兑换码自购买起 12 个月内有效。</li></ul>"
            if zh
            else "<p>High bit rate and 4K video, new episodes first, and a monthly coupon.</p><h3>Good to know</h3><ul><li>Codes add up on one account.</li><li>Redeem within 12 months of buying.</li></ul>"
        ),
        category=categories(language)[0],
        steps=(
            "打开哔哩哔哩客户端，进入「我的 → 我的钱包 → 大会员」。",
            "点「兑换码」，粘贴订单页上的兑换码。",
            "看到「兑换成功」后，会员时长立即增加。",
        )
        if zh
        else (
            "Open the app and go to Me → Wallet → Premium.",
            "Choose Redeem and paste the code from your order page.",
            "The time is added as soon as it says Redeemed.",
        ),
        region="中国大陆帐号" if zh else "Accounts in mainland China",
        validity="购买后 12 个月内兑换" if zh else "Redeem within 12 months",
        fields=(
            data.BuyerField(
                "mobile",
                "充值手机号" if zh else "Mobile number",
                "tel",
                r"1[3-9]\d{9}",
                "11 位中国大陆手机号，充值后不能撤回。"
                if zh
                else "11 digits, mainland China. A top-up cannot be undone.",
                "13800138000",
            ),
        )
        if topup
        else (),
        related=goods[4:8],
    )


def quote(language: str, *, problem: bool = False) -> data.Quote:
    zh = language == "zh_Hans"
    return data.Quote(
        lines=(
            data.QuoteLine(
                GOODS[0][1] if zh else GOODS[0][2],
                "季卡" if zh else "3 months",
                2,
                4580,
                9160,
                drawn("大会员", 335),
                "bilibili-premium",
                "1",
                10,
                notes=("限时价 ¥45.80，原价 ¥68.00" if zh else "Timed price ¥45.80, usually ¥68.00",),
            ),
            data.QuoteLine(
                GOODS[4][1] if zh else GOODS[4][2],
                "50 元" if zh else "¥50",
                1,
                4980,
                4980,
                drawn("话费", 150),
                "mobile-topup",
                "2",
                5,
                facts=((("手机号" if zh else "Mobile"), "138 0013 8000"),),
                problem=(
                    "这一规格刚刚售罄，请移出购物车。"
                    if zh
                    else "This one has just sold out. Please remove it."
                )
                if problem
                else "",
            ),
        ),
        subtotal_minor=14140,
        adjustments=(
            data.Adjustment(
                "新客券 −10.00" if zh else "Welcome coupon, 10.00 off",
                -760,
                "优惠只用到 7.60：再低就会低于品牌方的最低限价。"
                if zh
                else "7.60 of it used: more would go below the brand's lowest price.",
            ),
        ),
        total_minor=13380,
        expires_at=NOW + timedelta(minutes=14, seconds=32),
    )


def order(
    language: str, state: str = "delivered", *, revealed: bool = False, late: bool = False
) -> data.OrderPage:
    zh = language == "zh_Hans"
    st = data.OrderState(state)
    line = data.LineState
    by_state = {
        "delivered": (line.REVEALED if revealed else line.READY, line.CREDITED),
        "delivering": (line.READY, line.DELIVERING),
        "waiting": (line.READY, line.WAITING),
        "refunded": (line.REFUNDED, line.REFUNDED),
        "refunding": (line.REFUNDED, line.REFUNDED),
    }
    first, second = by_state.get(state, (line.PENDING, line.PENDING))
    paid = st not in (data.OrderState.AWAITING_PAYMENT, data.OrderState.EXPIRED, data.OrderState.CANCELLED)
    link = "https://redeem.example/b/7KQ2-M9XD-44TR"
    qr = Markup(segno.make(link, error="m").svg_inline(scale=4, border=2))
    page = product(language)
    return data.OrderPage(
        number="P7K2-9QXD-M4TR",
        state=st,
        placed_at=NOW - timedelta(minutes=2),
        lines=(
            data.OrderLine(
                1,
                page.name,
                "季卡" if zh else "3 months",
                2,
                9160,
                first,
                page.picture,
                steps=page.steps,
                secrets=(
                    data.Secret(code="BLBL-8F3K-Q2MN-77XZ", valid_until=NOW + timedelta(days=365)),
                    data.Secret(code="BLBL-2J9D-WW4P-0KQC", password="839 201"),
                )
                if revealed
                else (),
            ),
            data.OrderLine(
                2,
                GOODS[4][1] if zh else GOODS[4][2],
                "50 元" if zh else "¥50",
                1,
                4980,
                second,
                drawn("话费", 150),
                facts=((("手机号" if zh else "Mobile"), "138 **** 8000"),),
                message=("运营商流水号 20260214-88213" if zh else "Carrier receipt 20260214-88213")
                if second == line.CREDITED
                else "",
            ),
            data.OrderLine(
                3,
                GOODS[7][1] if zh else GOODS[7][2],
                "大杯" if zh else "Large",
                1,
                1190,
                first,
                drawn("瑞幸", 215),
                secrets=(data.Secret(link=link, qr=qr),) if revealed else (),
            ),
        ),
        total_minor=14570,
        email="l***@example.com",
        paid_at=NOW - timedelta(seconds=95) if paid else None,
        delivered_at=NOW - timedelta(seconds=94) if st == "delivered" else None,
        refunded_at=NOW if st == "refunded" else None,
        refunded_minor=14570 if st in ("refunded", "refunding") else 0,
        methods=("alipay", "wechat_pay", "card") if st == "awaiting_payment" else (),
        method="alipay",
        expires_at=NOW + timedelta(minutes=12) if st == "awaiting_payment" else None,
        late_money=late,
        again="/p/bilibili-premium",
    )


def frame() -> Frame:
    return Frame(
        door="分销商",
        subject="灯火网络科技",
        person="lin@lantern.example",
        current="/distributor/listings",
        nav=(
            NavGroup(
                (
                    NavItem("总览", "/distributor", "home"),
                    NavItem("上架商品", "/distributor/listings", "tag"),
                    NavItem("订单", "/distributor/orders", "receipt", 3),
                )
            ),
            NavGroup(
                (
                    NavItem("店铺外观", "/distributor/look", "shop"),
                    NavItem("收入与打款", "/distributor/earnings", "coins"),
                    NavItem("成员", "/distributor/people", "users"),
                    NavItem("设置", "/distributor/settings", "settings"),
                ),
                "店铺",
            ),
        ),
        doors=(("平台", "/platform"),),
    )


def listings() -> TablePage:
    rows = [
        {
            "id": i,
            "name": g[1],
            "brand": g[3],
            "price": g[4],
            "floor": g[4] * 9 // 10,
            "stock": (i * 37) % 500 if i != 4 else 0,
            "picture": drawn(g[1][:2], g[6]),
        }
        for i, g in enumerate(GOODS)
    ]
    return TablePage(
        columns=(
            Column("name", "商品", sortable=True),
            Column("brand", "品牌方"),
            Column("price", "售价", sortable=True, figures=True),
            Column("floor", "最低限价", figures=True),
            Column("stock", "库存", sortable=True, figures=True),
            Column("state", "状态"),
        ),
        rows=rows,
        page=2,
        pages=11,
        total=2244,
        sort="-price",
        searches="搜索商品或编号",
        filters=(
            Filter("brand", "品牌方", (("b", "哔哩哔哩"), ("s", "Steam"))),
            Filter("state", "状态", (("on", "在售"), ("out", "售罄"))),
        ),
        selects="sku",
    )


def pay(method: str) -> PayPage:
    qr = Markup(segno.make("http://pay.localhost:8000/t/9f2k", error="m").svg_inline(scale=4, border=2))
    return PayPage(
        "P7K2-9QXD-M4TR",
        13380,
        "CNY",
        method,
        "/paid",
        "/orders/paid",
        qr=qr,
        expires_at=NOW + timedelta(minutes=13),
    )


def account(language: str) -> data.AccountPage:
    zh = language == "zh_Hans"
    states = ["delivered", "delivering", "awaiting_payment", "refunded", "waiting", "expired"]
    rows = tuple(
        data.OrderRow(
            f"P7K2-9QXD-M4T{i}",
            data.OrderState(state),
            NOW - timedelta(days=i),
            GOODS[i][4],
            GOODS[i][1] if zh else GOODS[i][2],
            drawn(GOODS[i][1][:2], GOODS[i][6]),
        )
        for i, state in enumerate(states)
    )
    return data.AccountPage("lin@example.com", rows, data.Paging(1, 2, 26))


def mail(language: str) -> dict[str, object]:
    tenant = Tenant(
        1,
        "lantern",
        "灯火权益铺",
        "CNY",
        "live",
        ("zh_Hans", "en"),
        theme={"preset": "lantern"},
        settings={"name_en": "Lantern Perks", "contact": "help@lantern.example", "hours": "9:00–22:00"},
    )
    home = "http://lantern.localhost:8000"
    facts = {"number": "P7K2-9QXD-M4TR", "amount_minor": 13380, "reason": "late_and_sold_out"}
    return {
        "shop": tenant,
        "facts": facts,
        "links": {"home": home, "order": home + "/orders/P7K2-9QXD-M4TR?key=abcdef"},
        "locale": language,
    }

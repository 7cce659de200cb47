"""Who signs in to the demo: the platform, brand owners, distributors and their staff, and the buyers who wrote."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo import chance
from app.demo.shapes import Words

PASSWORD = "perkline-demo"  # noqa: S105 - the demo prints it for everybody


@dataclass(frozen=True, slots=True)
class DemoDistributor:
    """A company that sells; only an approved one opens a shop."""

    key: str
    name: Words
    level: str
    contact_email: str
    approved: bool
    upline: str | None = None


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A login; `kind` is whose console it opens, `house` the key of its brand or distributor, None for the platform."""

    email: str
    name: str
    kind: str
    role: str
    house: str | None
    language: str


DISTRIBUTORS = (
    DemoDistributor(
        "chenmo", Words("沉墨数字贸易", "Chenmo Digital Trade"), "gold", "owner@xingxuan.example", True
    ),
    DemoDistributor(
        "dianwan", Words("点玩网络科技", "Playcorner Networks"), "diamond", "owner@dianwan.example", True
    ),
    DemoDistributor(
        "muxin", Words("木心优选", "Muxin Select"), "silver", "owner@xianxiang.example", True, "chenmo"
    ),
    DemoDistributor(
        "mozhan", Words("墨栈软件服务", "Inkstack Software"), "silver", "owner@mozhan.example", True
    ),
    DemoDistributor(
        "evelyn",
        Words("福包海外", "Lucky Parcel"),
        "standard",
        "owner@fubao.example",
        True,
        "chenmo",
    ),
    DemoDistributor(
        "qiaotou",
        Words("桥头小卖部", "Bridgehead Kiosk"),
        "standard",
        "owner@qiaotou.example",
        False,
        "muxin",
    ),
)

PEOPLE = (
    DemoPerson("ops@perkline.example", "周砚", "platform", "owner", None, "zh_Hans"),
    DemoPerson("risk@perkline.example", "Mara Lind", "platform", "manager", None, "en"),
    DemoPerson("brand@xinghan.example", "沈星澜", "brand", "owner", "xinghan", "zh_Hans"),
    DemoPerson("stock@xinghan.example", "何小满", "brand", "manager", "xinghan", "zh_Hans"),
    DemoPerson("brand@yunqi.example", "顾云起", "brand", "owner", "yunqi", "zh_Hans"),
    DemoPerson("brand@youjian.example", "柚子", "brand", "owner", "youjian", "zh_Hans"),
    DemoPerson("owner@xingxuan.example", "陈墨", "distributor", "owner", "chenmo", "zh_Hans"),
    DemoPerson("staff@xingxuan.example", "林夏", "distributor", "staff", "chenmo", "zh_Hans"),
    DemoPerson("owner@dianwan.example", "方锐", "distributor", "owner", "dianwan", "zh_Hans"),
    DemoPerson("owner@xianxiang.example", "穆欣", "distributor", "owner", "muxin", "zh_Hans"),
    DemoPerson("staff@xianxiang.example", "唐糖", "distributor", "staff", "muxin", "zh_Hans"),
    DemoPerson("owner@mozhan.example", "莫湛", "distributor", "owner", "mozhan", "zh_Hans"),
    DemoPerson("owner@fubao.example", "Evelyn Fu", "distributor", "owner", "evelyn", "en"),
    DemoPerson("owner@qiaotou.example", "乔桥", "distributor", "owner", "qiaotou", "zh_Hans"),
)

_GIVEN = (
    "xiaoyu",
    "lin.xia",
    "zhouyi",
    "wenjing",
    "haoran",
    "yutong",
    "zixuan",
    "mengqi",
    "jiahao",
    "siyuan",
    "anan",
    "ruoxi",
    "bowen",
    "chenxi",
    "yichen",
    "kexin",
    "mumu",
    "tianyi",
    "xinyi",
    "zhiyuan",
    "leo",
    "amelia",
    "noah",
    "grace",
    "ivy",
    "oscar",
    "ruby",
    "ethan",
    "chloe",
    "miles",
)
_HOUSES = ("mail.example", "post.example", "inbox.example", "letters.example")


def buyers(*, count: int) -> tuple[str, ...]:
    """That many different e-mail addresses of buyers, the same every time."""
    dice = chance.dice("buyers")
    found: dict[str, None] = {}
    while len(found) < count:
        name = f"{dice.choice(_GIVEN)}{dice.choice(('', '_', '.'))}{dice.randrange(1, 9999)}"
        found[f"{name}@{dice.choice(_HOUSES)}"] = None
    return tuple(found)

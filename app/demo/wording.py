"""The long words of a product page, written from what a product is: description and redemption steps, Markdown."""

from __future__ import annotations

from app.demo.shapes import Words

_PROMISE = {
    "code": Words("付款后卡密立即显示在订单页，并邮件通知。", "The code is on the order page the moment you pay."),
    "link": Words("付款后立即获得专属领取链接与二维码。", "A link of your own, with a QR code, the moment you pay."),
    "reusable": Words("付款后立即显示优惠码。", "The offer code is shown the moment you pay."),
    "topup": Words("付款后自动充值，通常几分钟内到账。", "Credited by itself after you pay, usually within minutes."),
    "manual": Words("付款后 2 小时内专员联系您（9:00–21:00）。", "A person writes within two hours, 9:00 to 21:00."),
}
_NOTES = {
    "code": Words("卡密查看后即视为已交付，不支持无理由退款；若无法使用，请在 7 天内提交工单。",
                  "Once a code has been shown it counts as delivered; if it does not work, open a ticket within 7 days."),
    "link": Words("链接可转赠，先领先得，请勿公开分享。", "A link belongs to whoever claims it first: do not post it."),
    "reusable": Words("每个账号限用一次，不可兑换现金。", "Once an account, and never for cash."),
    "topup": Words("请核对账号，充入后无法撤回；充值失败会自动原路退款。",
                   "Check the account: a top-up cannot be undone. If it fails, your money goes back by itself."),
    "manual": Words("尚未开始的服务可全额退款。", "Refunded in full until the work begins."),
}
_REGIONS = {
    "CN": Words("仅限中国大陆账号使用", "For accounts in mainland China"),
    "GLOBAL": Words("国际版账号通用（不含中国大陆账号）", "For international accounts, not mainland China"),
}
_STEPS = {
    "code": Words("打开{maker} App 或官网并登录\n进入「我的 → 兑换中心」\n输入卡号与密码（或兑换码），点击「立即兑换」\n页面提示成功，权益即刻生效",
                  "Open {maker} and sign in\nGo to Me → Redeem\nType the code, with its password if it has one\nIt works at once"),
    "link": Words("打开订单页的领取链接，或用手机扫描二维码\n登录{maker}账号\n点击「领取」，权益进入账户",
                  "Open the link on the order page, or scan its QR code\nSign in to {maker}\nPress Claim"),
    "reusable": Words("在{maker} App 或门店下单\n结算时选择「输入优惠码」\n粘贴优惠码，金额自动减免",
                      "Order from {maker}\nChoose “Enter a code” when paying\nPaste it and the price comes down"),
    "topup": Words("下单时填写准确的账号信息\n付款后系统自动提交充值\n订单页显示「已到账」后，打开{maker}查看",
                   "Give the exact account when ordering\nThe top-up is sent as soon as you pay\nOpen {maker} once the order says it arrived"),
    "manual": Words("下单时留下常用联系方式\n{maker}专员与您确认时间与细节\n服务完成后，订单自动更新为已交付",
                    "Leave a way to reach you\n{maker} agrees the details with you\nThe order shows when it is done"),
}


def describe(*, about: Words, blurb: Words, points: tuple[Words, ...], kind: str, region: str, days: int) -> Words:
    """Write a product's description in both languages."""
    promise, notes, where = _PROMISE[kind], _NOTES[kind], _REGIONS[region]
    zh = "\n".join(f"- {point.zh}" for point in points)
    en = "\n".join(f"- {point.en}" for point in points)
    until = Words(f"请在购买后 {days} 天内兑换", f"Redeem within {days} days")
    return Words(
        f"**{blurb.zh}**\n\n{about.zh}\n\n### 你会得到\n{zh}\n\n### 如何交付\n{promise.zh}\n\n"
        f"### 购买须知\n- {where.zh}\n- {until.zh}\n- {notes.zh}\n",
        f"**{blurb.en}**\n\n{about.en}\n\n### What you get\n{en}\n\n### How it arrives\n{promise.en}\n\n"
        f"### Before you buy\n- {where.en}\n- {until.en}\n- {notes.en}\n",
    )


def explain(*, kind: str, maker: Words) -> Words:
    """Write the steps to redeem, as a numbered list in both languages."""
    steps = _STEPS[kind]
    return Words(_numbered(steps.zh, maker.zh), _numbered(steps.en, maker.en))


def _numbered(steps: str, maker: str) -> str:
    return "\n".join(f"{place}. {step.format(maker=maker)}" for place, step in enumerate(steps.split("\n"), 1))

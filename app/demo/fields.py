"""What a buyer fills in for goods that go to an account."""

from __future__ import annotations

from app.demo.shapes import BuyerField, Words

FIELDS = {
    field.key: field
    for field in (
        BuyerField(
            "mobile",
            Words("手机号", "Mobile number"),
            Words("11 位中国大陆手机号", "11 digits, mainland China"),
            r"1[3-9]\d{9}",
            "13812345678",
        ),
        BuyerField(
            "account",
            Words("会员账号", "Account"),
            Words("6–20 位字母或数字", "6 to 20 letters or digits"),
            r"[A-Za-z0-9_]{6,20}",
            "xiaoyu_2026",
        ),
        BuyerField(
            "player",
            Words("角色 ID", "Player number"),
            Words("游戏内头像下方的 8–10 位数字", "8 to 10 digits below your portrait in the game"),
            r"\d{8,10}",
            "84210937",
        ),
        BuyerField(
            "server",
            Words("大区编号", "Server number"),
            Words("如 12 区请填 12", "For server 12 write 12"),
            r"[1-9]\d{0,2}",
            "12",
        ),
        BuyerField(
            "uid",
            Words("游戏 UID", "Game UID"),
            Words("1 开头的 9 位数字", "9 digits beginning with 1"),
            r"1\d{8}",
            "104588213",
        ),
        BuyerField(
            "email",
            Words("账号邮箱", "Account e-mail"),
            Words("注册时使用的邮箱", "The address you signed up with"),
            r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,24}",
            "lin.xia@mail.example",
        ),
        BuyerField(
            "contact",
            Words("联系方式", "How to reach you"),
            Words("手机号或邮箱，顾问会与您联系", "A mobile number or an e-mail address"),
            r"1[3-9]\d{9}|[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,24}",
            "13987654321",
        ),
    )
}

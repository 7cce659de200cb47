"""Brands and distributors: asking, deciding, and what follows at once."""

import io

import pytest
from flask import render_template
from flask_babel import force_locale
from PIL import Image
from sqlalchemy import text

from app.domain.catalog.refusals import NotApprovedByBrand
from app.domain.distributors.errors import (
    InviteForNewFirms,
    InviteOver,
    PaperRefused,
    PartnerSuspended,
    UplineCircle,
)
from app.domain.distributors.models import Invite
from app.domain.distributors.papers import MOST_BYTES, paper
from app.domain.identity import passwords
from app.flows import invite, partner, uplines
from app.flows.listings import set_status
from app.flows.send_mail import _links
from app.flows.sign_up import sign_up
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound, StaleState
from tenants.context import brand_scope, shop_scope
from tests.factories import buy, make_goods, make_shop, pay, place, run_jobs

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"


def one(owner, question, **values):
    with owner.connect() as connection:
        return connection.execute(text(question), values).scalar()


def rows(owner, question, **values):
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question), values)]


def picture(kind="PNG"):
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(drawn, kind)
    return drawn.getvalue()


@pytest.fixture
def two(app, owner):
    """A brand by approval that sells in one shop, and a distributor that it does not know."""
    old, new = make_shop("old"), make_shop("new")
    goods = make_goods(old, codes=5)
    with owner.connect() as connection:
        connection.execute(
            text("UPDATE brands SET joining = 'by_approval', contact_email = 'brand@example.com'")
        )
    firm = one(owner, "SELECT distributor_id FROM shops WHERE slug = 'new'")
    level = one(owner, "SELECT id FROM levels WHERE rank = 0")
    seller = one(owner, "SELECT distributor_id FROM shops WHERE slug = 'old'")
    return {
        "brand": goods.brand_id,
        "firm": firm,
        "level": level,
        "goods": goods,
        "old": old,
        "new": new,
        "seller": seller,
    }


def applied(two, message="hello", files=()):
    return partner.apply(two["firm"], two["brand"], message=message, files=files, actor=SYSTEM)


def status(owner, partnership):
    return one(owner, "SELECT status FROM partnerships WHERE id = :id", id=partnership)


def mails(owner):
    return [
        kind
        for (kind,) in rows(
            owner, "SELECT kind FROM mails WHERE kind NOT IN ('paid', 'delivered') ORDER BY id"
        )
    ]


def test_an_application_brings_its_papers_and_a_mail_to_the_brand(two, owner):
    number = applied(two, files=[paper("licence.pdf", PDF), paper("shop.png", picture())])
    assert status(owner, number) == "applied"
    assert rows(owner, "SELECT name, media_type FROM partnership_papers ORDER BY id") == [
        ("licence.pdf", "application/pdf"), ("shop.png", "image/png"),
    ]  # fmt: skip
    assert rows(owner, "SELECT kind, recipient FROM mails") == [("partner_applied", "brand@example.com")]
    assert one(owner, "SELECT count(*) FROM audit_entries WHERE action = 'partnership.applied'") == 1
    run_jobs()
    assert one(owner, "SELECT state FROM mails") == "sent"


def test_who_was_declined_hears_why_and_may_ask_again(two, owner):
    number = applied(two)
    partner.decline(two["brand"], number, reason="no licence", actor=SYSTEM)
    assert rows(owner, "SELECT status, reason FROM partnerships WHERE id = :id", id=number) == [
        ("declined", "no licence")
    ]
    assert applied(two, "now with a licence", [paper("a.pdf", PDF)]) == number
    partner.approve(two["brand"], number, level_id=two["level"], actor=SYSTEM)
    assert status(owner, number) == "approved"
    assert mails(owner) == ["partner_applied", "partner_declined", "partner_applied", "partner_approved"]
    assert rows(
        owner, "SELECT moved_by, to_level_id FROM level_moves WHERE partnership_id = :id", id=number
    ) == [("approval", two["level"])]


def test_a_decline_and_a_suspension_need_a_reason(two, owner):
    number = applied(two)
    with pytest.raises(InvalidInput):
        partner.decline(two["brand"], number, reason="  ", actor=SYSTEM)
    partner.approve(two["brand"], number, level_id=two["level"], actor=SYSTEM)
    with pytest.raises(InvalidInput):
        partner.suspend(two["brand"], number, reason="", actor=SYSTEM)
    assert status(owner, number) == "approved"


def test_a_decision_that_somebody_else_has_taken_is_stale(two, owner):
    number = applied(two)
    partner.approve(two["brand"], number, level_id=two["level"], actor=SYSTEM)
    with pytest.raises(StaleState):
        partner.decline(two["brand"], number, reason="late", actor=SYSTEM)
    with pytest.raises(StaleState):
        applied(two)
    assert status(owner, number) == "approved"


def test_a_level_of_another_brand_is_none(two, owner):
    other = make_goods(two["old"]).brand_id
    number = applied(two)
    strange = one(owner, "SELECT id FROM levels WHERE brand_id = :id", id=other)
    with pytest.raises(NotFound):
        partner.approve(two["brand"], number, level_id=strange, actor=SYSTEM)
    with pytest.raises(NotFound):
        partner.approve(other, number, level_id=strange, actor=SYSTEM)
    assert status(owner, number) == "applied"


def test_suspending_takes_goods_off_sale_at_once_and_settles_what_was_sold(two, owner):
    number = one(owner, "SELECT id FROM partnerships")
    paid = place(two["old"], two["goods"])
    pay(two["old"], paid)  # paid, and neither delivered nor settled
    partner.suspend(two["brand"], number, reason="sells in chats", actor=SYSTEM)
    assert rows(owner, "SELECT status FROM listings") == [("suspended",)]
    run_jobs()
    assert one(owner, "SELECT count(*) FROM settlements") == 1
    assert one(owner, "SELECT count(*) FROM earnings WHERE distributor_id = :id", id=two["seller"]) == 1
    with pytest.raises(NotApprovedByBrand), shop_scope(two["old"].id):
        set_status([two["goods"].listing_id], "live", actor=SYSTEM)
    partner.resume(two["brand"], number, actor=SYSTEM)
    assert rows(owner, "SELECT status FROM listings") == [("live",)]
    assert mails(owner) == ["partner_suspended", "partner_resumed"]


def test_a_suspended_distributor_comes_back_by_no_link(two, owner):
    number = one(owner, "SELECT id FROM partnerships")
    partner.suspend(two["brand"], number, reason="x", actor=SYSTEM)
    token = link(two)
    with pytest.raises(PartnerSuspended):
        invite.accept(token, two["seller"], actor=SYSTEM)
    assert one(owner, "SELECT used FROM invites") == 0
    with pytest.raises(StaleState):
        partner.join(two["seller"], two["brand"], actor=SYSTEM)


def test_an_open_brand_is_joined_without_asking(two, owner):
    partner.set_joining(two["brand"], "open", actor=SYSTEM)
    partner.join(two["firm"], two["brand"], actor=SYSTEM)
    assert (
        one(owner, "SELECT status FROM partnerships WHERE distributor_id = :id", id=two["firm"]) == "approved"
    )


def test_a_brand_by_approval_is_not_joined(two):
    with pytest.raises(StaleState):
        partner.join(two["firm"], two["brand"], actor=SYSTEM)


@pytest.mark.parametrize(("name", "content", "reason"), [
    ("a.pdf", b"MZ not a pdf", "not_a_paper"), ("a.png", b"<svg onload=alert(1)>", "not_a_paper"),
    ("a.pdf", b"%PDF-1.7 cut off", "not_a_paper"), ("a.jpg", picture()[:20], "not_a_paper"),
    ("a.pdf", b"%PDF-" + b"x" * MOST_BYTES + b"%%EOF", "too_large"), ("empty.pdf", b"", "not_a_paper"),
])  # fmt: skip
def test_a_paper_is_looked_at_by_its_content(name, content, reason):
    with pytest.raises(PaperRefused) as refusal:
        paper(name, content)
    assert refusal.value.facts["reason"] == reason


@pytest.mark.parametrize(("name", "kept"), [
    ("../../etc/passwd", "passwd.png"), ("C:\\x\\licence.html", "licence.png"), ("执照.jpg", "执照.png"), ("", "paper.png"),
    ('a"b\r\nc.png', "abc.png"),
])  # fmt: skip
def test_a_papers_name_is_plain_and_ends_as_its_content_says(name, kept):
    assert paper(name, picture()).name == kept


def test_five_papers_are_enough(two, owner):
    number = applied(two, files=[paper(f"{at}.pdf", PDF) for at in range(5)])
    with pytest.raises(PaperRefused):
        applied(two, "more", [paper("6.pdf", PDF)])
    assert one(owner, "SELECT count(*) FROM partnership_papers WHERE partnership_id = :id", id=number) == 5
    assert one(owner, "SELECT message FROM partnerships WHERE id = :id", id=number) == "hello"


def link(two, **more):
    asked = {"level_id": None, "most": 1, "days": 7, "note": "fair", **more}
    return invite.make_brand_link(two["brand"], **asked, actor=SYSTEM)


def test_a_brands_link_makes_a_partner_at_its_level_at_once(two, owner):
    token = link(two, level_id=two["level"])
    assert invite.who_invites(token)[0] == "brand"
    assert invite.accept(token, two["firm"], actor=SYSTEM) == two["brand"]
    assert rows(
        owner, "SELECT status, level_id FROM partnerships WHERE distributor_id = :id", id=two["firm"]
    ) == [("approved", two["level"])]
    assert mails(owner) == ["partner_joined"]
    assert token.encode() not in one(owner, "SELECT digest FROM invites")


def test_a_link_made_again_from_its_row_is_the_same(two, owner):
    token = link(two)
    with brand_scope(two["brand"]):
        assert invite.token_again(session().query(Invite).one()) == token


@pytest.mark.parametrize("reason", ["used", "expired", "ended", "unknown"])
def test_a_link_that_is_over_says_why_and_changes_nothing(two, owner, moved_clock, reason):
    token = link(two) if reason != "unknown" else "nobodys-token"
    if reason == "used":
        invite.accept(token, make_another(owner), actor=SYSTEM)
    if reason == "expired":
        moved_clock(days=8)
    if reason == "ended":
        invite.end_link(one(owner, "SELECT id FROM invites"), brand_id=two["brand"], actor=SYSTEM)
    before = one(owner, "SELECT count(*) FROM partnerships")
    with pytest.raises(InviteOver) as refusal:
        invite.accept(token, two["firm"], actor=SYSTEM)
    assert refusal.value.facts["reason"] == reason
    assert one(owner, "SELECT count(*) FROM partnerships") == before


def make_another(owner):
    make_shop("another")
    return one(owner, "SELECT distributor_id FROM shops WHERE slug = 'another'")


def test_who_sells_already_uses_no_link_up(two, owner):
    invite.accept(link(two), two["seller"], actor=SYSTEM)
    assert one(owner, "SELECT used FROM invites") == 0


FIRM = {
    "firm": "New firm",
    "name": "Lin",
    "email": "lin@new.example",
    "password": "morning light 77",
    "locale": "en",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(
        passwords, "HASHER", type(passwords.HASHER)(time_cost=1, memory_cost=8, parallelism=1)
    )


def test_who_signs_up_through_a_recruit_link_stands_below_its_owner(two, owner):
    token = invite.make_recruit_link(two["seller"], most=2, days=30, note="", actor=SYSTEM)
    sign_up("distributor", **FIRM, invite=token, actor=SYSTEM)
    assert one(owner, "SELECT upline_id FROM distributors WHERE name = 'New firm'") == two["seller"]
    assert mails(owner) == ["recruited"]
    with pytest.raises(InviteForNewFirms):
        invite.accept(token, two["firm"], actor=SYSTEM)


def test_who_signs_up_through_a_brands_link_is_its_partner(two, owner):
    sign_up("distributor", **FIRM, invite=link(two), actor=SYSTEM)
    assert (
        one(
            owner,
            "SELECT p.status FROM partnerships p JOIN distributors d ON d.id = p.distributor_id WHERE d.name = 'New firm'",
        )
        == "approved"
    )


def test_a_sign_up_through_a_link_that_is_over_leaves_nothing_behind(two, owner):
    token = link(two)
    invite.accept(token, two["firm"], actor=SYSTEM)
    with pytest.raises(InviteOver):
        sign_up("distributor", **FIRM, invite=token, actor=SYSTEM)
    assert one(owner, "SELECT count(*) FROM users") == 0
    assert one(owner, "SELECT count(*) FROM distributors WHERE name = 'New firm'") == 0


def test_the_platform_changes_and_removes_an_upline_with_a_reason(two, owner):
    uplines.set_upline(two["firm"], two["seller"], reason="asked by both", actor=SYSTEM)
    assert one(owner, "SELECT upline_id FROM distributors WHERE id = :id", id=two["firm"]) == two["seller"]
    uplines.set_upline(two["firm"], None, reason="parted", actor=SYSTEM)
    assert one(owner, "SELECT upline_id FROM distributors WHERE id = :id", id=two["firm"]) is None
    assert one(owner, "SELECT count(*) FROM audit_entries WHERE action = 'distributor.upline_changed'") == 2
    assert mails(owner) == ["upline_changed", "upline_changed"]
    with pytest.raises(InvalidInput):
        uplines.set_upline(two["firm"], two["seller"], reason=" ", actor=SYSTEM)


def test_nobody_stands_above_itself(two, owner):
    third = make_another(owner)
    uplines.set_upline(two["firm"], two["seller"], reason="x", actor=SYSTEM)
    uplines.set_upline(third, two["firm"], reason="x", actor=SYSTEM)
    for above in (third, two["firm"], two["seller"]):
        with pytest.raises(UplineCircle):
            uplines.set_upline(two["seller"], above, reason="x", actor=SYSTEM)
    assert one(owner, "SELECT upline_id FROM distributors WHERE id = :id", id=two["seller"]) is None


def test_a_purchase_of_ones_own_is_marked_whatever_tag_or_dots_it_wears(two, owner):
    with owner.connect() as connection:
        connection.execute(
            text("UPDATE distributors SET contact_email = 'mei.lin@gmail.com' WHERE id = :id"),
            {"id": two["seller"]},
        )
    buy(two["old"], two["goods"], email="meilin+climb@googlemail.com")
    buy(two["old"], two["goods"], email="someone@gmail.com")
    assert rows(owner, "SELECT counted FROM settlements ORDER BY id") == [(False,), (True,)]


FACTS = {
    "distributor": "Below Ltd", "brand": "星瀚", "message": "hello", "note": "fair", "level": "金牌", "level_en": "Gold",
    "reason": "because", "way": "up", "missing_minor": 124000, "currency": "CNY", "until": "2026-12-06", "below": "银牌",
    "below_en": "Silver", "upline": "Above Ltd", "page": "/distributor/brands/1",
}  # fmt: skip
KINDS = (
    "partner_applied", "partner_joined", "partner_approved", "partner_declined", "partner_suspended", "partner_resumed",
    "level_moved", "level_notice", "recruited", "upline_changed",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", ["zh_Hans", "en"])
def test_a_mail_is_written_in_the_readers_language_and_leads_to_its_page(app, kind, locale):
    context = {"shop": None, "facts": FACTS, "links": _links(None, FACTS), "locale": locale}
    with force_locale(locale):
        subject, plain, html = (
            render_template(f"mail/{kind}.{form}", **context) for form in ("subject.txt", "txt", "html")
        )
    assert "\n" not in subject.strip()
    assert "/distributor/brands/1" in plain and "/distributor/brands/1" in html
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in subject.replace("星瀚", ""))
    assert chinese == (locale == "zh_Hans")


def test_a_reader_hears_in_the_language_of_its_own_console(two, owner):
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO users (email, name, password_hash, locale) VALUES ('brand@example.com', 'x', 'x', 'en')"
            )
        )
    applied(two)
    assert one(owner, "SELECT locale FROM mails") == "en"

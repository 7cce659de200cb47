"""An order belongs to whoever bought it: seen, followed, opened and found again by them, and by nobody else."""

import email
import email.policy
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.domain.fulfilment.models import Reveal
from app.domain.identity.models import Buyer, BuyerSignIn
from app.flows import find_order
from app.flows.purchase import access_token
from app.foundation import clock
from app.foundation.database import session
from tenants.context import platform_scope, shop_scope
from tests.factories import make_goods, make_shop
from tests.web.conftest import text_of

MOBILE = {
    "name": "mobile",
    "label": "手机号",
    "label_en": "Mobile number",
    "pattern": r"1[3-9]\d{9}",
    "required": True,
}
SECRET = "SECRET-"


@pytest.fixture
def shop(inside):
    with inside():
        return make_shop("lantern")


@pytest.fixture
def goods(inside, shop):
    with inside():
        return make_goods(shop, price=2380, codes=9)


@pytest.fixture
def bought(visit, shop, goods, wire, work):
    """A guest who has paid and been delivered to: (browser, order number)."""

    def buy(*, quantity=1, item=None, who="lin@example.com", **more):
        buyer = visit(shop)
        told = {key: value for key, value in more.items() if key != "passphrase"}
        buyer.wish((item or goods).listing_id, quantity, **told)
        page = buyer.follow_to_pay(buyer.check_out(who, passphrase=more.get("passphrase", "")))
        back = buyer.pay(page)
        work()
        return buyer, back.headers["Location"].split("/orders/")[1].split("?")[0]

    return buy


@pytest.fixture
def line_of(inside, shop):
    def read(number):
        with inside(), shop_scope(shop.id):
            found = text(
                "SELECT l.id FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.number = :n"
            )
            return session().execute(found, {"n": number}).scalars().first()

    return read


@pytest.fixture
def mailbox(settings):
    """Mails by recipient: (subject, words) of each, newest last."""
    folder = settings.home / "mailbox"
    for old in folder.glob("*.eml"):
        old.unlink()

    def read(who):
        mails = []
        for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["To"] == who:
                parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
                mails.append((mail["Subject"], "\n".join(parts)))
        return mails

    return read


@pytest.fixture(autouse=True)
def _clock():
    yield
    clock.travel_back()


def test_the_order_page_shows_it_delivered_with_the_code_covered(bought):
    buyer, number = bought()
    page = buyer.get(f"/orders/{number}")
    assert "Here you are" in text_of(page)
    assert SECRET not in page.text
    assert "l***@example.com" in text_of(page)
    assert "lin@example.com" not in page.text


def test_a_look_at_the_code_is_recorded_before_it_is_shown(bought, inside, shop, line_of):
    buyer, number = bought()
    shown = buyer.post(f"/orders/{number}/reveal", {"line": line_of(number)})
    assert SECRET in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    with inside(), shop_scope(shop.id):
        rows = session().execute(select(Reveal.actor_kind, Reveal.ip, Reveal.codes)).all()
    assert rows == [("buyer", "198.51.100.7", 1)]
    assert "You have viewed it before" in text_of(buyer.get(f"/orders/{number}"))


def test_a_reveal_answers_a_script_with_the_line_alone(bought, line_of):
    buyer, number = bought(quantity=2)
    part = buyer.post(f"/orders/{number}/reveal", {"line": line_of(number)}, X_Fragment="1")
    assert "<html" not in part.text
    assert part.text.count(SECRET) == 2


def test_another_orders_line_is_not_revealed(bought, line_of):
    buyer, number = bought()
    _, other = bought(who="other@example.com")
    assert buyer.post(f"/orders/{number}/reveal", {"line": line_of(other)}).status_code == 404


def test_nothing_is_revealed_before_it_is_paid(visit, shop, goods, line_of):
    buyer = visit(shop)
    number = buyer.order(goods.listing_id)
    page = buyer.post(f"/orders/{number}/reveal", {"line": line_of(number)})
    assert page.status_code == 409
    assert SECRET not in page.text


def test_a_link_comes_with_its_qr_code(bought, inside, shop, line_of, monkeypatch):
    monkeypatch.setattr(
        "tests.factories.goods.secret_text", lambda goods, n: f"https://redeem.example/{goods.sku_id}/{n}"
    )
    with inside():
        link = make_goods(shop, kind="link", codes=2)
    buyer, number = bought(item=link)
    shown = buyer.post(f"/orders/{number}/reveal", {"line": line_of(number)})
    assert 'href="https://redeem.example/' in shown.text
    assert "<svg" in shown.text.split("secret-qr", 1)[1]


STRANGERS = ("", "/progress")


@pytest.mark.parametrize("part", STRANGERS)
def test_a_stranger_sees_no_order(bought, visit, shop, part):
    _, number = bought()
    assert visit(shop).get(f"/orders/{number}{part}").status_code == 404


@pytest.mark.parametrize("action", ["reveal", "pay", "cancel"])
def test_a_stranger_does_nothing_with_an_order(bought, visit, shop, line_of, action):
    _, number = bought()
    page = visit(shop).post(f"/orders/{number}/{action}", {"line": line_of(number), "method": "card"})
    assert page.status_code == 404
    assert SECRET not in page.text


def test_a_strangers_answer_is_the_same_whether_the_order_exists(bought, visit, shop):
    _, number = bought()
    stranger = visit(shop)
    there, nowhere = (text_of(stranger.get(f"/orders/{one}")) for one in (number, "261122-ZZZZZZZZ"))
    assert there == nowhere


def test_another_shop_has_no_such_order_even_for_its_key(bought, visit, inside, shop):
    buyer, number = bought()
    with inside():
        other, key = make_shop("other"), access_token(number)
    assert visit(other).get(f"/orders/{number}", query_string={"key": key}).status_code == 404
    carried = visit(other)
    kept = buyer.client.get_cookie("device", domain="lantern.localhost")
    carried.client.set_cookie("device", kept.value, domain="other.localhost")
    assert carried.get(f"/orders/{number}").status_code == 404


def test_the_mailed_key_opens_the_order_and_leaves_the_address(bought, visit, inside, shop):
    _, number = bought()
    with inside():
        key = access_token(number)
    reader = visit(shop)
    opened = reader.get(f"/orders/{number}", query_string={"key": key})
    assert opened.headers["Location"] == f"/orders/{number}"
    assert "Here you are" in text_of(reader.follow(opened))


def test_a_wrong_key_opens_nothing(bought, visit, shop):
    _, number = bought()
    for key in ("", "x", "A" * 22, "日本"):
        assert visit(shop).get(f"/orders/{number}", query_string={"key": key}).status_code == 404


def test_the_mail_carries_the_link_and_not_the_secret(bought, mailbox, visit, shop):
    _, number = bought()
    (subject, words), *more = mailbox("lin@example.com")
    assert more == []
    assert number in subject
    assert SECRET not in words
    link = re.search(rf"http://lantern\.localhost:8000(/orders/{number}\?key=[\w-]+)", words)
    reader = visit(shop)
    assert "Here you are" in text_of(reader.follow(reader.get(link.group(1))))


def test_the_mail_speaks_the_language_of_the_purchase(visit, shop, goods, wire, work, mailbox):
    for language, words in (("zh-CN", "订单"), ("en", "Delivered")):
        buyer = visit(shop, language=language)
        buyer.wish(goods.listing_id)
        buyer.pay(buyer.follow_to_pay(buyer.check_out(f"{language}@example.com")))
        work()
        [(subject, _)] = mailbox(f"{language.lower()}@example.com")
        assert words in subject


def test_look_up_finds_an_order_by_number_and_e_mail(bought, visit, shop):
    _, number = bought()
    guest = visit(shop)
    found = guest.post("/orders", {"number": number.lower(), "email": " LIN@example.com "})
    assert found.headers["Location"] == f"/orders/{number}"
    assert "Here you are" in text_of(guest.follow(found))


def test_a_passphrase_once_set_is_needed(bought, visit, shop):
    _, number = bought(passphrase="blue door")
    asked = {"number": number, "email": "lin@example.com"}
    assert visit(shop).post("/orders", asked).status_code == 404
    assert visit(shop).post("/orders", asked | {"passphrase": "green door"}).status_code == 404
    assert visit(shop).post("/orders", asked | {"passphrase": "blue door"}).status_code == 303


def test_look_up_tells_a_guesser_nothing(bought, visit, shop, monkeypatch):
    _, number = bought(passphrase="blue door")
    worked = []
    verify = find_order._fits
    monkeypatch.setattr(find_order, "_fits", lambda kept, said: worked.append(kept) or verify(kept, said))
    wrong = (
        {"number": "261122-ZZZZZZZZ", "email": "lin@example.com"},
        {"number": number, "email": "mallory@example.com"},
        {"number": number, "email": "lin@example.com", "passphrase": "green door"},
        {"number": number, "email": "mallory@example.com", "passphrase": "blue door"},
    )
    pages = [visit(shop).post("/orders", one) for one in wrong]
    told = {(page.status_code, re.sub(r'value="[^"]*"', "", page.text)) for page in pages}
    assert len(told) == 1
    assert len(worked) == len(wrong)


def test_look_up_slows_a_guesser_down(bought, visit, shop, monkeypatch):
    _, number = bought()
    monkeypatch.setattr(find_order, "_fits", lambda *_: False)
    for at in range(10):
        assert (
            visit(shop, ip=f"203.0.113.{at}")
            .post("/orders", {"number": number, "email": f"{at}@x.example"})
            .status_code
            == 404
        )
    page = visit(shop, ip="203.0.113.99").post("/orders", {"number": number, "email": "lin@example.com"})
    assert page.status_code == 429
    assert "Too many tries" in text_of(page)


def test_a_buyer_signs_in_by_mail_once_and_sees_their_orders(bought, visit, shop, mailbox, work):
    _, number = bought()
    reader = visit(shop)
    assert "Look into your mail" in text_of(reader.post("/sign-in", {"email": "lin@example.com"}))
    work()
    words = mailbox("lin@example.com")[-1][1]
    link = re.search(r"http://lantern\.localhost:8000(/sign-in/([\w-]+))", words)
    assert "Sign in" in text_of(reader.get(link.group(1)))
    reader.get(link.group(1))  # a scanner that opens links does not use it up
    assert reader.post("/sign-in/confirm", {"token": link.group(2)}).headers["Location"] == "/account"
    account = reader.get("/account")
    assert number in account.text
    assert "Here you are" in text_of(reader.get(f"/orders/{number}"))
    assert visit(shop).post("/sign-in/confirm", {"token": link.group(2)}).status_code == 410
    reader.post("/sign-out")
    assert reader.get("/account").headers["Location"] == "/sign-in"
    assert reader.get(f"/orders/{number}").status_code == 404


def test_the_mailed_link_is_over_after_a_quarter_of_an_hour(bought, visit, shop, mailbox, work):
    bought()
    visit(shop).post("/sign-in", {"email": "lin@example.com"})
    work()
    token = re.search(r"/sign-in/([\w-]+)", mailbox("lin@example.com")[-1][1]).group(1)
    clock.travel(timedelta(minutes=16))
    assert visit(shop).post("/sign-in/confirm", {"token": token}).status_code == 410


def test_asking_for_a_link_tells_nobody_who_has_bought(bought, visit, shop, mailbox, work):
    bought()
    known, unknown = (
        text_of(visit(shop).post("/sign-in", {"email": who})).replace(who, "")
        for who in ("lin@example.com", "x@example.com")
    )
    assert known == unknown
    work()
    assert mailbox("x@example.com") == []


def test_what_the_database_keeps_of_a_sign_in_opens_nothing(bought, visit, inside, shop, mailbox, work):
    bought()
    visit(shop).post("/sign-in", {"email": "lin@example.com"})
    work()
    token = re.search(r"/sign-in/([\w-]+)", mailbox("lin@example.com")[-1][1]).group(1)
    with inside(), platform_scope():
        kept = (
            session()
            .execute(text("SELECT data::text FROM mails UNION SELECT payload::text FROM outbox"))
            .scalars()
            .all()
        )
        digests = session().execute(select(BuyerSignIn.digest)).scalars().all()
    assert not any(token in words for words in kept)
    assert token.encode() not in digests


def test_a_buyer_of_one_shop_is_nobody_in_another(bought, visit, inside, shop, mailbox, work):
    bought()
    visit(shop).post("/sign-in", {"email": "lin@example.com"})
    work()
    token = re.search(r"/sign-in/([\w-]+)", mailbox("lin@example.com")[-1][1]).group(1)
    with inside():
        other = make_shop("other")
    stranger = visit(other)
    assert stranger.post("/sign-in/confirm", {"token": token}).status_code == 410
    reader = visit(shop)
    reader.post("/sign-in/confirm", {"token": token})
    kept = reader.client.get_cookie("perkline", domain="lantern.localhost")
    stranger.client.set_cookie("perkline", kept.value, domain="other.localhost")
    assert stranger.get("/account").headers["Location"] == "/sign-in"
    with inside(), shop_scope(other.id):
        assert session().execute(select(Buyer)).all() == []


def test_the_order_shows_what_was_told_but_not_to_an_onlooker(bought, inside, shop):
    with inside():
        manual = make_goods(shop, kind="manual", unlimited=True, buyer_fields=[MOBILE])
    buyer, number = bought(item=manual, mobile="13800138000")
    words = text_of(buyer.get(f"/orders/{number}"))
    assert "Mobile number" in words
    assert "13800138000" not in words
    assert "8000" in words


def test_a_page_that_waits_for_money_is_told_nothing_until_there_is_news(bought, visit, shop, goods):
    buyer = visit(shop)
    number = buyer.order(goods.listing_id)
    seen = {"seen": "pending"}
    assert buyer.get(f"/orders/{number}/progress", query_string=seen).status_code == 204
    done, number = bought(who="two@example.com")
    assert done.get(f"/orders/{number}/progress", query_string=seen).status_code == 200


def test_progress_is_the_moving_part_alone_and_stops_when_all_is_done(bought, visit, shop, goods):
    buyer = visit(shop)
    number = buyer.order(goods.listing_id)
    waiting = buyer.get(f"/orders/{number}/progress", query_string={"paid": "1"})
    assert "<html" not in waiting.text
    assert "Confirming your payment" in text_of(waiting)
    assert f'data-follow="/orders/{number}/progress?paid=1&amp;seen=pending"' in waiting.text
    done, number = bought(who="two@example.com")
    assert "data-follow" not in done.get(f"/orders/{number}/progress").text

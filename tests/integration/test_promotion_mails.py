"""What people hear of promotions by mail: in their language, each once, and not more than is worth a letter."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest
from sqlalchemy import text

from app.domain.payments.gateway import EventKind
from app.domain.referrals.rules import Promise
from app.flows import drops, grouping, promoter_pay, promotion_news, rewarding
from app.flows.priced import Asked
from app.foundation import clock
from app.foundation.runtime import runtime
from tests.factories import buy, make_goods, make_shop, place
from tests.factories.drops import line_up, make_drop, pass_seats, somebody
from tests.factories.groups import group_of, offer_group, past_deadline
from tests.factories.money import dispute, give
from tests.factories.orders import pay, run_jobs
from tests.factories.promotions import promote
from tests.factories.referrals import HAND, brought, later, programme, promoter

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ACCOUNT = {"method": "bank", "holder": "李梅", "number": "6222020000001234", "bank": "工商银行"}
BOTH = pytest.mark.parametrize("locale", ["zh_Hans", "en"])


class Letters:
    """What left, by kind: the subject, the plain text and the HTML."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, str, str]] = []

    def send(self, message: EmailMessage, *, key: str) -> None:
        plain, page = (message.get_body((form,)).get_content() for form in ("plain", "html"))
        self.sent.append((key, str(message["To"]), str(message["Subject"]), plain, page))

    def of(self, occasion: str) -> list[tuple[str, str, str]]:
        return [(to, subject, plain) for key, to, subject, plain, _ in self.sent if occasion in key]


@pytest.fixture
def letters(app) -> Iterator[Letters]:
    before = runtime().mailer
    runtime().mailer = found = Letters()
    yield found
    runtime().mailer = before
    clock.travel_back()


@pytest.fixture
def shop(app):
    return make_shop()


def in_language(letters: Letters, locale: str, *parts: str) -> list[str]:
    """The one letter of each part, read: it speaks one language and shows no bare template."""
    run_jobs()
    texts = []
    for part in parts:
        [(_to, subject, plain)] = letters.of(part)
        # The shop's own names and titles are as the shop wrote them.
        head = re.sub(r"[“「].*?[”」]", "", subject)
        assert bool(CHINESE.search(head)) == (locale == "zh_Hans"), subject
        assert "{" not in plain + subject and "%(" not in plain + subject and "None" not in plain
        texts.append(plain)
    return texts


def spoken(owner, locale: str) -> None:
    """Whoever is written to reads this language."""
    with owner.begin() as connection:
        for table in ("promoters", "orders"):
            connection.execute(text(f"UPDATE {table} SET locale = :locale"), {"locale": locale})


@BOTH
def test_a_promoter_hears_of_the_first_reward_of_a_day_and_of_the_payout(shop, letters, owner, locale):
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop, locale=locale)
    for _ in range(3):
        brought(shop, goods, who)
    for _ in range(2):
        rewarding.judge_rewards()
    [earned] = in_language(letters, locale, "reward_earned")
    assert "1.00" in earned and "/promote" in earned
    later()
    made = promoter_pay.ask_for_payout(shop.id, who.id, least_minor=1, actor=HAND, **ACCOUNT)
    promoter_pay.export("CNY", actor=HAND)
    promoter_pay.mark_failed(made, "没有这个账户", actor=HAND)
    again = promoter_pay.ask_for_payout(shop.id, who.id, least_minor=1, actor=HAND, **ACCOUNT)
    promoter_pay.export("CNY", actor=HAND)
    promoter_pay.mark_paid([again], actor=HAND)
    refused, paid = in_language(letters, locale, "reward_not_paid", "reward_paid")
    assert "没有这个账户" in refused and "…1234" in refused and "6222" not in refused + paid
    assert "3.00" in paid
    assert len(letters.of("reward")) == 3


@BOTH
def test_a_reward_that_is_a_coupon_is_told_when_it_is_given_and_when_it_is_taken_back(
    shop, letters, owner, locale
):
    goods = make_goods(shop, codes=5)
    programme(shop, step1=Promise("discount", minor=300))
    who = promoter(shop, locale=locale)
    placed = brought(shop, goods, who)
    later()
    rewarding.mature_rewards()
    earned, coupon = in_language(letters, locale, "reward_earned", "reward_coupon")
    assert "3.00" in earned and "/coupons" in coupon
    give(shop, placed, 500)
    total = _one(owner, "SELECT total_minor - 500 FROM orders")
    give(shop, placed, total)
    for _ in range(2):
        rewarding.follow_returns()
    [taken] = in_language(letters, locale, "reward_taken")
    assert "3.00" in taken


@BOTH
@pytest.mark.parametrize("reason", ["own_email", "budget", "cap_month", "stopped", "earned"])
def test_a_refusal_says_why_and_what_can_be_done_once_a_day(shop, letters, owner, locale, reason):
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop, locale=locale)
    for _ in range(2):
        brought(shop, goods, who)
    with owner.begin() as connection:
        connection.execute(text("UPDATE referral_programmes SET budget_minor = 1"))
    rewarding.judge_rewards()
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE mails SET data = data || jsonb_build_object('reason', CAST(:reason AS text))"),
            {"reason": reason},
        )
    [refused] = in_language(letters, locale, "reward_refused")
    rewarding.judge_rewards()
    run_jobs()
    assert len(letters.of("reward_refused")) == 1
    assert len(refused.split("\n\n")[2].strip()) > 15, "a reason and what to do"


def test_an_order_that_went_back_before_delivery_is_no_letter(shop, letters, owner):
    goods = make_goods(shop, codes=5)
    programme(shop)
    placed = brought(shop, goods, promoter(shop))
    give(shop, placed, _one(owner, "SELECT total_minor FROM orders"))
    rewarding.judge_rewards()
    run_jobs()
    assert letters.of("reward") == []


@BOTH
def test_a_group_is_told_by_few_letters(shop, letters, owner, locale):
    deal = offer_group(shop, make_goods(shop, codes=8), people=5)
    first = deal.open()
    spoken(owner, locale)
    deal.pay(first)
    others = [deal.join(group_of(owner, first)) for _ in range(4)]
    spoken(owner, locale)
    deal.pay(*others)
    run_jobs()
    opener = _one(owner, "SELECT email FROM orders ORDER BY id LIMIT 1")
    joined, one_more = letters.of(":group_joined:first"), letters.of(":group_joined:one_more")
    assert [to for to, *_ in joined + one_more] == [opener, opener]
    assert bool(CHINESE.search(joined[0][1])) == bool(CHINESE.search(one_more[0][1])) == (locale == "zh_Hans")
    full = letters.of(":delivered")
    words = "成团了" if locale == "zh_Hans" else "The group is full"
    assert len(full) == 5 and all(words in plain for *_, plain in full)
    assert len(letters.sent) == 2 + 4 + 5, "joined, waiting, delivered"
    [waiting] = letters.of(f"order:{first.order_id}:group_waiting")
    assert ("已付款" if locale == "zh_Hans" else "Paid") in waiting[2] and "15.00" in waiting[2]


@BOTH
def test_a_group_that_was_not_full_is_told_once_with_the_money(shop, letters, owner, locale):
    deal = offer_group(shop, make_goods(shop, codes=8), people=3)
    first = deal.open()
    spoken(owner, locale)
    deal.pay(first)
    past_deadline(owner)
    for _ in range(2):
        grouping.end_groups()
        run_jobs()
    going, back = in_language(letters, locale, ":refunding:group_failed", ":refunded:")
    for plain in (going, back):
        assert ("退回金额" if locale == "zh_Hans" else "Back to you") in plain
    assert len(letters.sent) == 3


@BOTH
def test_whoever_has_gone_away_from_the_line_is_told_of_the_unit_once(
    shop, letters, owner, locale, monkeypatch
):
    goods = make_goods(shop, codes=3)
    drop = make_drop(shop, goods, units=1)
    _, (away, _) = (line_up(shop, drop, somebody()) for _ in range(2))
    monkeypatch.setattr(drops, "MAIL_AFTER_SECONDS", -1)
    told = drops._write_if_away
    monkeypatch.setattr(
        drops, "_write_if_away", lambda work, seat, ask: told(work, seat, replace(ask, locale=locale))
    )
    pass_seats(owner)
    for _ in range(2):
        drops.keep_drops()
    [seat] = in_language(letters, locale, "seat:")
    assert re.search(r"\d\d:\d\d", seat) and "/flash/" in seat
    assert [to for to, *_ in letters.of("seat:")] == [away.email]


@BOTH
def test_the_order_and_its_refund_tell_how_the_price_came_about(shop, letters, owner, locale):
    goods = make_goods(shop, codes=3, price=2380)
    promote(shop, "fixed_coupon", {"minor": 300}, code="TENNER", title="三元券", title_en="Three off")
    placed = place(shop, goods, asked=Asked(codes=("TENNER",)))
    spoken(owner, locale)
    pay(shop, placed)
    run_jobs()
    give(shop, placed, 500)
    run_jobs()
    [delivered] = letters.of(":delivered")
    [refunded] = letters.of(":refunded:")
    title, listed, paid = (
        ("三元券", "原价", "实付") if locale == "zh_Hans" else ("Three off", "At list price", "Paid")
    )
    for plain in (delivered[2], refunded[2]):
        assert (
            title in plain and "23.80" in plain and "3.00" in plain and "20.80" in plain and listed in plain
        ), paid
    assert "5.00" in refunded[2].split(listed)[1]


@BOTH
@pytest.mark.parametrize(
    ("limit", "words"),
    [({"total_limit": 1}, ("1 次名额", "one use")), ({"budget_minor": 500}, ("5.00", "5.00"))],
)
def test_a_promotion_that_has_given_all_is_told_to_its_maker_once(shop, letters, owner, locale, limit, words):
    goods = make_goods(shop, codes=5)
    promote(
        shop, "fixed_coupon", {"minor": 300}, code="TENNER", title="三元券", title_en="Three off", **limit
    )
    _reads(owner, locale)
    placed = place(shop, goods, asked=Asked(codes=("TENNER",)))
    assert promotion_news.tell_spent_promotions() == 0, "an unpaid order may give it back"
    pay(shop, placed)
    run_jobs()
    assert promotion_news.tell_spent_promotions() == 1
    assert promotion_news.tell_spent_promotions() == 0
    [spent] = in_language(letters, locale, "promotion_spent")
    assert words[locale == "en"] in spent and f"/distributor/shops/{shop.slug}/promotions/" in spent


def test_a_limit_that_is_raised_and_reached_again_is_another_letter(shop, letters, owner):
    goods = make_goods(shop, codes=5)
    coupon = promote(shop, "fixed_coupon", {"minor": 300}, code="TENNER", total_limit=1)
    _reads(owner, "en")
    for limit in (1, 2):
        with owner.begin() as connection:
            connection.execute(text("UPDATE promotions SET total_limit = :limit"), {"limit": limit})
            connection.execute(
                text("UPDATE promotion_slots SET uses_left = :one WHERE promotion_id = :id AND slot = 0"),
                {"one": 1, "id": coupon.id},
            )
        pay(shop, place(shop, goods, asked=Asked(codes=("TENNER",))))
        run_jobs()
        assert promotion_news.tell_spent_promotions() == 1
    run_jobs()
    assert len(letters.of("promotion_spent")) == 2


def _reads(owner, locale: str) -> None:
    """The distributor's contact is a person who chose a language."""
    with owner.begin() as connection:
        connection.execute(text("UPDATE distributors SET contact_email = 'owner@example.com'"))
        connection.execute(
            text(
                "INSERT INTO users (email, name, password_hash, locale) VALUES ('owner@example.com', 'O', 'x', :locale)"
                " ON CONFLICT (email) DO UPDATE SET locale = :locale"
            ),
            {"locale": locale},
        )


def _one(owner, question: str):
    with owner.connect() as connection:
        return connection.execute(text(question)).scalar_one()


@pytest.mark.parametrize(("known", "chinese"), [("en", False), ("zh_Hans", True), ("", True)])
def test_a_firm_reads_the_language_its_person_chose_else_chinese(shop, letters, owner, known, chinese):
    placed = buy(shop, make_goods(shop, codes=1))
    with owner.begin() as connection:
        connection.execute(text("UPDATE distributors SET contact_email = 'owner@example.com'"))
    if known:
        _reads(owner, known)
    dispute(shop, placed, EventKind.DISPUTE_TAKEN, dispute_id="dp_1")
    run_jobs()
    [(to, subject, _plain)] = letters.of("dispute:")
    assert to == "owner@example.com" and bool(CHINESE.search(subject)) == chinese
    [(to, subject, _plain)] = letters.of(":delivered")
    assert CHINESE.search(subject), "a buyer's letter is in the order's language, whoever the buyer is"

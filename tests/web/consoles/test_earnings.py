"""What a distributor, a brand and the platform see of the money, and that every figure opens down to its reason."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pypdf import PdfReader
from sqlalchemy import event, text

from app.flows.mature import mature_earnings
from app.foundation.database import db
from tenants.context import platform_scope
from tests.factories import buy, make_goods, make_shop
from tests.web.consoles.conftest import Staff, words_of


@pytest.fixture
def sold(inside, owner) -> dict[str, int]:
    """Two sales of one shop, 20.00 each, of which the brand gets 12.00."""
    with inside():
        shop = make_shop("mine")
        goods = make_goods(shop, codes=5)
        buy(shop, {goods: 1})
        buy(shop, {goods: 1})
    with owner.connect() as connection:
        one = connection.execute(
            text("SELECT id, distributor_id FROM earnings WHERE role = 'seller' ORDER BY id")
        ).first()
        supply = connection.execute(
            text(
                "SELECT id, brand_id, transaction_id, order_number FROM earnings WHERE role = 'supplier' ORDER BY id"
            )
        ).first()
    return {
        "distributor": one.distributor_id, "earning": one.id, "brand": supply.brand_id, "supply": supply.id,
        "move": supply.transaction_id, "number": supply.order_number, "product": goods.product_id,
    }  # fmt: skip


@pytest.fixture
def seller(staff: Callable[..., Staff], sold) -> Staff:
    return staff("distributor", distributor_id=sold["distributor"])


@pytest.fixture
def brand(staff: Callable[..., Staff], sold) -> Staff:
    return staff("brand", brand_id=sold["brand"])


@contextmanager
def counted(house) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    with house.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_distributor_sees_today_held_available_and_every_breakdown(seller, sold):
    words = seller.words("/distributor/earnings")
    assert "Earned today ¥16.00 2 sales" in words
    assert "Held ¥16.00" in words
    assert "Available ¥0.00" in words
    for part in ("By day", "Held until when", "By product", "By level", "By shop"):
        assert part in words


def test_a_brand_sees_its_own_part(brand, sold):
    words = brand.words("/brand/earnings")
    assert "Earned today ¥24.00 2 sales" in words
    assert "Held ¥24.00" in words


def test_every_link_of_the_first_page_leads_somewhere(seller, brand, sold):
    for visitor, door in ((seller, "distributor"), (brand, "brand")):
        page = visitor.get(f"/{door}/earnings").text
        links = {
            link.replace("&amp;", "&")
            for link in re.findall(rf'href="(/{door}/(?:earnings|statements)[^"]*)"', page)
        }
        assert len(links) > 8
        for link in links:
            assert visitor.get(link).status_code == 200, link


def test_the_list_narrows_by_what_the_address_says(seller, sold):
    assert "2 in all" in seller.words(f"/distributor/earnings/lines?product={sold['product']}")
    assert "2 in all" in seller.words("/distributor/earnings/lines?state=held")
    assert "Nothing matches" in seller.words("/distributor/earnings/lines?state=available")
    assert "Nothing was earned in these days" in seller.words("/distributor/earnings/lines?product=999999")
    assert "Nothing was earned" in seller.words(
        "/distributor/earnings/lines?since=2020-01-01&until=2020-01-31"
    )


def test_the_bill_says_each_step_and_sums_to_the_amount(seller, brand, sold):
    words = seller.words(f"/distributor/earnings/lines/{sold['earning']}")
    assert "Sold for ¥20.00" in words
    assert "Supply price ¥12.00 each, 1 piece" in words
    assert "Your part ¥8.00" in words
    assert sold["number"] in words
    told = seller.get(f"/distributor/earnings/lines/{sold['earning']}.json").json
    assert sum(step["minor"] for step in told["why"]["steps"]) == told["amount_minor"] == 800
    assert told["transactions"][0]["entries"] == [{"account": "distributor_held", "amount_minor": 800}]
    assert "Your part ¥12.00" in brand.words(f"/brand/earnings/lines/{sold['supply']}")


def test_a_brand_is_told_no_order_number_and_no_buyer(brand, sold, owner):
    with owner.connect() as connection:
        emails = connection.execute(text("SELECT email FROM orders")).scalars().all()
    pages = ["", "/lines", f"/lines/{sold['supply']}", f"/lines/{sold['supply']}.json", f"/moves/{sold['move']}",
             f"/moves/{sold['move']}.json", "/lines?export=csv"]  # fmt: skip
    for page in pages:
        said = brand.get(f"/brand/earnings{page}").text
        assert sold["number"] not in said, page
        assert not any(email in said for email in emails), page


def test_a_distributor_comes_from_the_earning_to_its_order(seller, sold):
    page = seller.get(f"/distributor/earnings/lines/{sold['earning']}").text
    assert f"/distributor/shops/mine/orders/{sold['number']}" in page
    assert seller.get(f"/distributor/shops/mine/orders/{sold['number']}").status_code == 200


def test_what_matured_opens_to_the_earnings_it_moved(seller, inside, owner, sold, moved_clock):
    moved_clock(days=8)
    with inside():
        assert mature_earnings() == 4
    with owner.connect() as connection:
        move = connection.execute(
            text("SELECT matured_by FROM earnings WHERE id = :id"), {"id": sold["earning"]}
        ).scalar_one()
    words = seller.words(f"/distributor/earnings/moves/{move}")
    assert "Became available" in words
    assert "Held -¥16.00 Available ¥16.00" in words
    assert words.count("星幕会员") == 2
    assert "Available ¥16.00" in seller.words("/distributor/earnings")


def test_a_kind_nobody_has_named_is_still_readable(seller, inside, owner, sold):
    with inside(), platform_scope():
        from_owner = owner.connect()
        with from_owner as connection, connection.begin():
            made = connection.execute(text(
                "WITH t AS (INSERT INTO ledger_transactions (key, kind, currency, size, moved_minor, occurred_at)"
                " VALUES ('x', 'goodwill_gift', 'CNY', 2, 500, now()) RETURNING id)"
                " INSERT INTO ledger_entries (transaction_id, position, account, distributor_id, currency, amount_minor, occurred_at)"
                " SELECT id, 1, 'distributor_available', CAST(:d AS bigint), 'CNY', 500, now() FROM t"
                " UNION ALL SELECT id, 2, 'platform_revenue', NULL, 'CNY', -500, now() FROM t RETURNING transaction_id"
            ), {"d": sold["distributor"]}).scalars().first()  # fmt: skip
    words = seller.words(f"/distributor/earnings/moves/{made}")
    assert "Goodwill gift" in words
    assert "Available ¥5.00" in words
    assert "Platform" not in words


def test_what_cannot_be_a_period_is_said(seller):
    for query, told in (
        ("since=2026-11-30&until=2026-11-01", "The last day comes before the first."),
        ("since=yesterday&until=2026-11-01", "Type both days"),
        ("since=2020-01-01&until=2026-11-01", "A year at most"),
        ("since=9999-01-01&until=9999-12-31", "too far away"),
    ):
        for page in ("earnings", "statements"):
            answer = seller.get(f"/distributor/{page}?{query}")
            assert answer.status_code == 422, query
            assert told in words_of(answer), query


def test_a_statement_opens_moves_and_closes(seller, sold):
    words = seller.words("/distributor/statements")
    assert "Opening ¥0.00 ¥0.00 ¥0.00 ¥0.00" in words
    assert "Closing ¥16.00 ¥0.00 ¥0.00 ¥16.00" in words
    assert words.count("Sale settled") == 3


def test_the_csv_has_a_mark_for_excel_and_runs_no_formula(seller, owner, sold):
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE earnings NO FORCE ROW LEVEL SECURITY"))
        connection.execute(text("UPDATE earnings SET product_name = '=HYPERLINK(\"http://evil\")'"))
        connection.execute(text("ALTER TABLE earnings FORCE ROW LEVEL SECURITY"))
    content = seller.get("/distributor/statements.csv").data
    assert content.startswith(b"\xef\xbb\xbf")
    said = content.decode("utf-8-sig")
    assert "'=HYPERLINK" in said
    assert not re.search(r'(^|,)"?=', said, re.MULTILINE)
    assert "Closing,,16.00,0.00,0.00,16.00" in said


def test_the_pdf_holds_chinese_words_an_embedded_typeface_and_what_it_can_be_checked_with(
    seller, browser, sold
):
    seller.language = "zh"
    answer = seller.get("/distributor/statements.pdf")
    assert answer.content_type == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.data))
    said = "".join(page.extract_text() for page in reader.pages)
    for word in ("对账单", "期初", "期末", "待结算", "销售分账", "星幕会员", "¥16.00"):
        assert word in said, word
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert descriptors
    assert all("/FontFile2" in one.get_object() for one in descriptors)
    assert len(answer.data) < 200_000  # only the signs it uses
    number = re.search(r"编号 ([0-9A-Z]{4}-[0-9A-Z]{8})", said).group(1)
    digest = re.search(r"校验码 ((?:[0-9a-f]{4} ?){8})", said).group(1)
    checked = browser().client.get(
        "/verify", query_string={"number": number, "digest": digest}, base_url="http://localhost:8000"
    )
    assert checked.status_code == 200
    assert "¥16.00" in checked.text
    wrong = browser().client.get(
        "/verify", query_string={"number": number, "digest": "0" * 32}, base_url="http://localhost:8000"
    )
    assert wrong.status_code == 404
    assert "¥16.00" not in wrong.text


def test_the_same_statement_is_the_same_document(seller, sold):
    assert seller.get("/distributor/statements.pdf").data == seller.get("/distributor/statements.pdf").data


def test_a_viewer_takes_no_file_away(staff, sold):
    visitor = staff("distributor", "viewer", distributor_id=sold["distributor"])
    assert visitor.get("/distributor/statements").status_code == 200
    for address in (
        "/distributor/statements.pdf",
        "/distributor/statements.csv",
        "/distributor/earnings/lines?export=csv",
    ):
        assert visitor.get(address).status_code == 403, address


def test_pages_ask_as_often_however_much_was_sold(seller, brand, house, inside, sold):
    addresses = (
        (seller, "/distributor/earnings"), (seller, "/distributor/earnings/lines"), (seller, "/distributor/statements"),
        (brand, "/brand/earnings"), (brand, "/brand/earnings/lines"),
    )  # fmt: skip

    def asked() -> list[int]:
        numbers = []
        for visitor, address in addresses:
            with counted(house) as seen:
                assert visitor.get(address).status_code == 200
            numbers.append(len([one for one in seen if one.lstrip().upper().startswith(("SELECT", "WITH"))]))
        return numbers

    before = asked()
    with inside():
        shop = make_shop("more")
        goods = [make_goods(shop, codes=4) for _ in range(3)]
        for one in goods:
            buy(shop, one)
            buy(shop, one)
    with house.app_context(), db.engine.connect():
        pass
    assert asked() == before
    assert max(before) <= 14, before


def test_the_platform_reads_every_side_and_reason(staff, sold):
    visitor = staff("platform")
    assert "Sale settled" in visitor.words("/platform/ledger")
    words = visitor.words(f"/platform/ledger/{sold['move']}")
    for part in (
        "Owed to buyers",
        "-CN¥20.00",
        "Brands: held",
        "CN¥12.00",
        "Distributors: held",
        "CN¥8.00",
        "Sum CN¥0.00",
    ):
        assert part in words, part
    told = visitor.get(f"/platform/ledger/{sold['move']}.json").json
    assert sum(entry["amount_minor"] for entry in told["entries"]) == 0
    assert visitor.get("/platform/ledger/999999").status_code == 404
    found = visitor.words(f"/platform/ledger?q={sold['number']}")
    assert "2 in all" in found  # the payment and the settlement
    assert "1 in all" in visitor.words(f"/platform/ledger?q={told['key']}")
    assert "2 in all" in visitor.words(f"/platform/ledger?distributor={sold['distributor']}")
    accounts = visitor.words("/platform/accounts")
    assert "Distributors: held" in accounts
    assert "Sum CN¥0.00" in accounts


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_firm_that_has_earned_nothing_is_told_what_will_be_here(staff, inside, owner, language):
    with inside():
        make_shop("new")
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops WHERE slug = 'new'")).scalar_one()
    visitor = staff("distributor", distributor_id=firm)
    visitor.language = language
    told = {"en": "Nothing was earned in these days", "zh": "这段时间没有收益"}[language]
    assert told in visitor.words("/distributor/earnings")
    for page in (
        "/distributor/",
        "/distributor/earnings/lines",
        "/distributor/statements",
        "/distributor/statements.pdf",
    ):
        assert visitor.get(page).status_code == 200, page

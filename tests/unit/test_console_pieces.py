"""Small pieces of the consoles: cells of files, roles, digits, domains, pictures, safe text."""

import io
import struct
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from cryptography.exceptions import InvalidTag
from PIL import Image

from app.domain.catalog.pictures import redrawn
from app.domain.catalog.refusals import PictureRefused
from app.domain.distributors.errors import SlugNotAllowed
from app.domain.distributors.proof import query, texts
from app.domain.distributors.rules import clean_host, clean_slug, clean_theme, proposed_slug
from app.domain.identity import passwords, totp
from app.domain.identity.rules import may
from app.foundation.errors import InvalidInput
from app.web.console.export import harmless
from app.web.rich_text import rich_text

NOW = datetime(2026, 7, 1, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "  =1"])
def test_a_cell_that_looks_like_a_formula_is_made_harmless(text):
    assert harmless(text) == f"'{text}"


def test_an_ordinary_cell_stays_as_it_is():
    assert harmless("星幕会员 = 好") == "星幕会员 = 好"


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("viewer", "look", True), ("viewer", "sell", False), ("staff", "sell", True), ("staff", "reveal", False),
        ("manager", "reveal", True), ("manager", "people", False), ("owner", "people", True),
    ],
)  # fmt: skip
def test_each_role_reaches_what_it_needs_and_no_more(role, action, allowed):
    assert may(role, action) is allowed


def test_digits_of_the_step_before_and_after_are_taken():
    secret = totp.new_secret()
    for away in (-30, 0, 30):
        digits = pyotp.TOTP(secret).at(NOW + timedelta(seconds=away))
        assert totp.step_of(secret, digits, at=NOW, last_step=None) is not None
    assert (
        totp.step_of(secret, pyotp.TOTP(secret).at(NOW + timedelta(seconds=90)), at=NOW, last_step=None)
        is None
    )


def test_a_step_that_was_used_and_every_earlier_one_are_refused():
    secret = totp.new_secret()
    digits = pyotp.TOTP(secret).at(NOW)
    step = totp.step_of(secret, digits, at=NOW, last_step=None)
    assert totp.step_of(secret, digits, at=NOW, last_step=step) is None
    before = pyotp.TOTP(secret).at(NOW - timedelta(seconds=30))
    assert totp.step_of(secret, before, at=NOW, last_step=step) is None


def test_a_sealed_totp_secret_opens_for_its_own_user_only():
    box = totp.seal("JBSWY3DPEHPK3PXP", user_id=1, key=b"k" * 32)
    assert totp.open_sealed(box, user_id=1, key=b"k" * 32) == "JBSWY3DPEHPK3PXP"
    with pytest.raises(InvalidTag):
        totp.open_sealed(box, user_id=2, key=b"k" * 32)


def test_passwords_are_argon2id_and_nobody_matches_nothing():
    kept = passwords.hash_password("quiet river 42")
    assert kept.startswith("$argon2id$")
    assert passwords.matches(kept, "quiet river 42")
    assert not passwords.matches(None, "nobody signs in with this")


@pytest.mark.parametrize("text", ["ab", "-abc", "abc-", "a--b", "console", "晨光", "a" * 41, "a.b"])
def test_a_subdomain_that_cannot_be_is_refused(text):
    with pytest.raises(SlugNotAllowed):
        clean_slug(text)


def test_a_name_proposes_its_letters_as_subdomain():
    assert proposed_slug("Daybreak Digital!") == "daybreak-digital"
    assert proposed_slug("晨光") == ""


@pytest.mark.parametrize(
    "text", ["localhost", "shop.localhost", "a b.com", "10.0.0.1", "x.", "http://", "a..b.com"]
)
def test_a_domain_that_is_ours_or_none_is_refused(text):
    with pytest.raises(InvalidInput):
        clean_host(text, base_host="localhost")


def test_a_domain_is_kept_without_scheme_and_dot():
    assert clean_host("https://Shop.Example.com./", base_host="localhost") == "shop.example.com"


def test_a_colour_that_is_none_is_refused_at_its_field():
    with pytest.raises(InvalidInput) as refused:
        clean_theme({"primary": "red;}"})
    assert refused.value.param == "primary"


def test_the_text_records_of_an_answer_are_read():
    number, name = 7, "_perkline.shop.example.com"
    data = b"\x05token\x05-rest"
    record = b"\xc0\x0c" + struct.pack(">2HIH", 16, 1, 60, len(data)) + data
    header = struct.pack(">6H", number, 0x8180, 1, 1, 0, 0)
    assert texts(header + query(number, name)[12:] + record, number) == ["token-rest"]
    with pytest.raises(ValueError, match="question"):
        texts(header, 8)


def picture(kind: str = "PNG", size: tuple[int, int] = (2000, 1000)) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, "teal").save(drawn, kind)
    return drawn.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_webp_of_at_most_1200_pixels(kind):
    made = Image.open(io.BytesIO(redrawn(picture(kind))))
    assert (made.format, made.size) == ("WEBP", (1200, 600))


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", picture()[:200], picture("BMP", (9, 9))],
)
def test_what_is_no_picture_of_ours_is_refused(data):
    with pytest.raises(PictureRefused):
        redrawn(data)


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](http://evil.example/x.png)",
    ],
)
def test_markdown_can_do_nothing_but_be_read(words):
    made = rich_text(words)
    assert "<script" not in made
    assert "<img" not in made
    assert 'href="javascript' not in made


def test_markdown_is_shown_as_it_is_meant():
    made = rich_text("## 用法\n\n- **一**\n- 二\n\n[官网](https://example.com)")
    for part in (
        "<h2>用法</h2>",
        "<strong>一</strong>",
        '<a href="https://example.com" rel="nofollow noopener noreferrer">',
    ):
        assert part in made

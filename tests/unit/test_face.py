"""A shop shows what its keeper wrote, in the reader's language."""

from app.web.look import PERKLINE, PRESETS, face_of, look_of
from tenants.directory import Tenant

SHOP = Tenant(
    1, "lantern", "灯火权益铺", "CNY", "live", ("zh_Hans", "en"),
    theme={"preset": "lake", "primary": "#123456"},
    settings={
        "name_en": "Lantern Perks", "notice": "春节不打烊", "notice_en": "Open all holidays", "hours": "9:00–22:00",
    },
)  # fmt: skip


def test_each_reader_meets_the_shop_in_their_language():
    assert face_of(SHOP, home="http://a/", locale="zh_Hans").notice == "春节不打烊"
    assert face_of(SHOP, home="http://a/", locale="en").name == "Lantern Perks"


def test_words_written_in_one_language_only_are_shown_in_it():
    assert face_of(SHOP, home="http://a/", locale="en").hours == "9:00–22:00"


def test_a_chosen_colour_stands_over_the_preset():
    look = look_of(SHOP.theme)
    assert (look.primary, look.accent) == ("#123456", PRESETS["lake"].accent)


def test_a_kept_value_that_cannot_be_is_passed_over():
    assert look_of({"preset": "?", "primary": "red;}", "corners": "zigzag"}) == PRESETS["lantern"]


def test_where_no_shop_speaks_perkline_does():
    face = face_of(None, home="http://a/", locale="en")
    assert (face.name, face.theme.look) == ("Perkline", PERKLINE)

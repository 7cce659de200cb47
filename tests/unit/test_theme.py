"""Whatever colours a shop chooses, its pages can be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.web.look.colour import contrast, to_hex, to_oklch
from app.web.look.presets import PERKLINE, PRESETS
from app.web.look.theme import READABLE, Look, Palette, compose, readable_on

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
GROUNDED = ["primary", "secondary", "accent", "neutral", "info", "success", "warning", "error"]
INKS = ["base_content", "muted"] + [
    f"{name}_ink" for name in ("primary", "accent", "info", "success", "warning", "error")
]


def assert_readable(palette: Palette) -> None:
    for name in GROUNDED:
        ground = getattr(palette, name)
        assert contrast(getattr(palette, f"{name}_content"), ground) >= READABLE, name
    for name in INKS:
        for base in (palette.base_100, palette.base_200, palette.base_300):
            assert contrast(getattr(palette, name), base) >= READABLE, (name, base)


@settings(deadline=None)
@given(primary=COLOURS, accent=COLOURS, tint=COLOURS)
def test_any_choice_of_colours_stays_readable_in_light_and_dark(primary, accent, tint):
    theme = compose(Look(primary, accent, tint=tint))
    assert_readable(theme.light)
    assert_readable(theme.dark)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_keeps_its_own_primary_in_light(name):
    assert compose(PRESETS[name]).light.primary == PRESETS[name].primary


@given(ground=COLOURS)
def test_words_on_a_coloured_button_can_be_read(ground):
    assert contrast(readable_on(ground), ground) >= READABLE


@given(colour=COLOURS)
def test_a_colour_survives_the_way_to_oklch_and_back(colour):
    there_and_back = to_hex(to_oklch(colour))
    for start in (1, 3, 5):
        one, other = int(colour[start : start + 2], 16), int(there_and_back[start : start + 2], 16)
        assert abs(one - other) <= 2


def test_a_soft_ground_carries_its_own_ink():
    for look in (*PRESETS.values(), PERKLINE):
        for palette in (compose(look).light, compose(look).dark):
            for name in ("primary", "accent", "info", "success", "warning", "error"):
                soft, ink = getattr(palette, f"{name}_soft"), getattr(palette, f"{name}_ink")
                assert contrast(soft, ink) >= READABLE


def test_a_look_that_is_not_a_colour_is_refused():
    with pytest.raises(ValueError, match="#rrggbb"):
        compose(Look("red;}", "#000000"))


def test_a_fixed_mode_ignores_what_the_visitor_prefers():
    assert "prefers-color-scheme" not in compose(Look("#112233", "#445566", mode="dark")).css

"""The form for a shop's look: a preset, or colours of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.web.console.names import THEMES
from app.web.console.typed import Typed
from app.web.look import PRESETS, Look, compose

OWN = "own"


@dataclass(frozen=True, slots=True)
class LookForm:
    """What the template needs besides what was typed."""

    form: Typed

    @property
    def presets(self) -> list[tuple[str, str, Look, Any]]:
        """(name, its word, colours, the composed light palette)."""
        return [(name, str(THEMES.get(name, name)), look, palette(look)) for name, look in PRESETS.items()]


def palette(look: Look) -> Any:
    """The colours a page of this look opens with."""
    theme = compose(look)
    return theme.dark if look.mode == "dark" else theme.light


def look_form(theme: Mapping[str, Any], more: Mapping[str, Any]) -> Typed:
    """The form for a kept theme; a new shop starts with the first preset."""
    first = next(iter(PRESETS))
    preset = theme.get("preset") or (first if not theme else OWN)
    look = PRESETS.get(preset, PRESETS[first])
    start = {
        "preset": preset, "primary": theme.get("primary", look.primary), "accent": theme.get("accent", look.accent),
        "tint": theme.get("tint", look.tint), "corners": theme.get("corners", look.corners),
        "typeface": theme.get("typeface", look.typeface), "mode": theme.get("mode", look.mode),
    }  # fmt: skip
    return Typed({**start, **more})


def typed_look(form: Typed) -> dict[str, str]:
    """The look that was chosen, whole: a preset is written out, so that it stays if presets change."""
    chosen = form.choice("preset", (*PRESETS, OWN))
    if chosen in PRESETS:
        look = PRESETS[chosen]
        return {
            "preset": chosen, "primary": look.primary, "accent": look.accent, "tint": look.tint,
            "corners": look.corners, "typeface": look.typeface, "mode": look.mode,
        }  # fmt: skip
    names = ("primary", "accent", "tint", "corners", "typeface", "mode")
    return {"preset": OWN, **{name: form.text(name, most=20, required=False) for name in names}}

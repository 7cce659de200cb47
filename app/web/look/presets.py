"""Looks a distributor can start from, and Perkline's own."""

from app.web.look.theme import Look

PRESETS: dict[str, Look] = {
    "lantern": Look("#d7322e", "#f0a92b", tint="#c98a6a"),
    "lake": Look("#0f6d8c", "#e8734a", tint="#5b8ea3"),
    "bamboo": Look("#1f7a4d", "#d9a441", tint="#7d9a76", corners="round", typeface="rounded"),
    "ink": Look("#23252b", "#c23a2b", tint="#8a8478", corners="sharp", typeface="serif"),
    "arcade": Look("#6d4aff", "#19c3b2", tint="#7a6fb8", corners="soft", mode="dark"),
    "peach": Look("#e2557a", "#6a5acd", tint="#d8a0ad", corners="round", typeface="rounded"),
    "citrus": Look("#ffc02e", "#1c7c54", tint="#c4b27a", corners="soft"),
    "cobalt": Look("#1f4fd8", "#ff7a45", tint="#7387b8"),
}
"""By name; the names are shown translated in the shop-opening wizard."""

PERKLINE = Look("#1d5c4d", "#e07a3f", tint="#7f9189")
"""Consoles, and pages that belong to no shop."""

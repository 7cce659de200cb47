"""How Perkline looks: layouts, macros, themes, icons and the files a browser loads."""

from app.web.look.face import ShopFace, face_of, look_of
from app.web.look.furnish import CATALOGUE, content_security_policy, face_here, furnish
from app.web.look.presets import PERKLINE, PRESETS
from app.web.look.theme import Look, Theme, compose

__all__ = [
    "CATALOGUE",
    "PERKLINE",
    "PRESETS",
    "Look",
    "ShopFace",
    "Theme",
    "compose",
    "content_security_policy",
    "face_here",
    "face_of",
    "furnish",
    "look_of",
]

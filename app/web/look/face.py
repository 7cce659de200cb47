"""What every page, mail and pay page of a shop shows of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.web.look.colour import is_hex
from app.web.look.presets import PERKLINE, PRESETS
from app.web.look.theme import CORNERS, MODES, TYPEFACES, Look, Theme, compose
from tenants.directory import Tenant


@dataclass(frozen=True, slots=True)
class ShopFace:
    """A shop as its visitors see it; the same for all of them."""

    name: str
    home: str
    """Address of its home with scheme and port and no slash at the end, for mails."""
    currency: str
    theme: Theme
    tagline: str = ""
    logo: str | None = None
    notice: str = ""
    contact: str = ""
    """As the shopkeeper wrote it: an e-mail, a WeChat number, a telephone number."""
    hours: str = ""
    letters: str = ""
    """One or two signs that stand in for a missing logo, where the shopkeeper chose some."""
    zone: str = "Asia/Shanghai"
    """IANA time zone in which the shop's visitors read times."""
    languages: tuple[str, ...] = ("zh_Hans", "en")
    closed: bool = False
    """Whether the shop sells nothing at the moment; orders stay within reach."""

    @property
    def initial(self) -> str:
        """Stands in for a missing logo."""
        return (self.letters or self.name[:1]).upper()


def face_of(tenant: Tenant | None, *, home: str, locale: str) -> ShopFace:
    """A shop's face in a reader's language, or Perkline's own where there is no shop.

    What was never set falls back to the first preset.
    """
    if tenant is None:
        return ShopFace(name="Perkline", home=home.rstrip("/"), currency="CNY", theme=compose(PERKLINE))
    words = tenant.settings

    def said(name: str) -> str:
        english = words.get(f"{name}_en") if locale.startswith("en") else None
        return str(english or words.get(name) or "")

    return ShopFace(
        name=str((locale.startswith("en") and words.get("name_en")) or tenant.name),
        home=home.rstrip("/"),
        currency=tenant.currency,
        theme=compose(look_of(tenant.theme)),
        tagline=said("tagline"),
        logo=words.get("logo") or None,
        notice=said("notice"),
        contact=said("contact"),
        hours=said("hours"),
        letters=str(words.get("logo_letters") or "")[:2],
        zone=str(words.get("timezone") or "Asia/Shanghai"),
        closed=tenant.status == "closed",
        languages=tenant.languages or ("zh_Hans", "en"),
    )


def look_of(kept: Mapping[str, Any]) -> Look:
    """A look as the database keeps it; an unknown value is passed over, not an error."""
    base = PRESETS.get(str(kept.get("preset")), PRESETS["lantern"])
    colours = {name: str(kept[name]) for name in ("primary", "accent", "tint") if is_hex(str(kept.get(name)))}

    def one_of(name: str, allowed: Collection[str], otherwise: str) -> Any:
        value = kept.get(name)
        return value if value in allowed else otherwise

    return Look(
        primary=colours.get("primary", base.primary),
        accent=colours.get("accent", base.accent),
        tint=colours.get("tint", base.tint),
        corners=one_of("corners", CORNERS, base.corners),
        typeface=one_of("typeface", TYPEFACES, base.typeface),
        mode=one_of("mode", MODES, base.mode),
    )

"""What the console layout shows around a page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    href: str
    icon: str
    count: int = 0
    """Things waiting for a person there; nothing is shown for none."""


@dataclass(frozen=True, slots=True)
class NavGroup:
    items: tuple[NavItem, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """Given to `look/console.html` as `frame`; labels arrive translated."""

    door: str
    """「分销商」, 「品牌方」 or 「平台」."""
    subject: str
    """Whose console this is: the distributor's, the brand's or Perkline's name."""
    person: str
    nav: tuple[NavGroup, ...]
    current: str
    """Address of the item in the sidebar that this page belongs to."""
    doors: tuple[tuple[str, str], ...] = ()
    """Other consoles this person may enter: label and address."""
    sign_out: str = "/sign-out"

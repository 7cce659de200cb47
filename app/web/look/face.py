"""What every page, mail and pay page of a shop shows of it."""

from dataclasses import dataclass

from app.web.look.theme import Theme


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
    zone: str = "Asia/Shanghai"
    """IANA time zone in which the shop's visitors read times."""
    languages: tuple[str, ...] = ("zh_Hans", "en")

    @property
    def initial(self) -> str:
        """Stands in for a missing logo."""
        return self.name[:1].upper()

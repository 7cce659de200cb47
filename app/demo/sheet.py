"""What to open and how to sign in, on one sheet."""

from sqlalchemy import select

from app.demo.people import PASSWORD, PEOPLE
from app.demo.shops import SHOPS
from app.domain.distributors.models import Shop
from app.domain.identity.models import User
from app.foundation.database import session
from app.foundation.runtime import settings
from tenants.context import platform_scope


def sheet() -> str:
    """The addresses and logins of this house; of a house without the demo, its addresses."""
    with platform_scope():
        shops = (
            session().execute(select(Shop.slug, Shop.name, Shop.name_en).where(Shop.status == "live")).all()
        )
        known = set(session().execute(select(User.email)).scalars())
    taglines = {shop.slug: shop.tagline.en for shop in SHOPS}
    lines = ["", "Shops"]
    for slug, name, name_en in shops:
        lines.append(f"  {settings().shop_url(slug):34} {name}  {name_en}. {taglines.get(slug, '')}")
    console = settings().host_url(f"console.{settings().base_host}")
    lines += ["", "Consoles", f"  {console}", *_logins(known), "", "Money and mail", *_outside()]
    return "\n".join(line.rstrip() for line in lines)


def _logins(known: set[str]) -> list[str]:
    people = [person for person in PEOPLE if person.email in known]
    if not people:
        return []
    logins = [f"  {each.email:26} {each.kind:12} {each.role:8} {each.name}" for each in people]
    return [*logins, f"  The password of all of them: {PASSWORD}"]


def _outside() -> list[str]:
    pay = settings().host_url(f"pay.{settings().base_host}")
    paid = {
        "sandbox": f"Orders are paid on the sandbox's own page at {pay}: no real money.",
        "stripe": "Stripe is paid.",
    }
    kept = f"Mails are kept in {settings().home / 'mailbox'}"
    return [
        f"  {paid[settings().gateway]}",
        f"  {'Mails are sent by SMTP.' if settings().smtp_url else kept}",
    ]

"""A buyer comes in by a link in the mail: no password, one use, a quarter of an hour, one shop."""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.identity import buyers
from app.domain.identity.errors import SignInLinkSpent
from app.domain.identity.models import BuyerSignIn
from app.domain.notifications import service as notifications
from app.domain.orders import queries as orders
from app.domain.orders.rules import clean_email
from app.foundation import clock, ids, pace
from app.foundation.actor import Actor
from app.foundation.addresses import mailbox, neighbourhood
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tenants.directory import Tenant

MINUTES = 15
WINDOW_SECONDS = 15 * 60
PER_ADDRESS, PER_EMAIL = 20, 4


@dataclass(frozen=True, slots=True)
class BuyerIn:
    """Who came in."""

    buyer_id: int
    email: str


def ask(email: str, *, shop: Tenant, locale: str, actor: Actor, anyone: bool = False) -> None:
    """Mail a link to somebody who has bought here, or to `anyone`; to the asker it looks the same whoever it is."""
    email = clean_email(email)
    pace.count_try("sign-in-address", neighbourhood(actor.ip), most=PER_ADDRESS, seconds=WINDOW_SECONDS)
    # One mailbox is mailed so often, however it is spelt.
    pace.count_try("sign-in-email", mailbox(email), most=PER_EMAIL, seconds=WINDOW_SECONDS)
    nonce = ids.token()
    with unit_of_work(actor) as work:
        work.session.add(
            BuyerSignIn(
                shop_id=shop.id, email=email, digest=ids.token_digest(token_of(shop.id, nonce)),
                expires_at=clock.now() + timedelta(minutes=MINUTES),
            )
        )  # fmt: skip
        if anyone or orders.of_buyer(email, limit=1):
            notifications.write(
                work, key=f"sign-in:{nonce}", kind="sign_in", recipient=email, locale=locale, shop_id=shop.id,
                sign_in=nonce,
            )  # fmt: skip


def use(token: str, *, shop: Tenant, locale: str, actor: Actor) -> BuyerIn:
    """Turn a link into a signed-in buyer, once, or raise SignInLinkSpent."""
    with unit_of_work(actor) as work:
        email = buyers.use_sign_in(ids.token_digest(token), at=clock.now())
        if email is None:
            raise SignInLinkSpent
        buyer_id = buyers.come_in(shop.id, email, locale=locale, at=clock.now())
        work.record("buyer.signed_in", f"buyer:{buyer_id}")
        return BuyerIn(buyer_id, email)


def forget_links() -> None:
    """Keep no link, and no e-mail with it, once it can open nothing any more."""
    with platform_scope(), unit_of_work():
        buyers.forget_links(clock.now())


def token_of(shop_id: int, nonce: str) -> str:
    """The token of a mailed link. Only its digest and the nonce are kept: neither opens anything without our key."""
    return ids.keyed(settings().key_for("buyer-sign-in"), f"{shop_id}:{nonce}")

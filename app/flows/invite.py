"""Links that bring somebody in: a brand's to its goods, a distributor's to its downline."""

from datetime import datetime, timedelta

from app.domain.brands import queries as brands
from app.domain.distributors import invites, levels, service, shops
from app.domain.distributors.errors import InviteForNewFirms
from app.domain.distributors.models import Invite
from app.flows.partner import admit
from app.flows.partner_news import brand_reader, distributor_reader, tell
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.runtime import settings
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope

MOST_USES, MOST_DAYS = 1000, 365


def make_brand_link(
    brand_id: int, *, level_id: int | None, most: int, days: int, note: str, actor: Actor
) -> str:
    """A link to the brand's goods; who opens it becomes its partner at once. Returns the token."""
    expires_at = _until(most, days)
    with brand_scope(brand_id), unit_of_work(actor) as work:
        level = levels.level_of(brand_id, level_id).id if level_id is not None else None
        token = invites.keep(
            _key(), brand_id=brand_id, level_id=level, most=most, expires_at=expires_at, note=note.strip(), by=actor.id
        )  # fmt: skip
        work.record("invite.made", f"brand:{brand_id}", level=level, most=most, days=days)
        return token


def make_recruit_link(distributor_id: int, *, most: int, days: int, note: str, actor: Actor) -> str:
    """A link for new firms: who signs up through it has this distributor above itself. Returns the token."""
    expires_at = _until(most, days)
    with distributor_scope(distributor_id), unit_of_work(actor) as work:
        token = invites.keep(
            _key(), distributor_id=distributor_id, most=most, expires_at=expires_at, note=note.strip(), by=actor.id
        )  # fmt: skip
        work.record("invite.made", f"distributor:{distributor_id}", most=most, days=days)
        return token


def end_link(
    invite_id: int, *, brand_id: int | None = None, distributor_id: int | None = None, actor: Actor
) -> None:
    """Let a link bring nobody in any more."""
    scope = brand_scope(brand_id) if brand_id is not None else distributor_scope(distributor_id or 0)
    with scope, unit_of_work(actor) as work:
        if not invites.end(invite_id):
            raise NotFound(what="invite")
        work.record("invite.ended", f"invite:{invite_id}")


def token_again(invite: Invite) -> str:
    """The token of a link that is kept: made again from our key."""
    return invites.token_of(
        _key(), brand_id=invite.brand_id, distributor_id=invite.distributor_id, made_at=invite.created_at
    )


def who_invites(token: str) -> tuple[str, str]:
    """(brand or distributor, its name) of a link that works, or InviteOver."""
    with platform_scope():
        invite = invites.look(token)
        if invite.brand_id is not None:
            brand = brands.brand(invite.brand_id)
            return "brand", brand.name if brand else ""
        firm = shops.distributor(invite.distributor_id or 0)
        return "distributor", firm.name if firm else ""


def accept(token: str, distributor_id: int, *, actor: Actor) -> int:
    """A distributor that is here already follows a brand's link; returns the brand's id.

    InviteOver, InviteForNewFirms or PartnerSuspended; who sells the brand's goods already uses nothing up.
    """
    with platform_scope():
        looked = invites.look(token)
    if looked.brand_id is None:
        raise InviteForNewFirms
    with platform_scope(), unit_of_work(actor) as work:
        service.lock(distributor_id)
        if admit(work, looked.brand_id, distributor_id, level_id=looked.level_id):
            invite = invites.claim(token)
            _tell_brand(work, invite, distributor_id)
    return looked.brand_id


def welcome(work: Work, token: str, distributor_id: int) -> None:
    """A firm that has just signed up through a link, in the open transaction; InviteOver leaves nothing behind."""
    invite = invites.claim(token)
    if invite.brand_id is not None:
        admit(work, invite.brand_id, distributor_id, level_id=invite.level_id)
        _tell_brand(work, invite, distributor_id)
        return
    service.put_below(distributor_id, invite.distributor_id)
    work.record("distributor.recruited", f"distributor:{distributor_id}", upline=invite.distributor_id)
    tell(
        work, distributor_reader(invite.distributor_id or 0), "recruited",
        key=f"recruited:{distributor_id}", page="/distributor/recruit", distributor=_name(distributor_id),
    )  # fmt: skip


def _tell_brand(work: Work, invite: Invite, distributor_id: int) -> None:
    tell(
        work, brand_reader(invite.brand_id or 0), "partner_joined",
        key=f"partner:{invite.brand_id}:{distributor_id}:invited:{invite.id}", page="/brand/distributors",
        distributor=_name(distributor_id), note=invite.note,
    )  # fmt: skip


def _name(distributor_id: int) -> str:
    firm = shops.distributor(distributor_id)
    return firm.name if firm else ""


def _until(most: int, days: int) -> datetime:
    for name, value, limit in (("most", most, MOST_USES), ("days", days, MOST_DAYS)):
        if not 1 <= value <= limit:
            raise InvalidInput(param=name, reason="out_of_range", least=1, most=limit)
    return clock.now() + timedelta(days=days)


def _key() -> bytes:
    return settings().key_for("invite")

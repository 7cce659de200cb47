"""Changes of distributors and shops, inside the caller's transaction."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.domain.distributors import shops
from app.domain.distributors.errors import DistributorNotApproved, HostTaken, SlugTaken, UplineCircle
from app.domain.distributors.models import Distributor, Shop, ShopHost
from app.foundation import clock, ids
from app.foundation.database import session


def found(*, name: str, contact_email: str, approved: bool) -> int:
    """A new distributor; it waits for the platform unless approved at once."""
    distributor = Distributor(
        name=name, contact_email=contact_email, status="approved" if approved else "pending",
        approved_at=clock.now() if approved else None,
    )  # fmt: skip
    session().add(distributor)
    session().flush()
    return distributor.id


def lock(distributor_id: int) -> Distributor:
    """The distributor, locked, so that two windows do not open two shops at once."""
    return (
        session()
        .execute(select(Distributor).where(Distributor.id == distributor_id).with_for_update(key_share=True))
        .scalar_one()
    )


def check_approved(distributor: Distributor) -> None:
    if distributor.status != "approved":
        raise DistributorNotApproved(status=distributor.status)


def keep_draft(distributor_id: int, **values: Any) -> Shop:
    """The one draft of a distributor with these values; SlugTaken when somebody was faster."""
    draft = shops.draft_of(distributor_id)
    if draft is None:
        draft = Shop(distributor_id=distributor_id)
        session().add(draft)
    for name, value in values.items():
        setattr(draft, name, value)
    try:
        session().flush()
    except IntegrityError as error:
        raise SlugTaken(param="slug", slug=values.get("slug")) from error
    return draft


def change_settings(shop: Shop, **values: Any) -> None:
    """Settings by name; None takes one away."""
    kept = {**shop.settings, **values}
    shop.settings = {name: value for name, value in kept.items() if value is not None}


def open_shop(shop: Shop) -> bool:
    """Take a draft live, once; False where it is open already."""
    opened = session().execute(
        update(Shop)
        .where(Shop.id == shop.id, Shop.status == "draft")
        .values(status="live", opened_at=clock.now())
        .returning(Shop.id)
    )
    return opened.scalar() is not None


def add_host(shop_id: int, host: str) -> ShopHost:
    """A custom domain with the token it must show, or HostTaken."""
    row = ShopHost(shop_id=shop_id, host=host, token=ids.token())
    session().add(row)
    try:
        session().flush()
    except IntegrityError as error:
        raise HostTaken(param="host", host=host) from error
    return row


def put_below(distributor_id: int, upline_id: int | None) -> int | None:
    """Another upline, or none; returns the one before. UplineCircle where it would be above itself."""
    distributor = lock(distributor_id)
    before, distributor.upline_id = distributor.upline_id, upline_id
    try:
        session().flush()
    except IntegrityError as error:
        told = getattr(getattr(error.orig, "diag", None), "constraint_name", "")
        if told in {"upline_circle", "ck_distributors_upline"}:
            raise UplineCircle(param="upline") from error
        raise
    return before

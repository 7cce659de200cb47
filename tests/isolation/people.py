"""Everybody who may knock: anonymous, each role of each kind of firm, and buyers."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.distributors.models import Shop
from app.domain.identity.models import Membership, User
from app.domain.identity.rules import ROLES
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tests.isolation.world import Side

CONSOLE = "http://console.localhost"


@dataclass(frozen=True)
class Person:
    """A console's user with one seat."""

    name: str
    user_id: int
    seat_id: int
    kind: str
    role: str

    def come_in(self, app: Flask) -> FlaskClient:
        """A browser that is signed in at the consoles."""
        client = app.test_client()
        with client.session_transaction(base_url=CONSOLE) as kept:
            kept["_user_id"], kept["_fresh"], kept["seat"] = f"{self.user_id}.0", True, self.seat_id
        return client


def seat(
    kind: str, role: str, name: str, *, brand_id: int | None = None, distributor_id: int | None = None
) -> Person:
    with platform_scope(), unit_of_work() as work:
        user = User(email=f"{name}-{kind}-{role}@example.com", name=name, password_hash="x")
        work.session.add(user)
        work.session.flush()
        place = Membership(
            user_id=user.id, kind=kind, role=role, brand_id=brand_id, distributor_id=distributor_id
        )
        work.session.add(place)
        work.session.flush()
        return Person(f"{name} {kind} {role}", user.id, place.id, kind, role)


def staff_of(side: Side, name: str) -> list[Person]:
    """Every role in the distributor's and in the brand's firm of one side."""
    with platform_scope():
        distributor_id = (
            session().execute(select(Shop.distributor_id).where(Shop.id == side.shop.id)).scalar_one()
        )
        session().rollback()
    return [
        *(seat("distributor", role, name, distributor_id=distributor_id) for role in ROLES),
        *(seat("brand", role, name, brand_id=side.goods.brand_id) for role in ROLES),
    ]

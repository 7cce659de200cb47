"""The consoles' door: who may try how often, and what ends half a sign-in."""

from collections.abc import Callable

import pytest
from redis.exceptions import TimeoutError as RedisTimeout

from app.domain.identity import service, totp
from app.domain.identity.errors import SignInRefused
from app.domain.identity.models import User
from app.flows import sign_in as coming
from app.foundation.actor import Actor
from app.foundation.errors import Busy, TooManyRequests
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

CONSOLE = "http://console.localhost:8000"
EMAIL, PASSWORD = "owner@example.com", "correct horse battery"
HOME, STRANGER = Actor("visitor", ip="203.0.113.5"), Actor("visitor", ip="198.51.100.66")


def make_user(*, with_totp: bool = False) -> int:
    with platform_scope(), unit_of_work() as work:
        user_id = service.register(email=EMAIL, name="Lin", password=PASSWORD)
        if with_totp:
            user = work.session.get_one(User, user_id)
            user.totp_secret = totp.seal(totp.new_secret(), user_id=user_id, key=settings().key_for("totp"))
        return user_id


def guess(actor: Actor, times: int) -> list[type[Exception]]:
    ends: list[type[Exception]] = []
    for _ in range(times):
        try:
            coming.sign_in(EMAIL, "not the password", actor=actor)
        except (SignInRefused, TooManyRequests) as error:
            ends.append(type(error))
    return ends


def test_a_stranger_who_guesses_does_not_lock_the_owner_out(app):
    make_user()
    assert TooManyRequests in guess(STRANGER, 12)
    assert coming.sign_in(EMAIL, PASSWORD, actor=HOME).needs_code is False


def test_the_eleventh_guess_from_one_address_is_not_even_looked_at(app):
    make_user()
    assert guess(STRANGER, 11) == [SignInRefused] * 10 + [TooManyRequests]
    with pytest.raises(TooManyRequests):
        coming.sign_in(EMAIL, PASSWORD, actor=STRANGER)


def test_a_guesser_with_many_ipv6_addresses_of_one_line_is_counted_as_one(app):
    make_user()
    ends = [guess(Actor("visitor", ip=f"2001:db8:1:2::{at:x}"), 1)[0] for at in range(11)]
    assert ends[-1] is TooManyRequests


def test_where_redis_does_not_answer_nobody_guesses_uncounted(app, monkeypatch):
    make_user()

    def hangs(*_: object, **__: object) -> None:
        raise RedisTimeout

    monkeypatch.setattr("redis.client.Pipeline.execute", hangs)
    with pytest.raises(Busy):
        coming.sign_in(EMAIL, PASSWORD, actor=HOME)


def test_half_a_sign_in_ends_with_a_sign_out_everywhere(house, inside: Callable):
    with inside():
        user_id = make_user(with_totp=True)
    browser = house.test_client()
    came = browser.post(
        "/sign-in", base_url=CONSOLE, data={"email": EMAIL, "password": PASSWORD}, headers={"Origin": CONSOLE}
    )
    assert came.headers["Location"].startswith("/sign-in/code")
    assert browser.get("/sign-in/code", base_url=CONSOLE).status_code == 200
    with inside():
        coming.sign_out_everywhere(user_id, actor=HOME)
    assert browser.get("/sign-in/code", base_url=CONSOLE).headers["Location"] == "/sign-in"

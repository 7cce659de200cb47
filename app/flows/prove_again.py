"""Somebody who is signed in proves once more who they are, before money goes another way."""

from app.domain.identity import passwords, queries, service, totp, tries
from app.domain.identity.errors import CodeRefused, SignInRefused
from app.domain.identity.models import User
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import NotFound
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def prove_again(user_id: int, password: str, digits: str, *, actor: Actor) -> None:
    """Check the password, and the six digits of whoever has set them up; tries are counted as at signing in.

    Raises SignInRefused for `password` or CodeRefused for `code`.
    """
    with platform_scope():
        with unit_of_work():
            user = _user(user_id)
            email, kept, sealed = user.email, user.password_hash, user.totp_secret
        tries.count_sign_in(email, actor.ip)
        if not passwords.matches(kept, password):
            _refused(user_id, actor)
            raise SignInRefused(param="password")
        if sealed is not None:
            tries.count_code(user_id)
            with unit_of_work():
                _check_code(_user(user_id), digits)
        tries.forget_sign_in(email, actor.ip)


def _check_code(user: User, digits: str) -> None:
    secret = totp.open_sealed(user.totp_secret or b"", user_id=user.id, key=settings().key_for("totp"))
    step = totp.step_of(secret, digits, at=clock.now(), last_step=user.totp_last_step)
    if step is None or not service.use_step(user.id, step):
        raise CodeRefused(param="code")


def _user(user_id: int) -> User:
    user = queries.user(user_id)
    if user is None or user.disabled_at is not None:
        raise NotFound(what="user")
    return user


def _refused(user_id: int, actor: Actor) -> None:
    with unit_of_work(actor) as work:
        work.record("user.password_refused", f"user:{user_id}", at="payout_account")

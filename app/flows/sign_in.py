"""Somebody comes in to the consoles, and goes."""

from dataclasses import dataclass, replace

from app.domain.identity import passwords, queries, service, totp, tries
from app.domain.identity.errors import CodeRefused, SignInRefused
from app.domain.identity.models import User
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import NotFound
from app.foundation.runtime import settings
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who came; `needs_code` says that the password alone does not open."""

    user_id: int
    epoch: int
    needs_code: bool


def sign_in(email: str, password: str, *, actor: Actor) -> SignedIn:
    """Check a password, or raise SignInRefused; what is unknown and what is wrong look the same."""
    email = email.strip().lower()
    tries.count_sign_in(email, actor.ip)
    with platform_scope(), unit_of_work(actor) as work:
        user = queries.user_by_email(email)
        known = user is not None and user.disabled_at is None
        right = passwords.matches(user.password_hash if user and known else None, password)
        if user is not None and right:
            if passwords.is_dated(user.password_hash):
                user.password_hash = passwords.hash_password(password)
            tries.forget_sign_in(email, actor.ip)
            _note(work, "password_accepted", user)
            return SignedIn(user.id, user.session_epoch, user.totp_secret is not None)
        if user is not None:
            _note(work, "password_refused", user)
    raise SignInRefused(param="password")


def confirm_code(user_id: int, digits: str, *, actor: Actor) -> SignedIn:
    """The second step: six digits, good for one use, or CodeRefused."""
    tries.count_code(user_id)
    with platform_scope(), unit_of_work(actor) as work:
        user = _user(user_id)
        if user.totp_secret is None or not _take_step(user, _secret_of(user), digits):
            raise CodeRefused(param="code")
        _note(work, "code_accepted", user)
        return SignedIn(user.id, user.session_epoch, needs_code=False)


def set_up_totp(user_id: int, secret: str, digits: str, *, actor: Actor) -> int:
    """Keep a TOTP secret once its digits prove that the telephone has it; other sign-ins end.

    Returns the new epoch, which only this sign-in will carry.
    """
    tries.count_code(user_id)
    with platform_scope(), unit_of_work(actor) as work:
        user = _user(user_id)
        if not _take_step(user, secret, digits):
            raise CodeRefused(param="code")
        user.totp_secret = totp.seal(secret, user_id=user.id, key=settings().key_for("totp"))
        user.session_epoch += 1
        _note(work, "totp_set_up", user)
        return user.session_epoch


def remove_totp(user_id: int, password: str, *, actor: Actor) -> None:
    """Sign in by password alone again; asks for the password."""
    with platform_scope(), unit_of_work(actor) as work:
        user = _user_with_password(user_id, password, actor)
        user.totp_secret, user.totp_last_step = None, None
        _note(work, "totp_removed", user)


def change_password(user_id: int, old: str, new: str, *, actor: Actor) -> int:
    """A new password; returns the new epoch, which only this sign-in will carry."""
    with platform_scope(), unit_of_work(actor) as work:
        user = _user_with_password(user_id, old, actor)
        service.set_password(user, new)
        _note(work, "password_changed", user)
        return user.session_epoch


def change_profile(user_id: int, *, name: str, locale: str, actor: Actor) -> None:
    with platform_scope(), unit_of_work(actor) as work:
        user = _user(user_id)
        user.name, user.locale = name, locale
        _note(work, "profile_changed", user)


def sign_out_everywhere(user_id: int, *, actor: Actor) -> None:
    """Every cookie of this person stops being one."""
    with platform_scope(), unit_of_work(actor) as work:
        user = _user(user_id)
        user.session_epoch += 1
        _note(work, "signed_out_everywhere", user)


def _user(user_id: int) -> User:
    user = queries.user(user_id)
    if user is None:
        raise NotFound(what="user")
    return user


def _user_with_password(user_id: int, password: str, actor: Actor) -> User:
    user = _user(user_id)
    tries.count_sign_in(user.email, actor.ip)
    if not passwords.matches(user.password_hash, password):
        raise SignInRefused(param="old")
    tries.forget_sign_in(user.email, actor.ip)
    return user


def _secret_of(user: User) -> str:
    return totp.open_sealed(user.totp_secret or b"", user_id=user.id, key=settings().key_for("totp"))


def _take_step(user: User, secret: str, digits: str) -> bool:
    step = totp.step_of(secret, digits, at=clock.now(), last_step=user.totp_last_step)
    return step is not None and service.use_step(user.id, step)


def _note(work: Work, action: str, user: User) -> None:
    # Whoever knows the password or the digits is that person; who only tried is nobody yet.
    known = action != "password_refused"
    who = replace(work.actor, kind="staff", id=user.id, name=user.name) if known else work.actor
    replace(work, actor=who).record(f"user.{action}", f"user:{user.id}")

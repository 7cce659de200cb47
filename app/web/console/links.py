"""Invite links on a page: their address, and a picture of it for telephones."""

import segno
from flask import url_for
from markupsafe import Markup

from app.domain.distributors.invites import state_of
from app.domain.distributors.models import Invite
from app.flows.invite import token_again
from app.foundation.runtime import settings


def address_of(invite: Invite) -> str:
    """Where a link that works leads; empty for one that is over."""
    if state_of(invite) != "open":
        return ""
    home = settings().host_url(f"console.{settings().base_host}").rstrip("/")
    return home + url_for("console.invited", token=token_again(invite))


def picture_of(address: str) -> Markup:
    """The address as a QR code."""
    drawn = segno.make(address, error="m").svg_inline(scale=4, border=2, dark="#111", light="#fff")
    return Markup(drawn)  # noqa: S704 - drawn by segno from squares

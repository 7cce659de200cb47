"""Revealed secrets as a page shows them. They pass through here and are kept nowhere."""

from collections.abc import Sequence
from datetime import datetime

import segno
from markupsafe import Markup

from app.flows.reveal import Revealed
from app.web.storefront import page_data as data

WEB = ("http://", "https://")


def shown(revealed: Sequence[Revealed]) -> tuple[data.Secret, ...]:
    return tuple(_one(unit) for unit in revealed)


def _one(unit: Revealed) -> data.Secret:
    until = unit.expires_at if isinstance(unit.expires_at, datetime) else None
    card, password = unit.secret.card, unit.secret.password or ""
    if card.startswith(WEB) and not password:
        return data.Secret(link=card, qr=_qr(card), valid_until=until)
    return data.Secret(code=card, password=password, valid_until=until)


def _qr(link: str) -> Markup:
    return Markup(segno.make(link, error="m").svg_inline(scale=4, border=2))  # noqa: S704 - drawn by segno from squares

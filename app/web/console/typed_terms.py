"""What is typed where terms are set: a moment in the house's time zone, a percentage; and how it is carried on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _

from app.domain.commissions.calendar import ZONE
from app.web.console.typed import Typed


def typed_moment(form: Typed, name: str, *, required: bool = True) -> datetime | None:
    """What a `datetime-local` field says, as UTC; it is read in the house's zone."""
    words = form.text(name, required=required, most=30)
    if not words:
        return None
    try:
        return datetime.fromisoformat(words).replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError:
        form.errors[name] = _("This is not a date and time.")
        return None


def as_field(at: datetime | None) -> str:
    """A moment as such a field shows it."""
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if at else ""


def typed_rate(form: Typed, name: str, *, required: bool = True) -> int:
    """Basis points of a percentage with at most two decimals; how large it may be the rule says."""
    words = form.text(name, required=required, most=12).rstrip("%").strip()
    if not words:
        return 0
    try:
        scaled = Decimal(words) * 100
    except InvalidOperation:
        form.errors[name] = _("A percentage such as 12.5.")
        return 0
    if not scaled.is_finite() or scaled != scaled.to_integral_value() or abs(scaled) > 10**8:
        form.errors[name] = _("A percentage such as 12.5, with at most two decimals.")
        return 0
    return int(scaled)


def kept(form: Any, *, leave: Sequence[str] = ("do", "show", "period")) -> list[tuple[str, str]]:
    """What was typed, to be carried through the preview."""
    return [(name, value) for name, value in form.items(multi=True) if name not in leave]

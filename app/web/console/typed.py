"""What a person typed into a form: read field by field, complained about field by field, lost never."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _

from app.foundation import money
from app.foundation.errors import InvalidInput, NotFound, ProductError
from app.foundation.plain import is_plain
from app.web.console.sentences import REASONS, sentence


class Typed:
    """The values of a form by name, and the sentence for each that cannot be.

    On a first visit `start` is shown; after a POST what was typed, whatever it was.
    """

    def __init__(self, start: Mapping[str, Any] | None = None) -> None:
        self.sent = request.method == "POST"
        self.start = dict(start or {})
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> Any:
        """For templates: `form.name` is what stands in the field."""
        if self.sent:
            return request.form.get(name, "")
        value = self.start.get(name)
        return "" if value is None else value

    @property
    def ok(self) -> bool:
        return not self.errors

    def text(self, name: str, *, required: bool = True, most: int = 120) -> str:
        value = request.form.get(name, "").strip()
        if required and not value:
            self.errors[name] = _("Please fill this in.")
        if not is_plain(value):
            self.errors[name] = str(REASONS["control_signs"])
        if len(value) > most:
            self.errors[name] = _("At most %(most)d characters.", most=most)
        return value

    def whole(self, name: str, *, least: int, most: int, required: bool = True) -> int | None:
        value = request.form.get(name, "").strip()
        if not value and not required:
            return None
        number = int(value) if value.lstrip("-").isdecimal() and len(value) < 12 else None
        if number is None or not least <= number <= most:
            self.errors[name] = _("A whole number from %(least)d to %(most)d.", least=least, most=most)
            return least
        return number

    def money(self, name: str, currency: str, *, required: bool = True) -> int | None:
        """Minor units of the currency."""
        value = request.form.get(name, "").strip()
        if not value and not required:
            return None
        try:
            return money.parse(value, currency, param=name).minor
        except InvalidInput as error:
            self.blame(error)
            return 0

    def choice(self, name: str, options: Collection[str]) -> str:
        value = request.form.get(name, "")
        if value not in options:
            self.errors[name] = _("Please choose one.")
        return value

    def flag(self, name: str) -> bool:
        return request.form.get(name) == "1"

    def many(self, name: str) -> list[str]:
        return request.form.getlist(name)

    def blame(self, error: ProductError, *, otherwise: str = "") -> None:
        """Say an error at its field; one of no field is said at `otherwise`, and what does not exist stays a 404."""
        if isinstance(error, NotFound):
            raise error
        name = error.param or otherwise
        self.errors[name] = sentence(error)


def ids(name: str) -> list[int]:
    """Whole numbers sent under one name; anything else is left out."""
    return [int(value) for value in request.form.getlist(name) if value.isdecimal() and len(value) < 19]

"""A refusal said above the next page."""

from flask import flash

from app.foundation.errors import NotFound, ProductError
from app.web.console.sentences import sentence


def tell(error: ProductError, tone: str = "error") -> None:
    """Say why something was not done; what does not exist stays a 404."""
    if isinstance(error, NotFound):
        raise error
    flash(sentence(error), tone)

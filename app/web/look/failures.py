"""What a visitor is told when a page cannot be shown, by HTTP status."""

from dataclasses import dataclass

from flask_babel import gettext as _


@dataclass(frozen=True, slots=True)
class Failure:
    status: int
    title: str
    words: str
    icon: str = "alert"
    retry: bool = False
    """Whether trying the same again may help."""
    reference: str = ""
    """The request id, so that support can find what happened."""


def failure_of(status: int, *, words: str = "", reference: str = "") -> Failure:
    """The words for a status in the reader's language; `words` replaces the explanation."""
    titles = {
        400: (_("That did not come through whole"), _("Go back and send it again."), "alert", True),
        403: (_("Not yours to open"), _("You may need to sign in with another account."), "lock", False),
        404: (
            _("Nothing here"),
            _("The page may have moved, or the address has a typing error."),
            "search",
            False,
        ),
        409: (
            _("Something changed meanwhile"),
            _("Load the page again to see how things stand now."),
            "refresh",
            True,
        ),
        410: (_("No longer here"), _("This link has been used, or its time has run out."), "wait", False),
        413: (_("Too large"), _("Split the file and send the parts one after another."), "upload", False),
        422: (
            _("That does not fit together"),
            _("Look at what you entered and send it again."),
            "edit",
            True,
        ),
        429: (
            _("A little slower, please"),
            _("There were many attempts. Wait a minute and try again."),
            "clock",
            True,
        ),
        503: (
            _("Back in a moment"),
            _("We are working on the shop. Orders that are paid are delivered meanwhile."),
            "clock",
            True,
        ),
    }
    title, explained, icon, retry = titles.get(
        status,
        (
            _("Something broke on our side"),
            _("It has been reported. Nothing you paid for is lost."),
            "alert",
            True,
        ),
    )
    return Failure(status, title, words or explained, icon, retry, reference)

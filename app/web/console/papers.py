"""Papers of an application: read from a form, handed out as a file that no browser opens as a page."""

from flask import Response, request

from app.domain.distributors.models import PartnershipPaper
from app.domain.distributors.papers import MOST_BYTES, MOST_PAPERS, Paper, paper
from app.foundation.errors import NotFound, ProductError
from app.web.console.typed import Typed


def typed_papers(form: Typed, name: str = "papers") -> list[Paper]:
    """The files of a form, looked at; a fault is said at their field."""
    given = [file for file in request.files.getlist(name) if file.filename][: MOST_PAPERS + 1]
    # One byte more than may be, so that a larger file is known and never read whole.
    contents = [(file.filename or "", file.stream.read(MOST_BYTES + 1)) for file in given]
    for file in request.files.getlist(name):
        file.close()
    try:
        return [paper(told, content) for told, content in contents]
    except ProductError as error:
        form.blame(error, otherwise=name)
        return []


def hand_out(found: PartnershipPaper | None) -> Response:
    """A paper as a download, or NotFound."""
    if found is None:
        raise NotFound(what="paper")
    answer = Response(found.content, mimetype=found.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=found.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer

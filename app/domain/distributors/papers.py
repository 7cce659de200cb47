"""Papers that come with an application: looked at by content, whatever their names say."""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from app.domain.distributors.errors import PaperRefused
from app.domain.distributors.models import Partnership, PartnershipPaper
from app.foundation.database import session

MOST_BYTES, MOST_PAPERS, LONGEST_NAME = 5 * 1024 * 1024, 5, 80
MEDIA = {"PDF": "application/pdf", "JPEG": "image/jpeg", "PNG": "image/png"}
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A file that was looked at."""

    name: str
    media_type: str
    content: bytes


def paper(name: str, content: bytes) -> Paper:
    """A file as we keep it, or PaperRefused: PDF, JPEG or PNG by its content, up to 5 MB."""
    if len(content) > MOST_BYTES:
        raise PaperRefused(param="papers", reason="too_large", name=name)
    media_type = MEDIA["PDF"] if _is_pdf(content) else _picture_type(content)
    if media_type is None:
        raise PaperRefused(param="papers", reason="not_a_paper", name=name)
    return Paper(_clean(name, media_type), media_type, content)


def _is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]


def _picture_type(content: bytes) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of bombs before it refuses them
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as opened:
                opened.verify()
                return MEDIA[opened.format or ""]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        return None


def _clean(name: str, media_type: str) -> str:
    """A name without a path or unprintable signs, that ends as its content says."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(" .")
    stem = plain.rsplit(".", 1)[0] if "." in plain else plain
    return f"{stem[:LONGEST_NAME] or 'paper'}.{ENDINGS[media_type]}"


def attach(partnership: Partnership, papers: Sequence[Paper]) -> None:
    """Keep papers with a partnership that is locked, or PaperRefused where there would be too many."""
    if not papers:
        return
    kept = select(func.count()).where(PartnershipPaper.partnership_id == partnership.id)
    if session().execute(kept).scalar_one() + len(papers) > MOST_PAPERS:
        raise PaperRefused(param="papers", reason="too_many", most=MOST_PAPERS)
    session().add_all(
        PartnershipPaper(
            partnership_id=partnership.id, brand_id=partnership.brand_id, distributor_id=partnership.distributor_id,
            name=one.name, media_type=one.media_type, content=one.content,
        )
        for one in papers
    )  # fmt: skip
    session().flush()


def of(partnership_id: int) -> Sequence[PartnershipPaper]:
    """Names and times, without the contents."""
    found = select(PartnershipPaper).where(PartnershipPaper.partnership_id == partnership_id)
    return session().execute(found.order_by(PartnershipPaper.id)).scalars().all()


def whole(partnership_id: int, paper_id: int) -> PartnershipPaper | None:
    """One paper of a partnership with its content, where the open scope may see it."""
    found = select(PartnershipPaper).where(
        PartnershipPaper.id == paper_id, PartnershipPaper.partnership_id == partnership_id
    )
    return session().execute(found.options(undefer(PartnershipPaper.content))).scalar_one_or_none()

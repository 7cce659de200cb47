"""Pictures that strangers upload, drawn anew so that nothing else comes with them."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from app.domain.catalog.refusals import PictureRefused

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES, MOST_PIXELS, LONGEST_SIDE = 5 * 1024 * 1024, 24_000_000, 1200


def redrawn(data: bytes) -> bytes:
    """The picture as WebP without metadata, at most 1200 pixels long, or PictureRefused. SVG is not a picture here."""
    if len(data) > MOST_BYTES:
        raise PictureRefused(param="picture", reason="too_large", most=MOST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of bombs before it refuses them
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise PictureRefused(param="picture", reason="too_many_pixels", most=MOST_PIXELS)
                upright = ImageOps.exif_transpose(opened)
                picture = upright.convert(
                    "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
                )
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Warning,
        Image.DecompressionBombError,
    ) as error:
        raise PictureRefused(param="picture", reason="not_a_picture") from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = io.BytesIO()
    picture.save(drawn, "WEBP", quality=86, method=4)
    return drawn.getvalue()

"""Making an uploaded picture safe and small: decoded, scaled, stripped of metadata, encoded anew."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_UPLOAD_BYTES = 8_000_000
LARGEST_PIXELS = 40_000_000
LONGEST_SIDE = 800
READABLE = ("PNG", "JPEG", "WEBP")
CONTENT_TYPE = "image/webp"


class NotAPicture(ValueError):
    """The bytes are no PNG, JPEG or WebP picture, are damaged, or are too large."""


def clean_picture(
    content: bytes,
    *,
    longest_side: int = LONGEST_SIDE,
    largest_pixels: int = LARGEST_PIXELS,
    style: str = "WEBP",
) -> bytes:
    """The picture as WebP, at most `longest_side` pixels on its longer side, upright, without any metadata.

    `style` JPEG for who reads no WebP: what is transparent becomes white.

    Raises NotAPicture (`too_large` for bytes or pixels, `unreadable` for anything else).
    """
    if len(content) > LARGEST_UPLOAD_BYTES:
        raise NotAPicture("too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=READABLE) as source:
                # The size stands in the header: nothing is decoded before it is known to be small enough.
                if source.width * source.height > largest_pixels:
                    raise NotAPicture("too_large")
                return _encode(source, longest_side, style)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise NotAPicture("too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, NotAPicture):
            raise
        raise NotAPicture("unreadable") from error


def _encode(source: Image.Image, longest_side: int, style: str) -> bytes:
    source.draft("RGB", (longest_side, longest_side))
    upright = ImageOps.exif_transpose(source)
    has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    plain = upright.convert("RGBA" if has_alpha else "RGB")
    if has_alpha and style == "JPEG":
        plain = Image.alpha_composite(Image.new("RGBA", plain.size, "white"), plain).convert("RGB")
    plain.thumbnail((longest_side, longest_side))
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    target = io.BytesIO()
    bare.save(target, style, quality=80, method=4)
    return target.getvalue()

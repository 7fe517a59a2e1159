"""Photos of what is wrong: each drawn anew and small, two at a time at most."""

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PIL import Image

from app.care.rules.complaining import MOST_PHOTOS
from app.catalogue.rules.pictures import NotAPicture, clean_picture
from app.core.errors import N_, FieldError, Unavailable

LARGEST_PIXELS = 25_000_000
"""A phone's photo has 12 million; one of twice that takes half a second of a processor as PNG."""
LONGEST_SIDE = 1_600
"""Enough to see a scratch; a file of some hundred kilobytes."""
TOO_MANY = N_("Please choose at most %(most)s photos.")
FAULTS = {
    "too_large": N_("%(name)s. photo: at most 8 MB and 25 megapixels, please."),
    "unreadable": N_("%(name)s. photo: please use JPEG, PNG or WebP."),
    "heic": N_(
        "%(name)s. photo: this is a HEIC file, which we cannot read. Please save it as JPEG; a phone does so by itself"
        " when you choose the photo from its gallery."
    ),
}
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")

THUMB_SIDE = 160
"""How wide and high a photo is at most within a thread."""

_decoding = threading.BoundedSemaphore(2)


def thumb_width(picture: bytes) -> int:
    """How wide a picture of ours is shown in a thread: at most `THUMB_SIDE`, and no higher than that."""
    with Image.open(io.BytesIO(picture)) as opened:
        return max(1, min(THUMB_SIDE, THUMB_SIDE * opened.width // opened.height))


def clean_photos(
    photos: Sequence[bytes], *, patience_seconds: float = 5
) -> tuple[list[bytes], list[FieldError]]:
    """The pictures as WebP of at most 1600 pixels without any metadata, and what is wrong with the others.

    Decoding takes time and memory and needs no row: call it while no transaction is open, and after what
    counts the posts is committed. A third one waits, as a picture of 25 megapixels takes some sixty megabytes while
    it is looked at; raises Unavailable `photos.busy` when its patience ends.
    """
    if len(photos) > MOST_PHOTOS:
        return [], [FieldError("photos", TOO_MANY, {"most": MOST_PHOTOS})]
    cleaned = []
    for number, photo in enumerate(photos, start=1):
        try:
            with decoding_slot(patience_seconds):
                cleaned.append(clean_picture(photo, longest_side=LONGEST_SIDE, largest_pixels=LARGEST_PIXELS))
        except NotAPicture as error:
            is_heic = photo[4:8] == b"ftyp" and photo[8:12] in HEIC_BRANDS
            return [], [FieldError("photos", FAULTS["heic" if is_heic else str(error)], {"name": number})]
    return cleaned, []


@contextmanager
def decoding_slot(patience_seconds: float = 5) -> Iterator[None]:
    """A place to decode a picture in; raises Unavailable `photos.busy` when none gets free in time."""
    if not _decoding.acquire(timeout=patience_seconds):
        raise Unavailable(
            N_("Many photos are arriving just now. Please send yours again in a minute."), code="photos.busy"
        )
    try:
        yield
    finally:
        _decoding.release()

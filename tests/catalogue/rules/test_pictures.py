"""Uploaded pictures: scaled, stripped, encoded anew, or refused."""

import io
import struct
import zlib

import pytest
from PIL import Image

from app.catalogue.rules.pictures import LARGEST_UPLOAD_BYTES, NotAPicture, clean_picture


def encoded(image: Image.Image, style: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, style, **options)
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("style", ["PNG", "JPEG", "WEBP"])
def test_every_accepted_format_comes_out_as_small_webp(style: str) -> None:
    picture = opened(clean_picture(encoded(Image.new("RGB", (1600, 400), "red"), style)))

    assert (picture.format, picture.size, picture.mode) == ("WEBP", (800, 200), "RGB")


def test_a_small_picture_keeps_its_size_and_transparency() -> None:
    picture = opened(clean_picture(encoded(Image.new("RGBA", (40, 30), (255, 0, 0, 0)), "PNG")))

    assert (picture.size, picture.mode) == ((40, 30), "RGBA")
    assert picture.getpixel((5, 5))[3] == 0


def test_place_camera_and_comment_are_gone_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRET CAMERA"
    content = encoded(Image.new("RGB", (300, 100), "blue"), "JPEG", exif=exif, comment=b"SECRET COMMENT")

    cleaned = clean_picture(content)

    assert opened(cleaned).size == (100, 300)
    assert b"SECRET" in content
    assert b"SECRET" not in cleaned
    assert not opened(cleaned).getexif()


def bomb(width: int, height: int) -> bytes:
    """A valid PNG header that promises far more pixels than it brings."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content", [bomb(60_000, 60_000), bomb(8_000, 8_000), b"x" * (LARGEST_UPLOAD_BYTES + 1)]
)
def test_a_decompression_bomb_is_refused_before_it_is_decoded(content: bytes) -> None:
    with pytest.raises(NotAPicture, match="too_large"):
        clean_picture(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7",
        encoded(Image.new("RGB", (9, 9)), "GIF"),
        encoded(Image.effect_noise((200, 200), 50), "PNG")[:2000],
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture, match="unreadable"):
        clean_picture(content)

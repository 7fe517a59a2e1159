"""Uploaded pictures: scaled, stripped, encoded anew, or refused."""

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

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


def test_where_and_by_whom_it_was_taken_never_reaches_a_customer() -> None:
    exif = Image.Exif()
    exif[0x013B] = "SECRET ARTIST"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 20.0, 12.5), 3: "E", 4: (12.0, 22.0, 1.5)})
    exif.get_ifd(0x8769)[0x9286] = "SECRET NOTE"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET XMP</x:xmpmeta>"
    content = encoded(
        Image.new("RGB", (60, 40), "blue"), "JPEG", exif=exif, xmp=xmp, icc_profile=b"SECRET ICC" * 20
    )
    assert opened(content).getexif().get_ifd(0x8825)[4] == (12.0, 22.0, 1.5)

    cleaned = clean_picture(content)

    assert content.count(b"SECRET") == 23
    assert b"SECRET" not in cleaned
    assert set(opened(cleaned).info) <= {"loop", "background", "timestamp", "duration"}
    assert dict(opened(cleaned).getexif()) == {}


def test_texts_and_a_profile_inside_a_png_are_gone() -> None:
    texts = PngInfo()
    texts.add_text("Author", "SECRET NAME")
    texts.add_itxt("XML:com.adobe.xmp", "SECRET XMP")
    texts.add_text("Comment", "SECRET " * 50, zip=True)
    content = encoded(Image.new("RGBA", (60, 40), "green"), "PNG", pnginfo=texts)
    assert opened(content).text["Comment"].startswith("SECRET")  # type: ignore[attr-defined]

    assert b"SECRET" not in clean_picture(content)


def test_of_a_moving_picture_the_first_frame_stays() -> None:
    frames = [Image.new("RGB", (90, 60), colour) for colour in ("red", "lime", "blue")]
    content = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40)
    assert opened(content).n_frames == 3  # type: ignore[attr-defined]

    cleaned = opened(clean_picture(content))

    assert getattr(cleaned, "n_frames", 1) == 1
    red, green, blue = cleaned.convert("RGB").getpixel((45, 30))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 40


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "I;16", "1"])
def test_whatever_the_colours_are_stored_as_it_becomes_plain(mode: str) -> None:
    style = "JPEG" if mode == "CMYK" else "PNG"

    assert opened(clean_picture(encoded(Image.new(mode, (40, 30)), style))).mode == "RGB"


def bomb(width: int, height: int) -> bytes:
    """A valid PNG header that promises far more pixels than it brings."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose header promises another size than it brings."""
    content = encoded(Image.new("RGB", (16, 16)), "JPEG")
    frame = content.index(b"\xff\xc0") + 5
    return content[:frame] + struct.pack(">HH", height, width) + content[frame + 4 :]


@pytest.mark.parametrize(
    "content",
    [
        bomb(60_000, 60_000),
        bomb(50_000, 50_000),
        bomb(8_000, 8_000),
        jpeg_of(50_000, 50_000),
        b"x" * (LARGEST_UPLOAD_BYTES + 1),
    ],
)
def test_a_decompression_bomb_is_refused_before_it_is_decoded(content: bytes) -> None:
    with pytest.raises(NotAPicture, match="too_large"):
        clean_picture(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><!DOCTYPE svg><svg/>",
        b"%PDF-1.7",
        encoded(Image.new("RGB", (9, 9)), "GIF"),
        encoded(Image.effect_noise((200, 200), 50), "PNG")[:2000],
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture, match="unreadable"):
        clean_picture(content)

"""Reads our papers back: the text of each page as it is printed, line by line."""

import re
import struct
import zlib

_OBJECT = re.compile(rb"(?<![0-9])(\d+) 0 obj\n(.*?)\nendobj", re.S)
_STREAM = re.compile(rb"stream\n(.*)\nendstream", re.S)
_SHOWN = re.compile(rb"BT ([\d.-]+) ([\d.-]+) Td \(((?:\\.|[^\\)])*)\) Tj ET|/F(\d+) [\d.]+ Tf", re.S)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages_of(paper: bytes) -> list[list[str]]:
    """For each page its pieces of text from top to bottom, those of one height from left to right."""
    objects = {int(number): body for number, body in _OBJECT.findall(paper)}
    pages = [body for body in objects.values() if re.search(rb"/Type /Page\b", body)]
    return [_page(body, objects) for body in pages]


def text_of(paper: bytes) -> str:
    """Everything that is printed, one piece a line."""
    return "\n".join(piece for page in pages_of(paper) for piece in page)


def columns_of(paper: bytes) -> str:
    """Everything that is printed, pieces that begin at the same place below each other: what was broken over lines."""
    objects = objects_of(paper)
    pages = [body for body in objects.values() if re.search(rb"/Type /Page\b", body)]
    pieces = [
        (number, x, y, text) for number, body in enumerate(pages) for y, x, text in _pieces(body, objects)
    ]
    return "\n".join(text for *_, text in sorted(pieces))


def stream_of(body: bytes) -> bytes:
    """What an object's stream holds, unpacked."""
    found = _STREAM.search(body)
    assert found is not None
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def objects_of(paper: bytes) -> dict[int, bytes]:
    """The paper's objects by number, as they stand in the file."""
    return {int(number): body for number, body in _OBJECT.findall(paper)}


def _page(body: bytes, objects: dict[int, bytes]) -> list[str]:
    return [text for _, _, text in sorted(_pieces(body, objects))]


def _pieces(body: bytes, objects: dict[int, bytes]) -> list[tuple[float, float, str]]:
    """Height from the top (negative), distance from the left, text."""
    fonts = _fonts(body, objects)
    (content,) = re.findall(rb"/Contents (\d+) 0 R", body)
    font: dict[int, str] = {}
    pieces: list[tuple[float, float, str]] = []
    for x, y, shown, number in _SHOWN.findall(stream_of(objects[int(content)])):
        if number:
            font = fonts[int(number)]
            continue
        codes = re.sub(rb"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), shown, flags=re.S)
        text = "".join(font[code] for (code,) in struct.iter_unpack(">H", codes))
        pieces.append((-float(y), float(x), text))
    return pieces


def _fonts(body: bytes, objects: dict[int, bytes]) -> dict[int, dict[int, str]]:
    (resources,) = re.findall(rb"/Resources (\d+) 0 R", body)
    fonts = {}
    for number, reference in re.findall(rb"/F(\d+) (\d+) 0 R", objects[int(resources)]):
        (unicode_map,) = re.findall(rb"/ToUnicode (\d+) 0 R", objects[int(reference)])
        pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", stream_of(objects[int(unicode_map)]))
        fonts[int(number)] = {
            int(code, 16): bytes.fromhex(meaning.decode()).decode("utf-16-be") for code, meaning in pairs
        }
    return fonts

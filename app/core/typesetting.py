"""Text for paper: which characters a font can print, and where a line breaks."""

import unicodedata
from collections.abc import Mapping, Sequence

REPLACEMENT = "\ufffd"
# Invisible by nature: soft hyphen, joiners, byte order mark, variation selectors.
_UNSEEN = frozenset({0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)})
_LOOKS_LIKE = {0x2010: "-", 0x2011: "-", 0x2012: "–", 0x2015: "—", 0x2192: ">", 0x2190: "<", 0x00B5: "u"}


def printable(text: str, known: frozenset[int]) -> str:
    """The text in characters a font has (`known` code points); line ends stay as "\\n".

    What the font lacks becomes its plain form (ﬁ: fi, fullwidth A: A) or the replacement character; control
    characters and marks of direction always become the replacement character, so that nothing can hide in a text.
    """
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if all(char == "\n" or (ord(char) >= 0x20 and ord(char) in known) for char in plain):
        return plain
    return "".join(_printable(char, known) for char in plain)


def wrap(text: str, *, width: float, widths: Mapping[int, float]) -> list[str]:
    """The lines of a text no line of which is wider than `width`, in the unit of `widths` (of each code point).

    Lines break at spaces and at line ends; a word wider than a line breaks anywhere. There is at least one line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for word in _words(paragraph):
            long = _width(word.rstrip(" "), widths)
            if line and used + long > width:
                lines.append(line.rstrip(" "))
                line, used = "", 0.0
            if long > width:
                *full, word = _broken(word, width, widths)
                lines.extend(full)
            line += word
            used += _width(word, widths)
        lines.append(line.rstrip(" "))
    return lines


def width_of(text: str, widths: Mapping[int, float]) -> float:
    """How wide a line is, in the unit of `widths`."""
    return _width(text, widths)


def _printable(char: str, known: frozenset[int]) -> str:
    code = ord(char)
    if char == "\n":
        return char
    if char == "\t" or unicodedata.category(char) == "Zs":
        return char if code in known else " "
    if code in _UNSEEN:
        return ""
    if code >= 0x20 and unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs"):
        for form in (char, _LOOKS_LIKE.get(code, ""), unicodedata.normalize("NFKC", char)):
            if form and all(ord(part) in known for part in form):
                return form
        base = "".join(
            part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part)
        )
        if base and all(ord(part) in known for part in base):
            return base
    return REPLACEMENT


def _words(paragraph: str) -> Sequence[str]:
    """Words with the spaces behind them; leading spaces belong to the first."""
    words: list[str] = []
    for part in paragraph.split(" "):
        if part or not words:
            words.append(part + " ")
        else:
            words[-1] += " "
    return words


def _width(text: str, widths: Mapping[int, float]) -> float:
    return sum(widths[ord(char)] for char in text)


def _broken(word: str, width: float, widths: Mapping[int, float]) -> list[str]:
    """Parts of a word, each at most a line wide, at least one character each."""
    parts: list[str] = []
    part, used = "", 0.0
    for char in word:
        long = widths[ord(char)]
        if part and used + long > width and char != " ":
            parts.append(part)
            part, used = "", 0.0
        part += char
        used += long
    return [*parts, part]

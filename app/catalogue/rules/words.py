"""Turning texts and queries into plain search words, the same for every database."""

import functools
import re
import unicodedata

EXPANDED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l", "đ": "d"}
)
BARE = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"})
# Dashes of every length part like a hyphen; hyphens and spaces that nobody sees part nothing.
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\ufeff"))
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
WORD = re.compile(r"[a-z0-9]+")
RUN = re.compile(r"[a-z]+|[0-9]+")
JOINED = re.compile(r"[-/._]")
LONGEST_WORD = 40
MOST_QUERY_WORDS = 8
LONGEST_QUERY = 400


def index_words(text: str) -> list[str]:
    """Every word under which a text shall be found, each once, in the order of the text.

    Umlauts count as `ae` and as `a`. A part number such as `6204-2RS` is found by its parts, as one
    word without separators, and by its letters and digits apart.
    """
    found: dict[str, None] = {}
    for chunk in _lower(text).split():
        found.update(_chunk_words(chunk))
    return list(found)


def query_words(query: str) -> list[str]:
    """The words of a query in their order, each once, at most eight of its first 400 letters; empty where nothing
    can be sought.
    """
    words = WORD.findall(_fold(_lower(query[:LONGEST_QUERY]), EXPANDED))
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in words))[:MOST_QUERY_WORDS]


def sort_key(name: str) -> str:
    """What a name is sorted by: plain words (DIN 5007-2, umlauts as two letters), numbers by their value."""
    words = WORD.findall(_fold(_lower(name), EXPANDED))
    return re.sub(r"[0-9]+", lambda number: number[0].zfill(6), " ".join(words))[:240]


# Texts repeat their words: a bulk load of 20,000 bundles asks for a few thousand different ones.
@functools.lru_cache(maxsize=50_000)
def _chunk_words(chunk: str) -> dict[str, None]:
    found: dict[str, None] = {}
    spellings = [chunk] if chunk.isascii() else [_fold(chunk, EXPANDED), _fold(chunk, BARE)]
    for spelling in spellings:
        parts = WORD.findall(spelling)
        found.update(dict.fromkeys(parts))
        if len(parts) > 1 and JOINED.search(spelling):
            found["".join(parts)] = None
        for part in parts:
            if not (part.isalpha() or part.isdigit()):
                found.update(dict.fromkeys(RUN.findall(part)))
    return {word: None for word in found if len(word) <= LONGEST_WORD}


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().translate(INVISIBLE | DASHES)


def _fold(text: str, letters: dict[int, str]) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(letters))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))

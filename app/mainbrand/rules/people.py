"""A person's name as a key: no titles, no order, umlauts written out."""

import re

from app.mainbrand.rules.keys import fold

TITLES = frozenset(
    {"herr", "frau", "mr", "mrs", "ms", "dr", "prof", "dipl", "ing", "kfm", "med", "jur", "rer", "nat"}
    | {"phil", "mba", "msc", "bsc", "von", "van", "de"}
)


def person_key(name: str) -> str:
    """ "Frau Dr. Kim Müller-Lang" → "kim lang mueller"; empty for less than two words: a surname is no person."""
    words = sorted(
        {word for word in re.findall(r"[a-z]+", fold(name)) if word not in TITLES and len(word) > 1}
    )
    return " ".join(words) if len(words) >= 2 else ""

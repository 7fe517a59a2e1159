"""A company name taken apart for comparison: its words without legal form, their stems and their sound."""

import functools
import re
from dataclasses import dataclass

import cologne_phonetics

from app.mainbrand.rules.keys import name_words

# Words that say what kind of company it is or where it is, not which one. In a list of a few hundred
# accounts they would count as rare: the share of companies that carry them is put in its place (a rough
# guess of ours; a list that is large enough overrides it).
FREQUENT = (
    "verwaltung beteiligung holding handel vertrieb service immobilie gruppe group bau deutschland vermoegen",
    "technik consulting beratung management solution system grundstueck haus projekt objekt international"
    " autohaus energie solar windpark logistik transport spedition steuerberatung wirtschaftspruefung elektro"
    " metallbau maschinenbau gesellschaft unternehmen werk fabrik produktion dienstleistung heizung sanitaer"
    " fuer im der die das von in am zu dr nord sued ost west deutsche deutscher german germany europe neue",
    "medien media marketing software it edv druck verlag werbung design hotel gastronomie restaurant apotheke"
    " praxis pflege versicherung makler finanz kapital invest investment capital treuhand baustoff holz stahl"
    " metall kunststoff glas farbe dach fenster tuer moebel kueche auto kfz fahrzeug reifen zweirad maschine"
    " werkzeug anlage anlagenbau industrie industriebedarf montage reinigung gebaeude hausverwaltung planung"
    " ingenieur architekt labor medizin dental pharma chemie umwelt recycling entsorgung agrar landwirtschaft"
    " garten forst wein getraenke lebensmittel fleisch baeckerei import export shop store online digital data"
    " web net personal zeitarbeit event reise touristik sport mode textil schmuck optik foto berlin hamburg"
    " muenchen koeln frankfurt stuttgart leipzig dresden freiburg sohn soehne gebr gebrueder partner team",
)
FREQUENT_SHARES = (0.03, 0.012, 0.004)

LONGEST_SUFFIX = ("gesellschaften", "gesellschafts", "gesellschaft", "unternehmen", "unternehmung")
ENDINGS = ("en", "s", "n", "e")
DIGITS_AS_LETTERS = str.maketrans("0135", "oles")


@dataclass(frozen=True, slots=True)
class NameParts:
    """The stems of a name's words in order, each once, and all its words written together."""

    stems: tuple[str, ...]
    compact: str


@functools.lru_cache(maxsize=20_000)
def name_parts(name: str) -> NameParts:
    """A name taken apart: "S + K Robotertechnik GmbH" → stems `sk`, `robotertechnik`.

    Single letters that follow each other are one word. A name without any letter or digit has no stems.
    """
    words = _joined_initials(name_words(name))
    stems = tuple(dict.fromkeys(stem(word) for word in words))
    return NameParts(stems, "".join(words))


@functools.lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A word without "-gesellschaft", linking s and plural ending; digits inside of it read as letters."""
    if not word.isdigit() and not word.isalpha() and len(word) > 3 and sum(map(str.isdigit, word)) == 1:
        word = word.translate(DIGITS_AS_LETTERS)
    for suffix in LONGEST_SUFFIX:
        if word.endswith(suffix) and len(word) >= len(suffix) + 3:
            word = word.removesuffix(suffix)
            break
    if len(word) >= 6:
        for ending in ENDINGS:
            if word.endswith(ending):
                return word.removesuffix(ending)
    return word


@functools.lru_cache(maxsize=200_000)
def sound(word: str) -> str:
    """The word by its sound (Cologne phonetics); empty for short words and numbers, which would all sound alike."""
    if len(word) < 4 or not word.isalpha():
        return ""
    code = "".join(code for _, code in cologne_phonetics.encode(word))
    return code if len(code) >= 2 else ""


def frequent_share(word: str) -> float:
    """The share of companies that carry a word, guessed; 0 for a word that is no everyday one."""
    return _SHARES.get(word, 0.0)


_SHARES = {
    stem(word): share
    for words, share in zip(FREQUENT, FREQUENT_SHARES, strict=True)
    for word in words.split()
}


def _joined_initials(words: list[str]) -> list[str]:
    joined: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            run.append(word)
            continue
        if len(run) == 3 and run[1] == "u":
            del run[1]
        if run and run != ["u"]:
            joined.append("".join(run))
        run = []
        if word:
            joined.append(word)
    return joined or words


def is_initial_of(short: str, long: str) -> bool:
    """Whether one word may stand for the other: an initial or the beginning of a word."""
    return len(short) < len(long) and long.startswith(short)


def split_names(text: str) -> list[str]:
    """The names of a field that holds several: separated by semicolon, vertical bar or line."""
    return [name for part in re.split(r"[;|\n]", text) if (name := part.strip())]

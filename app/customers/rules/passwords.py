"""Which passwords are refused: too short, too long, or among the first that anybody would try."""

import re

from app.core.errors import N_
from app.mainbrand.rules.keys import fold

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 200

# Words on which the most-used long passwords are built, folded; alone or with digits and signs they are no secret.
WORDS = frozenset(
    """
    password passwort passwd kennwort geheim geheimnis secret zugang login einloggen anmelden anmeldung start
    willkommen welcome hallo hello servus moin admin administrator root user benutzer master gast guest test tester
    testing demo changeme aendern default standard sommer winter herbst fruehling summer autumn spring
    januar februar maerz april mai juni juli august september oktober november dezember
    montag dienstag mittwoch donnerstag freitag samstag sonntag monday friday sunday
    iloveyou ichliebedich liebe schatz schatzi hase engel baby prinzessin princess sonnenschein sunshine
    dragon drache monkey football fussball baseball superman batman starwars pokemon michael thomas daniel andrea
    deutschland germany berlin hamburg muenchen koeln leipzig dresden bayern oesterreich schweiz austria
    firma company office buero werkstatt betrieb rechnung bestellung einkauf internet computer laptop windows
    qwertz qwerty qwertzuiop qwertyuiop asdfghjkl yxcvbnm zxcvbnm asdf qwer yxcv abc abcd abcdef xyz
    letmein trustno whatever nothing keines keins passwortpasswort passwordpassword schlicht billig shop
    """.split()  # noqa: SIM905 - ten a line reads better than one
)
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertzuiopasdfghjklyxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qay2wsx3edc4rfv5tgb6zhn7ujm8ik9ol",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
)
SIGNS = str.maketrans(
    {"@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "5": "s", "$": "s", "7": "t"}
)


def fault(password: str, *, personal: tuple[str, ...] = ()) -> str | None:
    """Why a password is refused, as a translatable sentence, or None. Taken as typed: nothing is trimmed.

    `personal` are texts that others know: e-mail address, name, company.
    """
    if len(password) < MINIMUM_LENGTH:
        return N_("Please choose a password with at least 12 characters. A short sentence works well.")
    if len(password) > MAXIMUM_LENGTH:
        return N_("Please choose a password with at most 200 characters.")
    if _is_obvious(password) or _is_personal(password, personal):
        return N_("This password is among the first that others try. Please choose another one.")
    return None


def _is_obvious(password: str) -> bool:
    text = fold(password)
    if len(set(text)) < 5:
        return True
    repeated = re.fullmatch(r"(.{1,8}?)\1+", text)
    if repeated is not None and len(repeated[1]) <= 6:
        return True
    if _is_run(re.sub(r"[^a-z0-9]", "", text)):
        return True
    pieces = {piece for piece in re.findall(r"[a-z]+", text) if len(piece) > 2}
    if not pieces:
        return _is_date_or_phone(text)
    # Digits and signs around one listed word add nothing; a second word is what makes it a secret.
    if len(pieces) == 1 and all(piece in WORDS or _is_run(piece) for piece in pieces):
        return True
    core = re.sub(r"[\W\d_]+$", "", text).translate(SIGNS)
    return re.sub(r"[^a-z]", "", core) in WORDS


def _is_date_or_phone(text: str) -> bool:
    return re.fullmatch(r"[\d\s./+-]+", text) is not None and len(re.sub(r"\D", "", text)) <= 14


def _is_run(text: str) -> bool:
    """Whether a text is (several times) a stretch of keys that lie side by side."""
    if len(text) < 3:
        return False
    for row in ROWS:
        for line in (row * 2, (row * 2)[::-1]):
            if text in line:
                return True
    half = len(text) // 2
    return len(text) >= 6 and _is_run(text[:half]) and _is_run(text[half:])


def _is_personal(password: str, personal: tuple[str, ...]) -> bool:
    core = re.sub(r"[^a-z]", "", fold(password))
    for text in personal:
        for part in (text, text.partition("@")[0]):
            known = re.sub(r"[^a-z]", "", fold(part))
            if len(known) >= 4 and core in (known, known * 2):
                return True
    return False

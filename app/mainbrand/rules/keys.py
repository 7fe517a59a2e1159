"""Keys by which two spellings of one company are recognised as the same."""

import re
import unicodedata

import idna

from app.mainbrand.rules.free_mail import FREE_MAIL_DOMAINS, SHARED_DOMAINS

UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "œ": "oe", "ł": "l"}
)

# Letters of other alphabets that look like Latin ones: a name typed with them is no other name.
LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХавеѕіїјкмнорстухԁԛԝһӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεηικνορτυχıɑɡ",
    "ABESIJKMHOPCTYXabesiijkmhopctyxdqwhlABEZHIKMNOPTYXaenikvoptuxiag",
)
INVISIBLE = re.compile("[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")

# Spellings of legal forms as they stand after folding and joining of initials.
FORMS_ANYWHERE = """
gmbh, ggmbh, gesmbh, mbh, gesellschaft mbh, gesellschaft mit beschraenkter haftung,
mit beschraenkter haftung, kg, co kg, co kgaa, co ohg, kgaa, kommanditgesellschaft auf aktien, ug,
haftungsbeschraenkt, ohg, offene handelsgesellschaft, gbr, egbr, gesellschaft buergerlichen rechts,
ekfm, ekfr, partgmbb, sp z oo
"""
FORMS_AT_THE_END = """
co, compagnie, kommanditgesellschaft, unternehmergesellschaft, ag, aktiengesellschaft, ek,
eingetragener kaufmann, eingetragene kauffrau, eg, eingetragene genossenschaft, ev,
eingetragener verein, partg, partnerschaftsgesellschaft, se, inh, ltd, limited, inc, incorporated,
corp, llc, llp, plc, sarl, sagl, sas, sasu, sa, spa, srl, snc, bv, nv, bvba, vof, as, asa, ab, oy,
oyj, aps, kft, zrt, sro, doo, spzoo, sp zoo, sp j, lda, sl
"""


def _by_first_word(*lists: str) -> dict[str, list[tuple[str, ...]]]:
    forms = [tuple(form.split()) for text in lists for form in text.split(",")]
    forms.sort(key=len, reverse=True)
    return {form[0]: [other for other in forms if other[0] == form[0]] for form in forms}


ANYWHERE = frozenset(tuple(form.split()) for form in FORMS_ANYWHERE.split(","))
LEGAL_FORMS = _by_first_word(FORMS_ANYWHERE, FORMS_AT_THE_END)
FILLERS = frozenset({"und", "and", "et", "the"})
REGISTER_ENTRY = re.compile(
    r"\b(hra|hrb|gnr|gsr|pr|vr|fn)[\s.:-]*(?:nr[\s.:-]*)?(\d{1,3}(?:[ .]\d{3})+|\d{1,9})(?:[\s-]*([a-z]{1,3})\b)?"
)
COURT_FILLERS = frozenset(
    {"amtsgericht", "amtsgerichts", "ag", "registergericht", "handelsregister", "register"}
    | {"des", "der", "bei", "beim", "am", "an", "im", "in", "nr"}
)
COURTS_OF_TWO_WORDS = frozenset({"bad", "sankt", "st"})
SECOND_LEVELS = frozenset({"co", "com", "or", "org", "net", "ac", "gv", "gov", "edu"})


def fold(text: str) -> str:
    """The text in lower case, umlauts and ligatures written out, other accents dropped (NFKC first).

    Letters that only look like Latin ones become these, invisible characters go.
    """
    if text.isascii():
        return text.lower()
    normal = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    folded = normal.casefold().translate(UMLAUTS)
    if folded.isascii():
        return folded
    # Before lower case, as some capitals look like another Latin letter than their small ones.
    folded = normal.translate(LOOKALIKES).casefold().translate(UMLAUTS)
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def name_key(name: str) -> str:
    """A company name without legal form, punctuation and order: "Söhne & Groß GmbH" → "gross soehne".

    At most 300 characters. A name of nothing but legal forms keeps its words; only a name without any
    letter or digit gives an empty key, which never matches anything.
    """
    return " ".join(sorted(name_words(name)))[:300]


def name_words(name: str) -> list[str]:
    """The words of which `name_key` is made, in their order: "Söhne & Groß GmbH" → soehne, gross."""
    words = _words(name)
    kept = _without_legal_forms(words)
    return [word for word in kept if word not in FILLERS] or words


def vat_key(vat_id: str | None, *, country: str = "") -> str | None:
    """A VAT id as `DE123456789`: upper case, without separators; Greece as EL, a Swiss UID without its MWST.

    `country` (two letters) is put before a number that has no prefix. None for an empty text, for what
    is too short to be a VAT id, and for placeholders of one repeated digit.
    """
    key = re.sub(r"[^A-Z0-9+*]", "", unicodedata.normalize("NFKC", vat_id or "").upper())
    key = re.sub(r"^(USTIDNR|USTID|UIDNR|UID|VATID|VATNO|VAT)", "", key)
    if key[:3] == "CHE":
        key = re.sub(r"(MWST|TVA|IVA|TPV|VAT)$", "", key)
    if key[:2].isdigit() and country:
        key = country.strip().upper()[:2] + key
    if key[:2] == "GR":
        key = "EL" + key[2:]
    digits = re.sub(r"\D", "", key)
    if not key[:2].isalpha() or not 4 <= len(key) <= 20 or len(digits) < 2 or len(set(digits)) == 1:
        return None
    return key


def register_key(court: str | None, number: str | None) -> str | None:
    """A register entry as `leipzig HRB 12345`: court folded, kind of register, digits, suffix if any.

    The court may also stand inside the number ("HRB 12345, Amtsgericht Leipzig"). The Berlin suffix B is
    dropped, as most people leave it out; other suffixes (KI, FL …) tell entries of merged courts apart.
    None where court or number is missing: a number alone is not unique (except the Austrian FN).
    """
    text = fold(number or "")
    found = re.search(REGISTER_ENTRY, text)
    if found is None:
        return None
    digits = re.sub(r"\D", "", found[2]).lstrip("0")
    kind, suffix = found[1].upper(), (found[3] or "").upper()
    if not digits:
        return None
    if kind == "FN":
        return f"FN {digits}{suffix.lower()}"
    if suffix in {"AG", "BEI", "BEIM", "DES", "AM", "IM"}:
        suffix = ""
    place = court_key(court or "") or court_key(text[: found.start()] + " " + text[found.end() :])
    if not place:
        return None
    if place == "berlin" and suffix == "B":
        suffix = ""
    return f"{place} {kind} {digits} {suffix}".strip()[:120]


def court_key(court: str) -> str:
    """One spelling of a court: "AG Frankfurt a. M." → "frankfurt main", "Charlottenburg" → "berlin".

    Only the first word counts (two after "Bad"): what follows a town is a river or a region, often left out.
    """
    words = [word for word in re.findall(r"[a-z0-9]+", fold(court)) if word not in COURT_FILLERS]
    if "charlottenburg" in words:
        return "berlin"
    if words[:1] == ["frankfurt"]:
        return "frankfurt oder" if {"oder", "o"} & set(words) else "frankfurt main"
    return " ".join(words[: 2 if words[0] in COURTS_OF_TWO_WORDS else 1]) if words else ""


def email_domain(email: str | None) -> str | None:
    """The company's own domain of an e-mail address (or of a domain): "a@shop.firma.de" → "firma.de".

    None for free-mail, for what is no domain, and for an empty text. International names in punycode.
    """
    domain = (email or "").strip().lower().rpartition("@")[2].strip(" .>")
    domain = domain.removeprefix("www.")
    domain = ascii_domain(domain)
    labels = domain.split(".")
    if len(labels) < 2 or not all(
        re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", label) for label in labels
    ):
        return None
    wanted = 3 if len(labels[-1]) == 2 and labels[-2] in SECOND_LEVELS and len(labels) > 2 else 2
    own = ".".join(labels[-wanted:])
    is_shared = {own, domain} & FREE_MAIL_DOMAINS or own in SHARED_DOMAINS
    return None if is_shared else own


def web_domain(address: str | None) -> str | None:
    """The company's own domain of a web address: "https://www.firma.de/kontakt" → "firma.de".

    None where it is a page at a large provider (a social network, a market place, a site builder).
    """
    text = re.sub(r"^[a-z][a-z0-9+.-]*://", "", (address or "").strip().lower())
    return email_domain(re.split(r"[/?#:]", text)[0])


def ascii_domain(domain: str) -> str:
    """An international domain in punycode (IDNA 2008, UTS 46); one that cannot be is left as it is."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return domain


def _words(name: str) -> list[str]:
    text = re.sub(r"['’`´]", "", fold(name))
    # "e. K.", "S.à.r.l.", "B. V.": single letters with full stops become one word.
    text = re.sub(
        r"\b[a-z0-9]\.(?:\s?[a-z0-9](?:\.|\b))+", lambda found: re.sub(r"[.\s]", "", found[0]) + " ", text
    )
    text = re.sub(r"\be\.\s?(kfm|kfr)\b", r"e\1", text)
    text = re.sub(r"\bges\.?\s?m\.?\s?b\.?\s?h\b", "gesmbh", text)
    return re.findall(r"[^\W_]+", text)


def _without_legal_forms(words: list[str]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(words):
        form = _form_at(words, at)
        if form is None:
            kept.append(words[at])
            at += 1
        else:
            at += len(form)
    return kept


def _form_at(words: list[str], at: int) -> tuple[str, ...] | None:
    for form in LEGAL_FORMS.get(words[at], ()):
        if tuple(words[at : at + len(form)]) == form and (
            form in ANYWHERE or _ends_in_forms(words, at + len(form))
        ):
            # A name does not begin with its legal form's short words ("SE Elektronik", "AB Bau").
            return None if at == 0 and form not in ANYWHERE else form
    return None


def _ends_in_forms(words: list[str], at: int) -> bool:
    return at >= len(words) or (_form_at(words, at) is not None and _ends_in_forms(words, at + 1))

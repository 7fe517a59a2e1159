"""What VIES and eVatR answered about a VAT id: valid, another company's, invalid, or no answer at all."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.customers.rules.countries import EU
from app.customers.rules.vat_ids import VatIdStatus, for_authorities, state_of_vat_id
from app.mainbrand.rules.keys import name_words


class VatService(StrEnum):
    """Who was asked: the EU's VIES, or the German tax office's qualified request."""

    VIES = "vies"
    EVATR = "evatr"


class VatOutcome(StrEnum):
    """`mismatch`: the id exists, but it is not this company's. `unavailable` is an outage, and never an answer."""

    VALID = "valid"
    MISMATCH = "mismatch"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class VatPurpose(StrEnum):
    """Why a VAT id was asked about."""

    REGISTRATION = "registration"
    CHANGE = "change"
    CHECKOUT = "checkout"
    INVOICE = "invoice"
    STAFF = "staff"


class Likeness(StrEnum):
    """How one of our facts compares with what the authority has."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_ASKED = "not_asked"
    NOT_TOLD = "not_told"


@dataclass(frozen=True, slots=True)
class AskedCompany:
    """The facts that a qualified request compares."""

    vat_id: str
    company_name: str
    street: str
    postal_code: str
    city: str

    def mark(self) -> str:
        """A short mark of these facts, the same for the same ones: what a question was about, without naming it."""
        return hashlib.sha256(json.dumps(astuple(self)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class VatAnswer:
    """One answer. `request_id` is the proof that the service gives; `reason` its own word where it is no plain yes."""

    service: VatService
    outcome: VatOutcome
    request_id: str = ""
    reason: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    matched: dict[str, str] = field(default_factory=dict)


RETRIES = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""When a service that did not answer is asked again (compliance.md section 4)."""

EVATR_VALID = frozenset({"evatr-0000", "evatr-2008"})
EVATR_INVALID = frozenset(
    {"evatr-0005", "evatr-0012", "evatr-2001", "evatr-2002", "evatr-2003", "evatr-2006"}
)
"""Words about the id that was asked for. Every other one is about us, or asks to come back later."""

_TRADE = """
handel handels handelsgesellschaft grosshandel trading trade technik technology technologies tech bau
bauunternehmen maschinenbau metallbau service services group gruppe holding international europe deutschland
germany austria oesterreich systeme system systems solutions loesungen industrie industries industrial werkzeuge
tools vertrieb vertriebs sales distribution logistik logistics transport transporte spedition consulting
beratung management verwaltung verwaltungs beteiligungs immobilien elektro elektrotechnik elektronik electronics
engineering import export company firma gesellschaft unternehmen werk werke werkstatt produktion production
gmbh mbh ag kg ug ohg gbr ek ltd limited inc llc plc sa sas sarl srl spa bv nv ab as aps oy kft sro doo sp zoo co
und and et the fuer for der die das de la le di von van
"""
TRADE_WORDS = frozenset(_TRADE.split())
"""Words of many companies' names, as `name_words` writes them: they tell no company from another."""

_LIKENESS = {
    "A": Likeness.SAME,
    "B": Likeness.DIFFERENT,
    "C": Likeness.NOT_ASKED,
    "D": Likeness.NOT_TOLD,
    "VALID": Likeness.SAME,
    "INVALID": Likeness.DIFFERENT,
}
_EVATR_FIELDS = {
    "company_name": "ergFirmenname",
    "street": "ergStrasse",
    "postal_code": "ergPlz",
    "city": "ergOrt",
}
_VIES_FIELDS = {
    "company_name": "traderNameMatch",
    "street": "traderStreetMatch",
    "postal_code": "traderPostalCodeMatch",
    "city": "traderCityMatch",
}


def can_be_asked(vat_id: str) -> bool:
    """Whether a service knows ids like this one: those of the EU and of Northern Ireland."""
    state = state_of_vat_id(vat_id)
    return state in EU or state == "XI"


def status_after(outcome: VatOutcome, before: VatIdStatus) -> VatIdStatus:
    """What is known of an id after an answer. An outage changes nothing that is known."""
    if outcome is VatOutcome.VALID:
        return VatIdStatus.CONFIRMED
    if outcome is VatOutcome.INVALID:
        return VatIdStatus.INVALID
    if outcome is VatOutcome.MISMATCH:
        return VatIdStatus.UNAVAILABLE
    return VatIdStatus.UNAVAILABLE if before is VatIdStatus.UNCHECKED else before


def retry_after(attempt: int) -> timedelta | None:
    """How long to wait after the attempt of this number (from 0) found no answer; None when it was the last."""
    return RETRIES[attempt] if attempt < len(RETRIES) else None


def read_vies(status_code: int, body: object, *, asked: AskedCompany) -> VatAnswer:
    """What VIES' REST service said. A yes without its request identifier proves nothing and is no answer."""
    raw = dict(body) if isinstance(body, Mapping) else {}
    fault = _vies_fault(status_code, raw, asked=asked)
    if fault:
        return VatAnswer(VatService.VIES, VatOutcome.UNAVAILABLE, reason=fault, raw=raw)
    request_id = _word(raw.get("requestIdentifier"))
    if raw["valid"] is False:
        return VatAnswer(VatService.VIES, VatOutcome.INVALID, request_id, raw=raw)
    if not request_id:
        return VatAnswer(VatService.VIES, VatOutcome.UNAVAILABLE, reason="no_proof", raw=raw)
    matched = {name: _likeness(raw.get(key)) for name, key in _VIES_FIELDS.items()}
    if matched["company_name"] == Likeness.NOT_TOLD:
        matched["company_name"] = _name_likeness(asked.company_name, raw.get("name"))
    outcome = VatOutcome.MISMATCH if _is_other(matched) else VatOutcome.VALID
    return VatAnswer(VatService.VIES, outcome, request_id, raw=raw, matched=matched)


def read_evatr(status_code: int, body: object, *, asked: AskedCompany) -> VatAnswer:
    """What eVatR said. Only its words about the id itself count, and those about us or its machines do not."""
    raw = dict(body) if isinstance(body, Mapping) else {}
    word, request_id = _word(raw.get("status")), _word(raw.get("id"))
    told_id = raw.get("angefragteUstid")
    is_ours = told_id is None or _plain(told_id) == "".join(for_authorities(asked.vat_id))
    if not is_ours or (status_code >= 500 and word not in EVATR_VALID | EVATR_INVALID) or not word:
        reason = word or f"http_{status_code}"
        return VatAnswer(
            VatService.EVATR,
            VatOutcome.UNAVAILABLE,
            reason=reason if is_ours else "other_id",
            raw=raw,
        )
    if word in EVATR_INVALID:
        return VatAnswer(VatService.EVATR, VatOutcome.INVALID, request_id, word, raw)
    if word not in EVATR_VALID:
        return VatAnswer(VatService.EVATR, VatOutcome.UNAVAILABLE, request_id, word, raw)
    if not request_id:
        return VatAnswer(VatService.EVATR, VatOutcome.UNAVAILABLE, reason="no_proof", raw=raw)
    matched = {name: _likeness(raw.get(key)) for name, key in _EVATR_FIELDS.items()}
    outcome = VatOutcome.MISMATCH if _is_other(matched) else VatOutcome.VALID
    return VatAnswer(VatService.EVATR, outcome, request_id, word, raw, matched)


def _vies_fault(status_code: int, raw: Mapping[str, Any], *, asked: AskedCompany) -> str:
    """Why an answer of VIES is none; empty for a plain yes or no about the id that was asked."""
    wrappers = raw.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers:
        first = wrappers[0]
        return _word(first.get("error") if isinstance(first, Mapping) else "") or "error"
    error = _word(raw.get("userError"))
    if error and error not in ("VALID", "INVALID"):
        return error
    if status_code != 200 or not isinstance(raw.get("valid"), bool):
        return f"http_{status_code}"
    told = f"{_plain(raw.get('countryCode'))}{_plain(raw.get('vatNumber'))}"
    return "" if told == "".join(for_authorities(asked.vat_id)) else "other_id"


def _likeness(told: object) -> str:
    return _LIKENESS.get(str(told), Likeness.NOT_TOLD).value


def _is_other(matched: Mapping[str, str]) -> bool:
    """Whether the id is another company's: its name differs, or is not told and street and city both differ."""
    if matched["company_name"] in (Likeness.SAME, Likeness.DIFFERENT):
        return matched["company_name"] == Likeness.DIFFERENT
    return matched["street"] == matched["city"] == Likeness.DIFFERENT


def _name_likeness(ours: str, theirs: object) -> str:
    """Whether a word of the names is the same that not every second company has; where one has no such word, all words
    must be the same. Names in other letters, and none, are not compared."""
    text = theirs if isinstance(theirs, str) else ""
    words = set(name_words(text))
    if not words or not all(word.isascii() for word in words):
        return Likeness.NOT_TOLD.value
    own = set(name_words(ours))
    telling, own_telling = words - TRADE_WORDS, own - TRADE_WORDS
    is_same = bool(telling & own_telling) if telling and own_telling else words == own
    return (Likeness.SAME if is_same else Likeness.DIFFERENT).value


def _plain(told: object) -> str:
    return re.sub(r"[^A-Z0-9+*]", "", str(told or "").upper())


def _word(told: object) -> str:
    """A short printable text of an answer, whatever stood there."""
    return "".join(letter for letter in str(told or "") if letter.isprintable())[:64].strip()

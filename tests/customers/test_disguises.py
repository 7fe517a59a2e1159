"""An A- or B-customer under a disguise: whatever is changed about its record, it does not come in by itself."""

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from app.core.db import Database
from app.customers.models import Customer
from app.customers.queries_candidates import find_candidates
from app.customers.queries_screening import applicant_of
from app.customers.rules.admission import ScreeningState
from app.customers.rules.comparison import find_matches
from app.customers.rules.matching import judge
from app.flows.screen_customer import complete_keys
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.keys import email_domain, name_key, register_key, vat_key
from app.mainbrand.rules.phones import phone_key
from app.mainbrand.rules.segments import Segment
from app.policy.rules.policy import UnknownCompany
from tests import make

NAMES = (
    "Brunner Zweiradtechnik", "Äußere Mühle Großküchen", "Krögelin & Söhne Hydraulik", "Nordwerk Kältetechnik",
    "J. Straßer Präzisionsteile", "ODENTHAL Förderanlagen", "Weißenbach-Öfele Möbelbau", "Tarnow Schweißtechnik",
    "Kessler Dichtungen", "Lüdtke Gerüstbau", "Pfeilsticker Messgeräte", "Zwick + Härle Werkzeuge",
)  # fmt: skip
FORMS = (
    "GmbH", "GmbH & Co. KG", "AG", "UG (haftungsbeschränkt)", "KG", "OHG", "e.K.", "mbH",
    "Gesellschaft mit beschränkter Haftung", "",
)  # fmt: skip
STREETS = ("Karl-Heine-Straße", "Große Bleiche", "Am Hafen", "Bürgermeister-Smidt-Str.", "Königsallee")
TOWNS = (("04229", "Leipzig"), ("55116", "Mainz"), ("20457", "Hamburg"), ("28195", "Bremen"))
LOOKALIKES = str.maketrans("aeopcxAEOPCXKMHTB", "аеорсхАЕОРСХКМНТВ")
FILLING = 400

Mutation = Callable[[dict[str, str]], dict[str, str]]


def record(at: int) -> dict[str, str]:
    """The record of an A- or B-account."""
    code, town = TOWNS[at % len(TOWNS)]
    return {
        "company_name": f"{NAMES[at]} {FORMS[at % 3]}",
        "vat_id": f"DE9000{at:05d}",
        "register_number": f"HRB {7000 + at}",
        "register_court": "Leipzig",
        "street": f"{STREETS[at % len(STREETS)]} {3 + at}{'a' if at % 4 == 0 else ''}",
        "postal_code": code,
        "city": town,
        "phone": f"0341 23{at:03d}77",
        "email": f"einkauf@haus{at}.example",
    }


@pytest.fixture(scope="module")
def market(_shared_database: Any) -> Iterator[tuple[Session, Database]]:
    """A list with the twelve A- and B-accounts and four hundred C-accounts of other names."""
    made, database = _shared_database
    made.empty()
    with database.session() as session:
        rows = [(record(at), Segment.A if at % 2 else Segment.B) for at in range(len(NAMES))]
        rows += [(filler(at), Segment.C) for at in range(FILLING)]
        make.saved(session, *[account(values, segment, at) for at, (values, segment) in enumerate(rows)])
        complete_keys(session)
    with database.read_session() as session:
        yield session, database


def filler(at: int) -> dict[str, str]:
    code, town = TOWNS[at % len(TOWNS)]
    return {
        **record(at % len(NAMES)),
        "company_name": f"Firma{chr(97 + at % 26)}{chr(97 + at // 26)}mann Handel GmbH",
        "vat_id": f"DE8000{at:05d}",
        "register_number": f"HRB {90000 + at}",
        "street": f"Lange Reihe {at + 1}",
        "postal_code": code,
        "city": town,
        "phone": f"0711 55{at:04d}",
        "email": f"info@laden{at}.example",
    }


def account(values: dict[str, str], segment: Segment, at: int) -> MainAccount:
    return MainAccount(
        account_number=f"D{at}",
        company_name=values["company_name"],
        name_key=name_key(values["company_name"]),
        vat_id=values["vat_id"],
        register_key=register_key(values["register_court"], values["register_number"]),
        street=values["street"],
        postal_code=values["postal_code"],
        city=values["city"],
        phone=values["phone"],
        phone_key=phone_key(values["phone"], country="DE"),
        email_domain=email_domain(values["email"]),
        segment=segment,
        imported_at=make.NOW,
    )


def verdict(session: Session, values: dict[str, str]) -> ScreeningState:
    """What screening decides of an application, without writing anything down."""
    customer = Customer(
        id=0,
        number="K-0",
        company_name=values["company_name"],
        name_key=name_key(values["company_name"]),
        vat_id=vat_key(values["vat_id"], country="DE"),
        register_key=register_key(values["register_court"], values["register_number"]),
        street=values["street"],
        postal_code=values["postal_code"],
        city=values["city"],
        phone=values["phone"],
        business_confirmed_at=make.NOW,
        created_at=make.NOW,
    )
    applicant = applicant_of(customer, [(values["email"], "Kim Probst")])
    found = find_candidates(session, [applicant])
    matches = find_matches(applicant, found.candidates[0], rarity=found.rarity)
    return judge(applicant, matches, unknown=UnknownCompany.ADMIT).state


def name(change: Callable[[str], str]) -> Mutation:
    return lambda values: {**values, "company_name": change(values["company_name"])}


def other_form(form: str) -> Mutation:
    return name(lambda text: " ".join([*_core(text), form]).strip())


def _core(text: str) -> list[str]:
    words = text.split()
    while words and words[-1] in {"GmbH", "AG", "KG", "Co.", "&"}:
        words.pop()
    return words


NAME_CHANGES: dict[str, Mutation] = {
    "upper case": name(str.upper),
    "lower case": name(str.lower),
    "full width": name(lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)),
    "decomposed": name(lambda text: unicodedata.normalize("NFD", text)),
    "lookalikes": name(lambda text: text.translate(LOOKALIKES)),
    "zero width": name(lambda text: "\u200b".join(text)),
    "umlauts": name(lambda text: text.translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))),
    "word order": name(lambda text: " ".join([*reversed(_core(text)), *text.split()[len(_core(text)) :]])),
    "hyphens": name(lambda text: "-".join(_core(text)) + " GmbH"),
    "doubled spaces": name(lambda text: "  ".join(text.split())),
    "no change": lambda values: values,
} | {f"as {form or 'no form'}": other_form(form) for form in FORMS}
NEW_IDENTITY: dict[str, str] = {"vat_id": "", "register_number": "", "email": "kim.probst+einkauf@gmx.de"}
ELSEWHERE = {"street": "Neue Zeile 99", "postal_code": "99084", "city": "Erfurt"}
NEW_NAME = {"company_name": "Wolkenbruch Vertrieb UG (haftungsbeschränkt)"}
PLACE_CHANGES: dict[str, Mutation] = {
    "abbreviated": lambda values: {
        **values,
        "street": values["street"].replace("straße", "str.").replace("Straße", "Str."),
    },
    "written out": lambda values: {
        **values,
        "street": values["street"].replace("Str.", "Strasse").replace("ß", "ss"),
    },
    "upper case": lambda values: {
        **values,
        "street": values["street"].upper(),
        "city": values["city"].upper(),
    },
    "country code": lambda values: {**values, "postal_code": f"D-{values['postal_code']}"},
    "no change": lambda values: values,
}
VAT_CHANGES = (
    lambda vat: " ".join(vat),
    str.lower,
    lambda vat: vat.removeprefix("DE"),
    lambda vat: f"USt-IdNr.: {vat[:2]} {vat[2:5]}.{vat[5:8]}.{vat[8:]}",
    lambda vat: "".join(chr(ord(c) + 0xFEE0) for c in vat),
)
PHONE_CHANGES = (
    lambda phone: "+49 " + phone[1:],
    lambda phone: "0049" + phone[1:].replace(" ", ""),
    lambda phone: f"({phone[:4]}) {phone[5:7]}-{phone[7:]}",
    lambda phone: "+49 (0) " + phone[1:].replace(" ", "/"),
    lambda phone: phone + "-0",
)
EMAILS = ("Einkauf+neu@{domain}", "KIM@shop.{domain}", "kim@{domain}.", "kim.probst@{upper}")

accounts = st.integers(0, len(NAMES) - 1).map(record)


@settings(max_examples=400)
@given(accounts, st.sampled_from(sorted(NAME_CHANGES)), st.booleans())
def test_the_same_name_in_another_spelling_never_comes_in(
    market: tuple[Session, Database], values: dict[str, str], change: str, is_elsewhere: bool
) -> None:
    disguised = {**NAME_CHANGES[change](values), **NEW_IDENTITY, "phone": ""}

    assert verdict(market[0], {**disguised, **(ELSEWHERE if is_elsewhere else {})}) is ScreeningState.REVIEW


@settings(max_examples=200)
@given(accounts, st.sampled_from(sorted(PLACE_CHANGES)), st.sampled_from(sorted(NAME_CHANGES)), st.booleans())
def test_the_same_address_never_comes_in_under_whatever_name(
    market: tuple[Session, Database], values: dict[str, str], place: str, change: str, is_renamed: bool
) -> None:
    disguised = {**PLACE_CHANGES[place](NAME_CHANGES[change](values)), **NEW_IDENTITY, "phone": ""}

    assert verdict(market[0], {**disguised, **(NEW_NAME if is_renamed else {})}) is ScreeningState.REVIEW


@settings(max_examples=200)
@given(accounts, st.sampled_from(VAT_CHANGES))
def test_the_same_vat_id_in_another_spelling_is_blocked(
    market: tuple[Session, Database], values: dict[str, str], change: Callable[[str], str]
) -> None:
    stranger = {**filler(901), **NEW_NAME, "register_number": "", "vat_id": change(values["vat_id"])}

    assert verdict(market[0], {**stranger, **ELSEWHERE}) is ScreeningState.BLOCKED


@settings(max_examples=200)
@given(accounts, st.sampled_from(PHONE_CHANGES))
def test_the_same_phone_in_another_spelling_goes_to_a_person(
    market: tuple[Session, Database], values: dict[str, str], change: Callable[[str], str]
) -> None:
    stranger = {**values, **NEW_IDENTITY, **NEW_NAME, **ELSEWHERE, "phone": change(values["phone"])}

    assert verdict(market[0], stranger) is ScreeningState.REVIEW


@settings(max_examples=200)
@given(accounts, st.sampled_from(EMAILS))
def test_the_companys_own_mail_domain_goes_to_a_person_whatever_stands_before_it(
    market: tuple[Session, Database], values: dict[str, str], shape: str
) -> None:
    domain = values["email"].partition("@")[2]
    email = shape.format(domain=domain, upper=domain.upper())
    stranger = {**values, **NEW_IDENTITY, **NEW_NAME, **ELSEWHERE, "phone": "", "email": email}

    assert verdict(market[0], stranger) is ScreeningState.REVIEW


def test_somebody_wholly_else_comes_in(market: tuple[Session, Database]) -> None:
    stranger = {**record(0), **NEW_IDENTITY, **NEW_NAME, **ELSEWHERE, "phone": "0361 889900"}

    assert verdict(market[0], stranger) is ScreeningState.CLEAR

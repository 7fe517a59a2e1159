"""What people read about where their application stands, as page and as JSON, in both languages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Objection, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.answer_objection import answer_objection
from app.flows.ask_for_proof import ask_for_proof
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from tests import make
from tests.web.conftest import Browser

LEA = Actor(ActorKind.STAFF, "Lea Lang", 7)
JSON = {"accept": "application/json"}
SECRETS = ("Sauer", "likeness", "M4711", "Lea Lang", "name_and_postal_code")
REVIEW = {"screening": ScreeningState.REVIEW, "segment": Segment.UNRATED, "business_verified_at": None}


def plain(text: str) -> str:
    return " ".join(text.split())


def person(session: Session, **values: Any) -> Contact:
    return make.contact(session, of=make.customer(session, **values))


def case(session: Session, contact: Contact, **values: Any) -> Screening:
    match = {"account_id": 5, "account_number": "M4711", "company_name": "Sauer Anlagen AG", "segment": "A",
             "is_hard": False, "evidence": [{"field": "name_and_postal_code", "own": "x", "other": "x"}]}  # fmt: skip
    defaults: dict[str, Any] = {
        "trigger": "registration", "outcome": ScreeningState.REVIEW, "screened_at": make.NOW,
        "reason": "likeness", "matches": [match],
    }  # fmt: skip
    return make.saved(session, Screening(customer_id=contact.customer_id, **{**defaults, **values}))


@pytest.fixture
def applicant(session: Session) -> Contact:
    """A person of a company in review, with the case that only the staff see."""
    contact = person(session, **REVIEW)
    case(session, contact)
    return contact


def test_an_applicant_reads_since_when_and_how_long_it_takes_and_nothing_of_the_evidence(
    browser: Callable[..., Browser], applicant: Contact
) -> None:
    visitor = browser(applicant)

    page = plain(visitor.get("/status").text)
    told = visitor.get("/status", headers=JSON)

    assert "We check since" in page
    assert "Usually it takes at most 2 working days." in page
    body = told.json()
    assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
    assert (body["state"], body["missing"], body["decided_at"]) == ("in_review", "our_decision", None)
    assert body["checked_since"] == make.NOW.isoformat()
    assert body["usual_wait"] == {"hours": None, "working_days_at_most": 2}
    assert not [word for word in SECRETS if word in page + told.text]


def test_the_usual_wait_is_what_applicants_really_waited(
    browser: Callable[..., Browser], applicant: Contact, session: Session
) -> None:
    now = utc_now()
    for hours in (1, 5, 7, 8, 90):
        case(
            session,
            person(session),
            decision=ScreeningState.CLEAR,
            decided_by="Lea Lang",
            decided_at=now,
            screened_at=now - timedelta(hours=hours),
        )

    page = plain(browser(applicant).get("/status").text)

    assert "Half of all decisions in the last 90 days took less than 7 hours." in page


def test_who_owes_a_paper_reads_which_and_until_when(
    browser: Callable[..., Browser], applicant: Contact, session: Session
) -> None:
    screening = session.exec(select(Screening).where(Screening.customer_id == applicant.customer_id)).one()
    ask_for_proof(session, screening.id or 0, kind="vat_certificate", actor=LEA, now=utc_now())

    page = plain(browser(applicant).get("/status").text)
    body = browser(applicant).get("/status", headers=JSON).json()

    assert "a confirmation of your VAT id by the tax office" in page
    assert "We wait for it until" in page
    assert (body["missing"], body["proof"]["kind"]) == ("proof", "vat_certificate")
    german = browser(applicant)
    german.headers["accept-language"] = "de"
    german.cookies.set("schlicht_language", "de", domain="testserver.local")
    assert "Wir brauchen noch einen Nachweis" in german.get("/status").text


@pytest.mark.parametrize("how", ["linked", "blocked by identifier", "moved up"])
def test_an_a_or_b_customer_gets_the_contact_of_its_own_account(
    browser: Callable[..., Browser], session: Session, how: str
) -> None:
    account = make.main_account(
        session, segment=Segment.A, sales_contact="Jule Kern, jk@brand.example, +49 30 23125 210"
    )
    values: dict[str, Any] = {"main_account_id": account.id}
    if how == "blocked by identifier":
        values = {"screening": ScreeningState.BLOCKED, "segment": Segment.UNRATED}
    if how == "moved up":
        values["moved_up_at"] = make.NOW
    contact = person(session, **values)
    if how == "blocked by identifier":
        match = {"account_id": account.id, "is_hard": True, "segment": "A", "evidence": []}
        case(session, contact, outcome=ScreeningState.BLOCKED, matches=[match])

    page = plain(browser(contact).get("/status").text)
    body = browser(contact).get("/status", headers=JSON).json()

    assert "<b>Jule Kern</b>" in page
    assert 'href="mailto:jk@brand.example"' in page
    assert 'href="tel:+493023125210"' in page
    assert body["contact"] == {
        "company": "Kessler Industriebedarf GmbH",
        "name": "Jule Kern",
        "phone": "+49 30 23125 210",
        "email": "jk@brand.example",
    }


def test_without_a_contact_of_its_own_the_main_brands_one_is_given(
    browser: Callable[..., Browser], session: Session
) -> None:
    body = browser(person(session, segment=Segment.B)).get("/status", headers=JSON).json()

    assert (body["contact"]["email"], body["contact"]["phone"]) == (
        "vertrieb@kessler.example",
        "+49 30 23125 200",
    )


def test_a_suspended_company_reads_the_reason_and_objects_and_reads_the_answer(
    browser: Callable[..., Browser], session: Session
) -> None:
    contact = person(session, suspended_at=make.NOW, suspended_reason="Eleven calls in a month.")
    visitor = browser(contact)
    page = plain(visitor.get("/status").text)
    assert "Eleven calls in a month." in page
    assert 'action="/status/objection"' in page

    sent = visitor.submit("/status/objection", {"text": "Ten of them were yours."}, page="/status")

    assert sent.headers["location"] == "/status?objection=received"
    waiting = plain(visitor.get("/status").text)
    assert "Ten of them were yours." in waiting
    assert "A person looks at it and answers by e-mail." in waiting
    assert 'action="/status/objection"' not in waiting
    session.rollback()
    kept = session.exec(select(Objection)).one()
    again = visitor.submit("/status/objection", {"text": "And another thing."})
    assert again.headers["location"] == "/status?objection=open"

    answer_objection(
        session, kept.id or 0, outcome="dismissed", answer="Eight were not.", actor=LEA, now=utc_now()
    )

    answered = plain(visitor.get("/status").text)
    assert "Eight were not." in answered
    assert 'action="/status/objection"' in answered
    assert visitor.get("/status", headers=JSON).json()["objection"]["state"] == "dismissed"
    session.rollback()
    assert len(session.exec(select(Objection)).all()) == 1


def test_an_objection_without_words_comes_back_with_its_error_and_its_text(
    browser: Callable[..., Browser], session: Session
) -> None:
    visitor = browser(person(session, screening=ScreeningState.REFUSED))

    answer = visitor.submit("/status/objection", {"text": "<b>no"})
    told = visitor.submit("/status/objection", {"text": ""}, headers=JSON)

    assert answer.status_code == 422
    assert "Please write 10 to 2000 characters." in answer.text
    assert "&lt;b&gt;no" in answer.text
    assert (told.status_code, told.headers["content-type"]) == (422, "application/problem+json")
    assert told.json()["errors"][0]["field"] == "text"
    session.rollback()
    assert session.exec(select(Objection)).all() == []


def test_an_admitted_company_and_a_stranger_object_to_nothing(
    browser: Callable[..., Browser], session: Session, admitted: Contact
) -> None:
    refused = browser(admitted).submit(
        "/status/objection", {"text": "I object to everything."}, page="/account"
    )
    stranger = browser()
    sent = stranger.submit("/status/objection", {"text": "I object to everything."}, page="/login")

    assert refused.status_code == 403
    assert (sent.status_code, sent.headers["location"]) == (303, "/login")
    session.rollback()
    assert session.exec(select(Objection)).all() == []
    assert session.exec(select(Mail)).all() == []


def test_another_companys_objection_is_never_shown(browser: Callable[..., Browser], session: Session) -> None:
    one, other = (person(session, suspended_at=make.NOW) for _ in range(2))
    browser(one).submit("/status/objection", {"text": "Only ours: Habichtsweg 9."}, page="/status")

    assert "Habichtsweg" not in browser(other).get("/status").text
    assert "Habichtsweg" in browser(one).get("/status").text


@pytest.mark.parametrize(
    "values, code, sentence",
    [
        ({"segment": Segment.A}, "admission.main_brand", "Turn to your contact at the main brand."),
        ({"suspended_at": make.NOW}, "admission.suspended", "You may object: a person looks at it."),
        (REVIEW, "admission.in_review", "We check your company and write to you."),
    ],
)
def test_a_refused_program_reads_what_comes_next_as_problem_details(
    browser: Callable[..., Browser], session: Session, values: dict[str, Any], code: str, sentence: str
) -> None:
    answer = browser(person(session, **values)).get("/catalogue", headers=JSON)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["detail"], body["status_url"]) == (code, sentence, "/status")


def test_refused_ones_read_one_neutral_text_whatever_the_reason(
    browser: Callable[..., Browser], session: Session
) -> None:
    texts = set()
    for reason in ("Sauer again", "no business", "a competitor"):
        contact = person(
            session, screening=ScreeningState.REFUSED, company_name="Kern GmbH", number=f"K-{reason}"
        )
        with transaction(session):
            session.get_one(Customer, contact.customer_id).created_at = make.NOW
        case(session, contact, decision=ScreeningState.REFUSED, decided_by="Lea Lang", decided_at=make.NOW,
             reason=reason)  # fmt: skip
        page = plain(browser(contact).get("/status").text)
        assert reason not in page.replace(f"K-{reason}", "")
        start, end = page.index("<h1"), page.index("</main>")
        main = page[start:end].replace(f"K-{reason}", "")
        texts.add(main[: main.index('name="csrf"')])

    assert len(texts) == 1

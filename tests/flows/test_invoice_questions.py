"""The VAT id of an invoice without VAT: how often it is asked about, and what a person can do where it is in doubt."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import VatCheck
from app.customers.rules.vat_answers import AskedCompany, VatAnswer, VatOutcome, VatPurpose, VatService
from app.flows import issue_invoice as flow
from app.flows.check_vat_id import check_vat_id
from app.flows.issue_invoice import try_again
from app.invoices.rules.document import DraftState, from_json
from app.jobs.models import Job, JobState
from app.ordering.rules.vat import VatCase
from app.settings import Settings
from tests.invoices.books import NOW, PAID_AT, Books, open_books

VAT_ID = "ATU13585627"
ROBIN = Actor(ActorKind.STAFF, "Robin")
OUTAGE = VatAnswer(VatService.VIES, VatOutcome.UNAVAILABLE, reason="MS_UNAVAILABLE")
VALID = VatAnswer(VatService.VIES, VatOutcome.VALID, "proof-9")


class Services:
    """Answers the same each time and counts the questions."""

    def __init__(self, answer: VatAnswer) -> None:
        self.answer = answer
        self.count = 0

    def ask(self, _: AskedCompany) -> list[VatAnswer]:
        self.count += 1
        return [self.answer]


@pytest.fixture
def books(session: Session, database: Database, settings: Settings) -> Books:
    return open_books(session, database, settings, country="AT", vat_id=VAT_ID)


def draft_of(books: Books) -> int:
    order = books.order((0, 1), case=VatCase.INTRA_COMMUNITY, vat_id=VAT_ID)
    return books.draft(order)[-1]


def confirmed_when_ordered(books: Books) -> None:
    present, books.now = books.now, PAID_AT - timedelta(hours=1)
    books.prove(VAT_ID, VatOutcome.VALID)
    books.now = present


def work(books: Books, services: Services) -> None:
    """What is due now, by the worker."""
    with books.database.session() as session, transaction(session):
        is_due = (col(Job.state) == JobState.READY, col(Job.run_at) <= books.now)
        jobs = list(session.exec(select(Job).where(*is_due).order_by(col(Job.run_at), col(Job.id))))
        for job in jobs:
            job.state = JobState.DONE
        todo = [(job.kind, job.args) for job in jobs]
    for kind, args in todo:
        if kind == "issue_invoice":
            books.issue(args["draft_id"])
        elif kind == "check_vat_id":
            _check(books, services, args)


def _check(books: Books, services: Services, args: dict[str, Any]) -> None:
    known = {**args, "purpose": VatPurpose(args["purpose"])}
    with books.database.session() as session:
        check_vat_id(session, services, now=books.now, **known)  # type: ignore[arg-type]


def pass_time(books: Books, services: Services, *, hours: int) -> None:
    for _ in range(hours):
        work(books, services)
        books.now += timedelta(hours=1)
    work(books, services)


def checks(books: Books) -> list[VatCheck]:
    with books.database.read_session() as session:
        return list(session.exec(select(VatCheck).order_by(col(VatCheck.id))))


def problem_of(books: Books, draft_id: int) -> str | None:
    (draft,) = [one for one in books.drafts() if one.id == draft_id]
    return (draft.problem or {}).get("code") if draft.state is DraftState.BLOCKED else None


def test_an_outage_of_36_hours_is_asked_five_times_however_many_drafts_look_for_the_answer(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "LOOK_LATER", timedelta(hours=1))
    confirmed_when_ordered(books)
    draft_ids = [draft_of(books), draft_of(books)]
    services = Services(OUTAGE)

    pass_time(books, services, hours=35)
    assert books.numbers() == []
    pass_time(books, services, hours=3)

    assert services.count == 5
    # Then the confirmation counts with which the orders were placed.
    assert len(books.numbers()) == len(draft_ids)


def test_the_time_of_asking_runs_from_the_first_question_and_not_from_the_drafts_age(books: Books) -> None:
    confirmed_when_ordered(books)
    draft_id = draft_of(books)
    books.now = NOW + timedelta(days=30)

    assert books.issue(draft_id) is None

    assert problem_of(books, draft_id) is None
    services = Services(VALID)
    pass_time(books, services, hours=1)
    assert (services.count, books.numbers()) == (1, ["RE-2026-000001"])


def test_where_nobody_ever_confirmed_the_id_a_person_looks_after_three_days_and_can_have_it_asked_anew(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "LOOK_LATER", timedelta(hours=6))
    draft_id = draft_of(books)
    pass_time(books, Services(OUTAGE), hours=79)
    assert problem_of(books, draft_id) == "invoice.vat_id_not_confirmed"
    services = Services(VALID)
    pass_time(books, services, hours=1)
    assert services.count == 0

    with books.database.session() as session:
        assert try_again(session, draft_id=draft_id, actor=ROBIN, now=books.now)
    pass_time(books, services, hours=1)

    assert (services.count, checks(books)[-1].purpose) == (1, VatPurpose.STAFF)
    assert books.numbers() == ["RE-2026-000001"]


def test_a_refuted_id_that_is_asked_about_anew_and_confirmed_gets_its_invoice(books: Books) -> None:
    confirmed_when_ordered(books)
    draft_id = draft_of(books)
    books.prove(VAT_ID, VatOutcome.INVALID)
    pass_time(books, Services(OUTAGE), hours=1)
    assert problem_of(books, draft_id) == "invoice.vat_id_not_confirmed"

    with books.database.session() as session:
        assert try_again(session, draft_id=draft_id, actor=ROBIN, now=books.now)
    pass_time(books, Services(VALID), hours=1)

    assert books.numbers() == ["RE-2026-000001"]
    assert from_json(books.invoices()[0].document).buyer.vat_id == VAT_ID


def test_an_invoice_with_a_confirmed_vat_id_names_its_company_at_another_address(books: Books) -> None:
    order = books.order((0, 1), case=VatCase.INTRA_COMMUNITY, vat_id=VAT_ID)
    books.draft(order)
    place = {"street": "Ring 1", "postal_code": "1010", "city": "Wien", "country": "AT"}
    books.say(order, name="Probst Holding SE", **place)
    books.prove(VAT_ID, VatOutcome.VALID)

    books.issue_all()

    buyer = from_json(books.invoices()[0].document).buyer
    assert (buyer.name, buyer.vat_id) == (books.customer.company_name, VAT_ID)
    assert {name: getattr(buyer, name) for name in place} == place

"""A VAT id is confirmed with its proof, and an outage never counts as a no."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select, text

from app.core.transaction import is_in_transaction, transaction
from app.customers.models import Customer, VatCheck
from app.customers.queries_vat import UNANSWERED_AFTER, ProofState, vat_proof
from app.customers.rules.vat_answers import AskedCompany, VatAnswer, VatOutcome, VatPurpose, VatService
from app.customers.rules.vat_ids import VatIdStatus
from app.flows.check_vat_id import check_vat_id
from app.jobs.models import Job
from tests import make
from tests.make import NOW

VALID = VatAnswer(VatService.EVATR, VatOutcome.VALID, "proof-1", raw={"status": "evatr-0000"})
INVALID = VatAnswer(VatService.VIES, VatOutcome.INVALID, "proof-2")
OUTAGE = VatAnswer(VatService.VIES, VatOutcome.UNAVAILABLE, reason="MS_UNAVAILABLE")
MISMATCH = VatAnswer(VatService.EVATR, VatOutcome.MISMATCH, "proof-3", matched={"company_name": "different"})


@dataclass
class Services:
    """Answers in order; keeps who was asked, and refuses to be asked inside a transaction."""

    session: Session
    answers: list[list[VatAnswer]]
    asked: list[AskedCompany] = field(default_factory=list)

    def ask(self, company):
        assert not is_in_transaction(self.session)
        self.asked.append(company)
        return self.answers.pop(0)


def _company(session, **values):
    facts = {"vat_id": "ATU12345675", "country": "AT", "postal_code": "1010", "city": "Wien"}
    return make.customer(session, **{**facts, **values})


def _check(session, customer_id, *answers, now=NOW, **more):
    services = Services(session, [list(answers)])
    status = check_vat_id(
        session, services, customer_id=customer_id, purpose=VatPurpose.CHECKOUT, now=now, **more
    )
    return status, services


def _known(session, customer_id):
    session.expire_all()
    row = session.get_one(Customer, customer_id)
    return row.vat_status, row.vat_confirmed_at


def test_a_confirmed_id_is_stored_with_its_proof(session):
    customer = _company(session)

    status, services = _check(session, customer.id, OUTAGE, VALID)

    assert status is VatIdStatus.CONFIRMED
    assert _known(session, customer.id) == (VatIdStatus.CONFIRMED, NOW)
    assert services.asked[0].city == "Wien"
    rows = session.exec(select(VatCheck).order_by(VatCheck.id)).all()
    assert [(row.outcome, row.request_id) for row in rows] == [
        (VatOutcome.UNAVAILABLE, ""),
        (VatOutcome.VALID, "proof-1"),
    ]
    assert rows[1].answer == {"status": "evatr-0000"}


@pytest.mark.parametrize(
    "answer, status", [(INVALID, VatIdStatus.INVALID), (MISMATCH, VatIdStatus.UNAVAILABLE)]
)
def test_a_no_and_another_companys_id_take_the_confirmation_away(session, answer, status):
    customer = _company(session, vat_status=VatIdStatus.CONFIRMED, vat_confirmed_at=NOW)

    _check(session, customer.id, answer, now=NOW + timedelta(hours=1))

    assert _known(session, customer.id) == (status, None)


def test_an_outage_changes_nothing_and_is_asked_again_in_5_minutes(session):
    customer = _company(session, vat_status=VatIdStatus.CONFIRMED, vat_confirmed_at=NOW)

    _check(session, customer.id, OUTAGE, now=NOW + timedelta(hours=1), attempt=0)

    assert _known(session, customer.id) == (VatIdStatus.CONFIRMED, NOW)
    job = session.exec(select(Job)).one()
    assert job.run_at == NOW + timedelta(hours=1, minutes=5)
    assert job.args == {
        "customer_id": customer.id,
        "vat_id": "ATU12345675",
        "purpose": "checkout",
        "attempt": 1,
    }


def test_the_last_attempt_of_an_outage_puts_no_further_one_and_a_page_never_does(session):
    customer = _company(session)

    _check(session, customer.id, OUTAGE, attempt=4)
    _check(session, customer.id, OUTAGE)

    assert session.exec(select(Job)).all() == []
    assert _known(session, customer.id) == (VatIdStatus.UNAVAILABLE, None)


def test_an_answer_about_an_id_that_was_changed_meanwhile_is_kept_and_confirms_nothing(session):
    customer = _company(session)

    status, _ = _check(session, customer.id, VALID, vat_id="ATU99999999")

    assert status is VatIdStatus.UNCHECKED
    assert _known(session, customer.id) == (VatIdStatus.UNCHECKED, None)
    assert session.exec(select(VatCheck.vat_id)).all() == ["ATU99999999"]


def test_an_answer_about_a_name_that_was_changed_meanwhile_confirms_nothing_and_is_no_proof(session):
    customer = _company(session)
    customer_id = customer.id

    class Slow(Services):
        def ask(self, company):
            with transaction(session):
                session.get_one(Customer, customer_id).company_name = "Another Company GmbH"
            return super().ask(company)

    services = Slow(session, [[VALID]])
    check_vat_id(session, services, customer_id=customer_id, purpose=VatPurpose.CHECKOUT, now=NOW)

    assert _known(session, customer_id) == (VatIdStatus.UNCHECKED, None)
    assert session.exec(select(VatCheck.outcome)).all() == [VatOutcome.VALID]
    assert vat_proof(session, customer_id, vat_id="ATU12345675", now=NOW).state is ProofState.ASK


def test_a_late_yes_does_not_overwrite_the_no_of_a_later_question(session):
    customer = _company(session)

    _check(session, customer.id, INVALID, now=NOW + timedelta(minutes=1))
    _check(session, customer.id, VALID, now=NOW)

    assert _known(session, customer.id) == (VatIdStatus.INVALID, None)


def test_a_company_without_a_vat_id_is_not_asked_about(session):
    customer = make.customer(session)

    status, services = _check(session, customer.id, VALID)

    assert status is VatIdStatus.UNCHECKED
    assert services.asked == []
    assert session.exec(select(VatCheck)).all() == []


@pytest.mark.parametrize("statement", ["UPDATE vat_checks SET outcome = 'valid'", "DELETE FROM vat_checks"])
def test_a_proof_cannot_be_changed_or_deleted(session, statement):
    customer = _company(session)
    _check(session, customer.id, INVALID)

    with pytest.raises(DatabaseError), transaction(session):
        session.execute(text(statement))

    assert session.exec(select(VatCheck.outcome)).all() == [VatOutcome.INVALID]


def test_a_document_asks_again_when_the_proof_is_older_than_24_hours(session):
    customer = _company(session)
    _check(session, customer.id, VALID)

    def state(after):
        return vat_proof(session, customer.id, vat_id="ATU12345675", now=NOW + after).state

    assert state(timedelta(hours=24)) is ProofState.CONFIRMED
    assert state(timedelta(hours=24, seconds=1)) is ProofState.ASK
    assert vat_proof(session, customer.id, vat_id="ATU99999999", now=NOW).state is ProofState.ASK


def test_a_document_stops_for_a_person_when_the_id_turned_invalid(session):
    customer = _company(session)
    _check(session, customer.id, VALID)
    _check(session, customer.id, INVALID, now=NOW + timedelta(hours=2))

    proof = vat_proof(session, customer.id, vat_id="ATU12345675", now=NOW + timedelta(hours=3))

    assert (proof.state, proof.request_id) == (ProofState.REFUTED, "proof-2")


def test_after_an_outage_of_all_retries_the_confirmation_of_the_order_counts(session):
    customer = _company(session)
    _check(session, customer.id, VALID)
    asked_at = NOW + timedelta(days=3)
    services = Services(session, [[OUTAGE]])
    check_vat_id(session, services, customer_id=customer.id, purpose=VatPurpose.INVOICE, now=asked_at)

    def state(at):
        return vat_proof(session, customer.id, vat_id="ATU12345675", now=at).state

    assert state(asked_at + UNANSWERED_AFTER - timedelta(seconds=1)) is ProofState.ASK
    assert state(asked_at + UNANSWERED_AFTER) is ProofState.UNANSWERED

"""The answer to a dispute: kept by a person, sent to the bank once, whatever dies on the way."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.care.queries_evidence import propose_evidence
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.flows.answer_dispute import (
    add_evidence_file,
    remove_evidence_file,
    save_evidence,
    send_evidence,
    submit_dispute,
)
from app.flows.follow_dispute import follow_dispute
from app.flows.sweep_stripe import sweep_disputes
from app.jobs.models import Job
from app.ordering.models import OrderEvent
from app.payments.models import Dispute, DisputeFile
from app.payments.rules.facts import DisputeFacts
from app.payments.stripe_gateway import StripeUnavailable
from tests.flows.complaining import ROBIN, STAFF_ADDRESS, Case, arrived, photo

PDF = b"%PDF-1.7\nproof\n%%EOF\n"
TEXTS = {"uncategorized_text": "It left with Post, code T-1."}


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    """An order that arrived, whose payment is disputed."""
    made = arrived(session, database, now=now)
    intent_id = made.till.payments()[0].intent_id or ""
    facts = DisputeFacts("du_1", "needs_response", "product_not_received", intent_id, 11_065)
    made.till.stripe.disputes["du_1"] = facts
    session.rollback()
    follow_dispute(
        session,
        made.till.stripe,  # type: ignore[arg-type]
        dispute_id="du_1",
        staff_address=STAFF_ADDRESS,
        now=made.now,
    )
    return made


def row(session: Session) -> Dispute:
    session.rollback()
    found = session.exec(select(Dispute)).one()
    session.rollback()
    return found


def acts(session: Session, case: Case) -> dict[str, Any]:
    return {"dispute_row_id": row(session).id or 0, "actor": ROBIN, "now": case.now}


def work(session: Session, case: Case, *, now: datetime | None = None) -> bool:
    """What the worker does with the button's job."""
    return submit_dispute(
        session,
        case.till.stripe,  # type: ignore[arg-type]
        dispute_row_id=row(session).id or 0,
        staff_address=STAFF_ADDRESS,
        now=now or case.now,
    )


def test_our_books_propose_what_a_person_may_change(session: Session, case: Case) -> None:
    proposed = propose_evidence(session, row(session))
    assert proposed["shipping_carrier"] == "Post"
    assert "Complaints of the buyer about this order: none." in proposed["uncategorized_text"]

    saved = [save_evidence(session, texts=TEXTS, **acts(session, case)) for _ in range(2)]

    assert saved == [True, False]
    assert propose_evidence(session, row(session))["uncategorized_text"] == TEXTS["uncategorized_text"]


def test_texts_and_files_go_to_the_bank_once(session: Session, case: Case) -> None:
    add_evidence_file(session, field="shipping_documentation", content=PDF, **acts(session, case))
    add_evidence_file(session, field="receipt", content=photo(), **acts(session, case))

    pressed = [send_evidence(session, texts=TEXTS, **acts(session, case)) for _ in range(2)]
    done = [work(session, case) for _ in range(2)]

    assert (pressed, done) == ([True, False], [True, False])
    stripe = case.till.stripe
    session.rollback()
    ids = {file.field: file.stripe_file_id for file in session.exec(select(DisputeFile))}
    assert stripe.evidence["du_1"] == {**TEXTS, **ids}
    assert {name for name, _ in stripe.files.values()} == {
        f"receipt-{case.number}.jpg",
        f"shipping-documentation-{case.number}.pdf",
    }
    dispute = row(session)
    assert (dispute.status, dispute.submitted_by, dispute.submitting_at) == ("under_review", "Robin", None)
    assert dispute.submitted_at == case.now
    kinds = session.exec(select(OrderEvent.kind).order_by(col(OrderEvent.id))).all()
    assert kinds.count("dispute_answered") == 1
    with pytest.raises(Refused) as late:
        save_evidence(session, texts=TEXTS, **acts(session, case))
    assert late.value.code == "dispute.over"


@pytest.mark.parametrize("verb", ["upload_evidence", "submit_evidence"])
@pytest.mark.parametrize("is_after_work", [False, True])
@pytest.mark.parametrize("is_stored", [False, True])
def test_an_unclear_answer_sends_nothing_twice(
    session: Session, case: Case, verb: str, is_after_work: bool, is_stored: bool
) -> None:
    add_evidence_file(session, field="receipt", content=PDF, **acts(session, case))
    send_evidence(session, texts=TEXTS, **acts(session, case))
    case.till.stripe.fail_next(verb, is_after_work=is_after_work, is_stored=is_stored)

    for _ in range(4):
        try:
            work(session, case)
        except StripeUnavailable:
            continue

    dispute = row(session)
    if verb == "upload_evidence" and is_stored:
        # The file's failure is replayed for a day; then its key is free again, and the sweep sends it.
        case.till.stripe.forget_keys()
        assert sweep_disputes(session, staff_address=STAFF_ADDRESS, now=case.now + timedelta(days=1)) > 0
        work(session, case, now=case.now + timedelta(days=1))
        dispute = row(session)
    assert (dispute.status, dispute.submitting_at) == ("under_review", None)
    assert set(case.till.stripe.evidence["du_1"]) == {"receipt", "uncategorized_text"}


def test_what_stripe_refuses_is_told_and_may_be_sent_again(session: Session, case: Case) -> None:
    send_evidence(session, texts=TEXTS, **acts(session, case))
    stripe = case.till.stripe
    stripe.refuse_next("submit_evidence", "invalid_request")

    assert work(session, case) is False
    assert (row(session).failure, row(session).submitting_at) == ("invalid_request", None)
    assert send_evidence(session, texts=TEXTS, **acts(session, case))
    assert work(session, case) is True

    assert (row(session).failure, row(session).status) == ("", "under_review")


def test_a_dispute_that_was_decided_meanwhile_is_not_called_answered(session: Session, case: Case) -> None:
    send_evidence(session, texts=TEXTS, **acts(session, case))
    facts = case.till.stripe.disputes["du_1"]
    case.till.stripe.disputes["du_1"] = DisputeFacts("du_1", "lost", facts.reason, facts.intent_id, 11_065)

    work(session, case, now=case.now + timedelta(hours=1))

    dispute = row(session)
    assert (dispute.status, dispute.submitted_at, dispute.failure) == ("lost", None, "dispute_closed")


def test_a_lost_submission_is_taken_up_by_the_sweep(session: Session, case: Case) -> None:
    send_evidence(session, texts=TEXTS, **acts(session, case))

    session.rollback()
    sweep_disputes(session, staff_address=STAFF_ADDRESS, now=case.now + timedelta(minutes=11))

    assert len(session.exec(select(Job.id).where(col(Job.kind) == "submit_dispute")).all()) == 2


def test_a_file_is_replaced_taken_out_and_never_too_large_or_dangerous(session: Session, case: Case) -> None:
    arguments = acts(session, case)
    for content in (PDF, photo(style="JPEG")):
        add_evidence_file(session, field="receipt", content=content, **arguments)
    session.rollback()
    file = session.exec(select(DisputeFile)).one()
    assert (file.content_type, Image.open(io.BytesIO(file.content)).format) == ("image/jpeg", "JPEG")

    large = b"%PDF-1.7\n" + bytes(4_400_000) + b"%%EOF"
    wrong: list[tuple[str, bytes, str]] = [
        ("nothing", PDF, "field"),
        ("receipt", b"", "file"),
        ("receipt", b"<html>", "file"),
        ("receipt", b"%PDF-1.7 /JavaScript %%EOF", "file"),
        ("receipt", b"%PDF-1.7 cut off", "file"),
        ("receipt", b"%PDF-1.7\n" + bytes(4_500_001) + b"%%EOF", "file"),
    ]
    for field, content, fault in wrong:
        with pytest.raises(Invalid) as refusal:
            add_evidence_file(session, field=field, content=content, **arguments)
        assert [one.field for one in refusal.value.fields] == [fault]
    add_evidence_file(session, field="refund_policy", content=large, **arguments)
    with pytest.raises(Invalid):
        add_evidence_file(session, field="uncategorized_file", content=large, **arguments)

    assert [remove_evidence_file(session, field="receipt", **arguments) for _ in range(2)] == [True, False]
    session.rollback()
    assert session.exec(select(DisputeFile.field)).all() == ["refund_policy"]
    actions = session.exec(select(AuditEntry.action).where(col(AuditEntry.object_kind) == "dispute")).all()
    assert (actions.count("dispute.file_added"), actions.count("dispute.file_removed")) == (3, 1)


def test_after_its_last_day_and_for_an_unknown_one_nothing_is_kept(session: Session, case: Case) -> None:
    case.till.stripe.disputes["du_1"] = DisputeFacts(
        "du_1", "needs_response", "general", case.till.payments()[0].intent_id or "", 11_065, due_at=case.now
    )
    session.rollback()
    follow_dispute(
        session,
        case.till.stripe,  # type: ignore[arg-type]
        dispute_id="du_1",
        staff_address=STAFF_ADDRESS,
        now=case.now,
    )
    arguments = acts(session, case)

    for act in (save_evidence, send_evidence):
        with pytest.raises(Refused):
            act(session, texts=TEXTS, **arguments)
    with pytest.raises(NotFound):
        save_evidence(session, texts=TEXTS, **{**arguments, "dispute_row_id": 10**6})

    assert (row(session).evidence, row(session).submitting_at) == ({}, None)

"""A person answers a dispute: texts and files are kept, then go to the bank once, by a job that may die."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from app.audit.service import Actor
from app.care.evidence_files import check_together, clean_evidence
from app.care.queries_evidence import propose_evidence
from app.care.service_disputes import record_dispute, take_dispute
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.failpoints import reach
from app.core.ids import new_token
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.service import add_event, lock_order
from app.payments.models import Dispute, DisputeFile, Payment
from app.payments.queries_disputes import files_of, unknown_dispute
from app.payments.rules.disputes import is_open, may_answer
from app.payments.rules.evidence import FILE_KINDS, TEXTS, faults_of_texts, file_name
from app.payments.rules.facts import DisputeFacts
from app.payments.rules.keys import dispute_key
from app.payments.stripe_gateway import StripeGateway, StripeRefusal, StripeUnavailable

RESTING = timedelta(minutes=10)
CLOSED_BEFORE = "dispute_closed"


def save_evidence(
    session: Session, *, dispute_row_id: int, texts: Mapping[str, str], actor: Actor, now: datetime
) -> bool:
    """Keeps the texts of the form; False where nothing is new. Raises NotFound, Invalid, Refused `dispute.over`."""
    cleaned = _checked(texts)
    with transaction(session):
        dispute, order = _locked(session, dispute_row_id)
        _may_still_answer(dispute, now=now)
        if dispute.evidence == cleaned:
            return False
        dispute.evidence = cleaned
        record_dispute(session, actor, "dispute.evidence_saved", dispute, order, now=now)
    return True


def add_evidence_file(
    session: Session, *, dispute_row_id: int, field: str, content: bytes, actor: Actor, now: datetime
) -> None:
    """Keeps a file for a field of the evidence, in the place of the one before; pictures are drawn anew.

    Raises NotFound, Invalid `dispute.invalid` (fields `field`, `file`), Refused `dispute.over`, Unavailable.
    """
    if field not in FILE_KINDS:
        fault = FieldError("field", N_("Please choose what the file proves."))
        raise Invalid(N_("Please check your entries."), code="dispute.invalid", fields=(fault,))
    cleaned, content_type = clean_evidence(content)
    with transaction(session):
        dispute, order = _locked(session, dispute_row_id)
        _may_still_answer(dispute, now=now)
        others = [one for one in files_of(session, dispute_row_id) if one.field != field]
        check_together([len(cleaned), *(one.byte_count for one in others)])
        _drop(session, dispute_row_id, field)
        session.add(
            DisputeFile(
                dispute_row_id=dispute_row_id,
                field=field,
                name=file_name(field, order.number, content_type),
                content_type=content_type,
                content=cleaned,
                byte_count=len(cleaned),
                token=new_token()[:16],
                added_by=actor.name[:200],
                added_at=now,
            )
        )
        record_dispute(session, actor, "dispute.file_added", dispute, order, now=now, field=field)


def remove_evidence_file(
    session: Session, *, dispute_row_id: int, field: str, actor: Actor, now: datetime
) -> bool:
    """Takes a file out of the evidence; False where there is none. Raises NotFound, Refused `dispute.over`."""
    with transaction(session):
        dispute, order = _locked(session, dispute_row_id)
        _may_still_answer(dispute, now=now)
        if not any(one.field == field for one in files_of(session, dispute_row_id)):
            return False
        _drop(session, dispute_row_id, field)
        record_dispute(session, actor, "dispute.file_removed", dispute, order, now=now, field=field)
    return True


def send_evidence(
    session: Session, *, dispute_row_id: int, texts: Mapping[str, str], actor: Actor, now: datetime
) -> bool:
    """Has texts and files go to the bank, once and for good; False where they are on their way or there already.

    The texts of the form count, which are kept with it. Raises NotFound, Invalid, Refused `dispute.over`.
    """
    cleaned = _checked(texts)
    with transaction(session):
        dispute, order = _locked(session, dispute_row_id)
        if dispute.submitting_at is not None or dispute.submitted_at is not None:
            return False
        _may_still_answer(dispute, now=now)
        dispute.evidence = cleaned or propose_evidence(session, dispute)
        dispute.submitting_at, dispute.submitted_by, dispute.failure = now, actor.name[:200], ""
        key = f"submit_dispute:{dispute.id}:{dispute.retry_count}"
        put_job(session, "submit_dispute", key=key, now=now, dispute_row_id=dispute_row_id)
        files = [one.field for one in files_of(session, dispute_row_id)]
        record_dispute(session, actor, "dispute.submitted", dispute, order, now=now, files=files)
        reach("send_evidence.before_commit")
    return True


def submit_dispute(
    session: Session, gateway: StripeGateway, *, dispute_row_id: int, staff_address: str, now: datetime
) -> bool:
    """Brings files and texts of a dispute to Stripe; False where nothing is to be sent (any more).

    Twice is once: each file and the submission have a key, ids are kept as they come, and where a try is old or its
    answer unclear, the dispute is read first. Raises StripeUnavailable: the job tries again.
    """
    row = session.get(Dispute, dispute_row_id)
    session.rollback()
    if row is None or row.submitting_at is None:
        return False
    try:
        evidence = {name: text for name, text in row.evidence.items() if text}
        facts = _there_already(gateway, row, now=now)
        if facts is None:
            evidence |= _upload(session, gateway, row)
            reach("submit_dispute.after_files")
            facts = _submit(session, gateway, row, evidence)
        failure = ""
    except StripeRefusal as refusal:
        facts, failure = None, refusal.code
    reach("submit_dispute.after_stripe")
    with transaction(session):
        dispute, order = _locked(session, dispute_row_id)
        if dispute.submitting_at is None:
            return False
        dispute.submitting_at = None
        if facts is None:
            # Nothing is lost: a person reads why, and sends it again under a new key.
            dispute.failure, dispute.retry_count = failure[:200], dispute.retry_count + 1
            return False
        if facts.is_submitted:
            dispute.submitted_at = dispute.submitted_at or now
            by = dispute.submitted_by
            add_event(session, dispute.order_id, "dispute_answered", now=now, actor_name=by)
        else:
            dispute.failure = CLOSED_BEFORE
        payment = session.get_one(Payment, dispute.payment_id)
        take_dispute(session, order, payment, facts, staff_address=staff_address, now=now)
        reach("submit_dispute.before_commit")
    return True


def _checked(texts: Mapping[str, str]) -> dict[str, str]:
    cleaned = {
        name: texts[name].strip().replace("\r\n", "\n") for name in TEXTS if texts.get(name, "").strip()
    }
    faults = faults_of_texts(cleaned)
    if faults:
        raise Invalid(N_("Please check your entries."), code="dispute.invalid", fields=tuple(faults))
    return cleaned


def _locked(session: Session, dispute_row_id: int) -> tuple[Dispute, Order]:
    order_id = session.exec(select(Dispute.order_id).where(col(Dispute.id) == dispute_row_id)).first()
    if order_id is None:
        raise unknown_dispute()
    lock_customer(session, session.get_one(Order, order_id).customer_id)
    order = lock_order(session, order_id)
    return session.get_one(Dispute, dispute_row_id, with_for_update=True), order


def _may_still_answer(dispute: Dispute, *, now: datetime) -> None:
    is_sent = dispute.submitting_at is not None or dispute.submitted_at is not None
    if may_answer(dispute.status, due_at=dispute.due_at, is_submitted=is_sent, now=now):
        return
    raise Refused(
        N_(
            "This dispute can no longer be answered: the evidence was sent, its time is over, or the bank decided."
        ),
        code="dispute.over",
    )


def _drop(session: Session, dispute_row_id: int, field: str) -> None:
    session.execute(
        delete(DisputeFile).where(
            col(DisputeFile.dispute_row_id) == dispute_row_id, col(DisputeFile.field) == field
        )
    )


def _there_already(gateway: StripeGateway, row: Dispute, *, now: datetime) -> DisputeFacts | None:
    """The dispute where an earlier try of ours has reached the bank, or where it is closed; else None."""
    if row.submitting_at is not None and now - row.submitting_at < RESTING and not row.retry_count:
        return None
    facts = gateway.read_dispute(row.dispute_id)
    return facts if facts.is_submitted or not is_open(facts.status) else None


def _upload(session: Session, gateway: StripeGateway, row: Dispute) -> dict[str, str]:
    """The ids at Stripe of the files, by field; each is kept as soon as it is there."""
    files = list(files_of(session, row.id or 0))
    session.rollback()
    ids = {}
    for file in files:
        file_id = file.stripe_file_id
        if not file_id:
            key = dispute_key(file.token, file.id or 0, "file", retry_count=row.retry_count)
            file_id = gateway.upload_evidence(file.content, name=file.name, key=key)
            with transaction(session):
                kept = session.get(DisputeFile, file.id)
                if kept is not None:
                    kept.stripe_file_id = file_id
        ids[file.field] = file_id
    return ids


def _submit(
    session: Session, gateway: StripeGateway, row: Dispute, evidence: Mapping[str, str]
) -> DisputeFacts:
    key = dispute_key(row.token, row.id or 0, "submit", retry_count=row.retry_count)
    try:
        return gateway.submit_evidence(row.dispute_id, evidence, key=key)
    except StripeUnavailable as error:
        facts = gateway.read_dispute(row.dispute_id)
        if facts.is_submitted:
            return facts
        if error.is_stored:
            with transaction(session):
                dispute, _ = _locked(session, row.id or 0)
                dispute.retry_count += 1
        raise

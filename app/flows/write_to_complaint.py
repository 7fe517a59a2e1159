"""Both sides write to an open complaint: one message each time, and the other side gets a mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.models import Complaint, ComplaintMessage, ComplaintPhoto
from app.care.photos import clean_photos, thumb_width
from app.care.rules.answering import LONGEST_NOTE, Question
from app.care.rules.complaining import LONGEST_TEXT, MOST_PHOTOS_IN_ALL
from app.care.rules.complaints import ComplaintState, MessageAuthor
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_complaints import (
    hit_photos,
    is_said,
    keep_photos,
    lock_complaint,
    mail_customer,
    mail_staff,
    say,
    unknown,
)
from app.care.service_effort import note_effort
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Contact
from app.customers.service import lock_customer
from app.ordering.models import Order
from app.policy.queries import current_policy
from app.throttling.service import hit

WINDOW = timedelta(days=1)
MESSAGES_PER_COMPANY = 50


def write_as_customer(
    session: Session,
    *,
    complaint_number: str,
    customer_id: int,
    contact_id: int,
    form_key: str,
    text: str,
    photos: Sequence[bytes],
    staff_address: str,
    now: datetime,
) -> bool:
    """Adds a company's words or photos to its own open complaint; False where this form was sent before.

    Raises NotFound, Invalid, Refused (`complaint.closed`, `throttled`), and Unavailable `photos.busy`.
    """
    text = text.strip()
    if photos and not _before_photos(session, complaint_number, form_key, customer_id=customer_id, now=now):
        return False
    pictures, faults = clean_photos(photos)
    if not text and not photos:
        faults.append(FieldError("text", N_("Please write something, or choose a photo.")))
    if len(text) > LONGEST_TEXT:
        sentence = N_("Please use at most %(max_length)s characters.")
        faults.append(FieldError("text", sentence, {"max_length": LONGEST_TEXT}))
    with transaction(session):
        complaint = _own(session, complaint_number, customer_id=customer_id)
        if is_said(session, complaint, form_key):
            return False
        _must_be_open(complaint)
        hit(session, f"complaint_message:{customer_id}", limit=MESSAGES_PER_COMPANY, window=WINDOW, now=now)
        if pictures and _photo_count(session, complaint) + len(pictures) > MOST_PHOTOS_IN_ALL:
            sentence = N_("A complaint holds at most %(most)s photos.")
            faults.append(FieldError("photos", sentence, {"most": MOST_PHOTOS_IN_ALL}))
        if faults:
            raise Invalid(N_("Please check your entries."), code="complaint.invalid", fields=tuple(faults))
        contact = session.get_one(Contact, contact_id)
        message = say(
            session,
            complaint,
            MessageAuthor.CUSTOMER,
            now=now,
            author_name=contact.name,
            text=text,
            form_key=form_key,
            photos=keep_photos(session, complaint, pictures, now=now),
            widths=[thumb_width(picture) for picture in pictures],
        )
        record(
            session,
            Actor(ActorKind.CUSTOMER, contact.name, contact.id),
            action="complaint.written",
            object_kind="complaint",
            object_id=complaint.id,
            object_name=complaint.number,
            now=now,
        )
        mail_staff(
            session,
            complaint,
            session.get_one(Order, complaint.order_id),
            "complaint_message",
            key=f"complaint_message:{message.id}",
            staff_address=staff_address,
            now=now,
            question="",
            note="",
            is_for_staff=True,
        )
    return True


def _before_photos(
    session: Session, complaint_number: str, form_key: str, *, customer_id: int, now: datetime
) -> bool:
    """Looking at photos is dear: only for an own open complaint, and the post counts whatever comes of it."""
    with transaction(session):
        complaint = _own(session, complaint_number, customer_id=customer_id)
        if is_said(session, complaint, form_key):
            return False
        _must_be_open(complaint)
        hit_photos(session, customer_id, now=now)
    return True


def write_as_staff(
    session: Session,
    complaint_id: int,
    *,
    question: str,
    note: str,
    form_key: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Asks or tells the customer something in fixed words, with one short sentence at most; False where sent before.

    Raises NotFound, Invalid for another question or a long sentence, Refused `complaint.closed`.
    """
    note = note.strip()
    faults = []
    if question not in set(Question):
        faults.append(FieldError("question", N_("Please choose one of the offered values.")))
    if len(note) > LONGEST_NOTE:
        sentence = N_("Please use at most %(max_length)s characters.")
        faults.append(FieldError("message", sentence, {"max_length": LONGEST_NOTE}))
    if faults:
        raise Invalid(N_("Please check your entries."), code="complaint.invalid", fields=tuple(faults))
    with transaction(session):
        complaint = _locked(session, complaint_id)
        if is_said(session, complaint, form_key):
            return False
        _must_be_open(complaint)
        message = say(
            session,
            complaint,
            MessageAuthor.STAFF,
            now=now,
            author_name=actor.name,
            kind=f"question_{question}",
            text=note,
            form_key=form_key,
        )
        record(
            session,
            actor,
            action="complaint.asked",
            object_kind="complaint",
            object_id=complaint.id,
            object_name=complaint.number,
            now=now,
            new={"question": question, "note": note},
        )
        _note_effort(session, complaint, message, actor=actor, now=now)
        mail_customer(
            session,
            complaint,
            session.get_one(Order, complaint.order_id),
            "complaint_message",
            key=f"complaint_message:{message.id}",
            now=now,
            question=question,
            note=note,
            is_for_staff=False,
        )
    return True


def _own(session: Session, number: str, *, customer_id: int) -> Complaint:
    query = select(Complaint.id).where(
        col(Complaint.number) == number, col(Complaint.customer_id) == customer_id
    )
    complaint_id = session.exec(query).first()
    if complaint_id is None:
        raise unknown()
    return lock_complaint(session, complaint_id)


def _note_effort(
    session: Session, complaint: Complaint, message: ComplaintMessage, *, actor: Actor, now: datetime
) -> None:
    """A question is work; whose doing it was is decided with the complaint."""
    note_effort(
        session,
        customer_id=complaint.customer_id,
        order_id=complaint.order_id,
        kind=EffortKind.COMPLAINT,
        cause=EffortCause.UNDECIDED,
        source_key=f"complaint:{complaint.id}:message:{message.id}",
        minutes=current_policy(session).effort_action_minutes,
        by=actor.name,
        now=now,
    )


def _locked(session: Session, complaint_id: int) -> Complaint:
    """The complaint, locked after its company, to whom the effort is noted."""
    customer_id = session.exec(select(Complaint.customer_id).where(col(Complaint.id) == complaint_id)).first()
    if customer_id is None:
        raise unknown()
    lock_customer(session, customer_id)
    return lock_complaint(session, complaint_id)


def _must_be_open(complaint: Complaint) -> None:
    if complaint.state is not ComplaintState.OPEN:
        raise Refused(
            N_("This complaint is answered. What you wrote was not kept; open it again if you disagree."),
            code="complaint.closed",
        )


def _photo_count(session: Session, complaint: Complaint) -> int:
    return session.exec(
        select(func.count())
        .select_from(ComplaintPhoto)
        .where(col(ComplaintPhoto.complaint_id) == complaint.id)
    ).one()

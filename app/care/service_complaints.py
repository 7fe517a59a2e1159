"""Writing complaints inside the caller's transaction: their thread, their photos, their mails, their effort."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.care.models import Complaint, ComplaintLine, ComplaintMessage, ComplaintPhoto
from app.care.rules.complaints import MessageAuthor
from app.catalogue.rules.pictures import CONTENT_TYPE
from app.core.errors import N_, NotFound
from app.customers.models import Contact
from app.mail.service import put_mail
from app.ordering.models import Order
from app.throttling.service import hit

PHOTO_WINDOW = timedelta(days=1)
PHOTO_POSTS_PER_COMPANY = 60
STAFF_LANGUAGE = "de"
ADDRESSED = "Team"
"""How a mail to default address greets: nobody knows who reads it first."""


def lock_complaint(session: Session, complaint_id: int) -> Complaint:
    """The complaint as it is now, locked; it comes after orders and payments in the order of locks.

    Raises NotFound for an unknown one.
    """
    query = select(Complaint).where(col(Complaint.id) == complaint_id).with_for_update()
    complaint = session.exec(query.execution_options(populate_existing=True)).first()
    if complaint is None:
        raise unknown()
    return complaint


def unknown() -> NotFound:
    """The failure for a complaint that does not exist, and for another company's."""
    return NotFound(N_("There is no such complaint."), code="complaint.unknown")


def say(
    session: Session,
    complaint: Complaint,
    author: MessageAuthor,
    *,
    now: datetime,
    author_name: str = "",
    kind: str = "",
    text: str = "",
    form_key: str | None = None,
    **values: Any,
) -> ComplaintMessage:
    """Adds one entry to the thread; `form_key` makes one sent twice fail."""
    assert complaint.id is not None
    message = ComplaintMessage(
        complaint_id=complaint.id,
        author=author,
        author_name=author_name[:200],
        kind=kind,
        text=text,
        form_key=form_key,
        values=values,
        at=now,
    )
    session.add(message)
    session.flush()
    return message


def is_said(session: Session, complaint: Complaint, form_key: str) -> bool:
    """Whether this form was sent before."""
    query = select(ComplaintMessage.id).where(
        col(ComplaintMessage.complaint_id) == complaint.id, col(ComplaintMessage.form_key) == form_key
    )
    return session.exec(query).first() is not None


def hit_photos(session: Session, customer_id: int, *, now: datetime) -> None:
    """Counts a post with photos; commit it before they are looked at. Raises Refused `throttled`."""
    hit(
        session,
        f"complaint_photos:{customer_id}",
        limit=PHOTO_POSTS_PER_COMPANY,
        window=PHOTO_WINDOW,
        now=now,
    )


def keep_photos(
    session: Session, complaint: Complaint, pictures: Sequence[bytes], *, now: datetime
) -> list[int]:
    """Keeps pictures that were drawn anew; their ids."""
    assert complaint.id is not None
    kept = [
        ComplaintPhoto(
            complaint_id=complaint.id,
            content_type=CONTENT_TYPE,
            content=picture,
            sha256=hashlib.sha256(picture).hexdigest(),
            added_at=now,
        )
        for picture in pictures
    ]
    session.add_all(kept)
    session.flush()
    return [photo.id or 0 for photo in kept]


def open_lines(complaint: Complaint, lines: Collection[ComplaintLine]) -> None:
    """Marks that these lines have an open complaint for its reason: the database allows one each."""
    for line in lines:
        line.open_key = f"{line.order_line_id}:{complaint.reason.value}"


def close_lines(session: Session, complaint: Complaint) -> None:
    """Lets go of the lines of a complaint that is decided."""
    for line in session.exec(select(ComplaintLine).where(col(ComplaintLine.complaint_id) == complaint.id)):
        line.open_key = None


def mail_customer(
    session: Session,
    complaint: Complaint,
    order: Order,
    kind: str,
    *,
    key: str,
    now: datetime,
    **values: Any,
) -> None:
    """Puts a mail to the person who complained, in their language."""
    contact = session.get_one(Contact, complaint.contact_id)
    put_mail(
        session,
        kind,
        key=key,
        to=contact.email,
        language=contact.language,
        object_kind="complaint",
        object_id=complaint.id or 0,
        now=now,
        contact_name=contact.name,
        complaint_number=complaint.number,
        number=order.number,
        **values,
    )


def mail_staff(
    session: Session,
    complaint: Complaint,
    order: Order,
    kind: str,
    *,
    key: str,
    staff_address: str,
    now: datetime,
    **values: Any,
) -> None:
    """Puts a mail to default address; it names the case and holds nothing of it."""
    put_mail(
        session,
        kind,
        key=key,
        to=staff_address,
        language=STAFF_LANGUAGE,
        object_kind="complaint",
        object_id=complaint.id or 0,
        now=now,
        contact_name=ADDRESSED,
        company_name=order.company_name,
        complaint_number=complaint.number,
        complaint_id=complaint.id,
        number=order.number,
        **values,
    )

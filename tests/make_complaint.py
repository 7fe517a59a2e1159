"""A builder of complaints for tests, saved at once."""

import itertools
from datetime import date
from typing import Any

from sqlmodel import Session, select

from app.care.models import Complaint, ComplaintLine, ComplaintMessage, ComplaintPhoto
from app.care.rules.complaints import ComplaintReason, MessageAuthor
from app.ordering.models import Order, OrderLine
from tests import make

_count = itertools.count(1)


def make_complaint(session: Session, *, about: Order, photo: bytes = b"photo", **values: Any) -> Complaint:
    """An open complaint about all of an order, with one message and one photo."""
    n = next(_count)
    defaults: dict[str, Any] = {
        "number": f"R-{n:08d}",
        "customer_id": about.customer_id,
        "contact_id": about.contact_id,
        "order_id": about.id,
        "form_key": f"made-{n}",
        "reason": ComplaintReason.OTHER,
        "answer_due_on": date(2026, 3, 5),
        "created_at": make.NOW,
    }
    made = make.saved(session, Complaint(**{**defaults, **values}))
    lines = session.exec(select(OrderLine).where(OrderLine.order_id == about.id)).all()
    for line in lines:
        key = f"{line.id}:{made.reason.value}"
        make.saved(
            session,
            ComplaintLine(complaint_id=made.id, order_line_id=line.id, quantity=line.quantity, open_key=key),
        )
    picture = make.saved(
        session,
        ComplaintPhoto(
            complaint_id=made.id,
            content_type="image/webp",
            content=photo,
            sha256=f"{n:064x}",
            added_at=make.NOW,
        ),
    )
    make.saved(
        session,
        ComplaintMessage(
            complaint_id=made.id, author=MessageAuthor.CUSTOMER, author_name=about.contact_name, kind="filed",
            text=f"Mit {about.number} stimmt etwas nicht.", values={"photos": [picture.id]}, at=make.NOW,
        ),
    )  # fmt: skip
    return made

"""A company with a paid order that arrived: what the tests of complaints start from."""

import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from PIL import Image
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.care.models import Complaint, ComplaintMessage, EffortEvent
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason
from app.care.rules.effort import EffortCause
from app.core.db import Database
from app.flows.decide_complaint import Answer, decide_complaint
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.file_complaint import FiledComplaint, file_complaint
from app.flows.pay_back import pay_back
from app.flows.reopen_complaint import reopen_complaint
from app.mail.models import Mail
from app.ordering.models import Order, OrderLine
from app.payments.models import Refund
from tests.flows.till import CALENDAR, Till, open_till

STAFF_ADDRESS = "shop@schlicht.example"
ROBIN = Actor(ActorKind.STAFF, "Robin", 7)
OLE = Actor(ActorKind.STAFF, "Ole", 8)
WORDS = "Two of the packs are crushed."


def photo(*, side: int = 60, style: str = "PNG") -> bytes:
    """A small picture as a phone would send it."""
    target = io.BytesIO()
    Image.new("RGB", (side, side), "orange").save(target, style)
    return target.getvalue()


@dataclass
class Case:
    """One paid order of 3 × 25.00 at 19 % and 2 × 10.00 at 7 %, and what both sides can do about it."""

    till: Till
    number: str
    order_id: int
    line_ids: list[int]
    database: Database
    now: datetime

    def file(self, session: Session, **values: Any) -> FiledComplaint:
        """The form, sent for two of the first line unless told otherwise."""
        arguments: dict[str, Any] = {
            "customer_id": self.till.customer.id,
            "contact_id": self.till.contact.id,
            "order_number": self.number,
            "form_key": "form-1",
            "reason": ComplaintReason.DAMAGED,
            "text": WORDS,
            "quantities": {self.line_ids[0]: 2},
            "photos": [],
            "staff_address": STAFF_ADDRESS,
            "calendar": CALENDAR,
            "now": self.now,
        }
        return file_complaint(session, **{**arguments, **values})

    def decide(
        self,
        session: Session,
        outcome: ComplaintOutcome | None,
        *,
        complaint_id: int | None = None,
        actor: Actor = ROBIN,
        fault: EffortCause | None = EffortCause.OURS,
        now: datetime | None = None,
        **values: Any,
    ) -> bool:
        """A person's answer to the newest complaint, about the pieces that it names unless told otherwise."""
        values.setdefault("quantities", {self.line_ids[0]: 2})
        return decide_complaint(
            session,
            complaint_id or self.complaint(session).id or 0,
            Answer(outcome, fault, **values),
            calendar=CALENDAR,
            actor=actor,
            now=now or self.now,
        )

    def reopen(self, session: Session, **values: Any) -> bool:
        """The button "I disagree"."""
        arguments: dict[str, Any] = {
            "complaint_number": self.complaint(session).number,
            "customer_id": self.till.customer.id,
            "contact_id": self.till.contact.id,
            "text": "They were crushed when they came.",
            "staff_address": STAFF_ADDRESS,
            "calendar": CALENDAR,
            "now": self.now,
        }
        return reopen_complaint(session, **{**arguments, **values})

    def complaint(self, session: Session) -> Complaint:
        """The newest complaint, read fresh; the session is left without a transaction."""
        session.rollback()
        found = session.exec(select(Complaint).order_by(col(Complaint.id).desc()).limit(1)).one()
        session.expunge(found)
        session.rollback()
        return found

    def pay_back_all(self) -> list[str]:
        """What the worker does for each refund that was asked for; their states."""
        with self.database.session() as session:
            ids = session.exec(select(Refund.id).order_by(col(Refund.id))).all()
            session.rollback()
            for refund_id in ids:
                pay_back(session, self.till.stripe, refund_row_id=refund_id or 0, now=self.now)  # type: ignore[arg-type]
            return [refund.state.value for refund in self.refunds(session)]

    def refunds(self, session: Session) -> list[Refund]:
        session.rollback()
        return list(session.exec(select(Refund).order_by(col(Refund.id))))


def arrived(session: Session, database: Database, *, now: datetime) -> Case:
    """The order of `open_till`, paid, dispatched on its run and with the customer for a day."""
    case = accepted(session, database, now=now)
    order = case.till.order(case.number)
    at = datetime.combine(order.dispatch_on, now.timetz()) + timedelta(hours=2)
    dispatch_orders(
        session, [Parcel(case.number)], carrier="Post", today=order.dispatch_on, actor=ROBIN, now=at
    )
    later = datetime.combine(order.promised_on + timedelta(days=1), now.timetz())
    case.now = case.till.now = later
    return case


def accepted(session: Session, database: Database, *, now: datetime) -> Case:
    """The order of `open_till`, paid and waiting for its run."""
    till = open_till(session, database, now=now)
    placed, page = till.placed_and_open()
    till.stripe.pay(page)
    till.settle(session_id=page)
    session.rollback()
    ids = session.exec(
        select(OrderLine.id).where(col(OrderLine.order_id) == placed.order_id).order_by(col(OrderLine.id))
    ).all()
    session.rollback()
    return Case(till, placed.number, placed.order_id, [one or 0 for one in ids], database, now)


def counts(session: Session) -> tuple[int, ...]:
    """How many rows there are of all that a complaint can bring about."""
    session.rollback()
    tables = (Complaint, ComplaintMessage, EffortEvent, Refund, Order, Mail, AuditEntry)
    return tuple(len(session.exec(select(table)).all()) for table in tables)


def day_after(day: date) -> date:
    return day + timedelta(days=1)

"""A company objects to being kept outside or to its effort level: the objection is kept, and the staff are told."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, Invalid, Refused
from app.core.transaction import transaction
from app.customers.gate import ask_gate
from app.customers.models import Contact, Customer, Objection
from app.customers.queries_objections import newest_objection
from app.customers.rules.objections import against, fault_of_objection
from app.mail.service import put_mail
from app.throttling.service import hit

WINDOW = timedelta(days=7)
OBJECTIONS_PER_COMPANY = 5
ADDRESSED = "Team"
"""How the mail to default address greets: nobody knows who reads it first."""


def object_to_decision(
    session: Session, *, contact_id: int, text: str, staff_address: str, now: datetime
) -> bool:
    """Keeps what a person of a company says against being kept outside, or against the level of its effort,
    and mails `staff_address`.

    False where an objection of the company is open already: one at a time. Raises Invalid
    `objection.invalid`, Refused `objection.not_possible` (nobody decided against this company) or `throttled`.
    """
    text = text.strip()
    fault = fault_of_objection(text)
    if fault is not None:
        raise Invalid(N_("Please check your entries."), code="objection.invalid", fields=(fault,))
    with transaction(session):
        contact = session.get_one(Contact, contact_id)
        # Locks the company's row: of two who press the button at once the second finds the first's.
        asked = ask_gate(session, contact.customer_id, contact_id=contact_id)
        what = against(asked.admission, asked.customer.effort_level)
        if what is None:
            raise Refused(N_("There is no decision against your company."), code="objection.not_possible")
        newest = newest_objection(session, contact.customer_id)
        if newest is not None and newest.answered_at is None:
            return False
        hit(
            session,
            f"objection:{contact.customer_id}",
            limit=OBJECTIONS_PER_COMPANY,
            window=WINDOW,
            now=now,
        )
        _keep(session, asked.customer, contact, what, text, staff_address=staff_address, now=now)
    return True


def _keep(
    session: Session,
    customer: Customer,
    contact: Contact,
    against: str,
    text: str,
    *,
    staff_address: str,
    now: datetime,
) -> None:
    assert customer.id is not None
    assert contact.id is not None
    objection = Objection(
        customer_id=customer.id, contact_id=contact.id, against=against, text=text, created_at=now
    )
    session.add(objection)
    session.flush()
    put_mail(
        session,
        "objection_received",
        key=f"objection_received:{objection.id}",
        to=staff_address,
        language="de",
        object_kind="customer",
        object_id=customer.id,
        now=now,
        contact_name=ADDRESSED,
        company_name=customer.company_name,
        number=customer.number,
        objection_id=objection.id,
    )
    record(
        session,
        Actor(ActorKind.CUSTOMER, contact.name, contact.id),
        action="customer.objected",
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        new={"objection_id": objection.id, "against": against},
    )

"""A field visit is asked for with its reasons, and a lead approves it or not; only then it is offered."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.models import FieldVisit, SpecialService
from app.care.rules.services import ServiceKind, VisitState
from app.care.rules.visits import SENTENCES, faults_of_request, missing_parts
from app.care.service_offers import check_admitted, make_offer
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.customers.service import lock_customer

LONGEST_REASON = 1_000


def ask_for_visit(
    session: Session,
    *,
    customer_number: str,
    reason: str,
    expected_contribution_cents: int | None,
    price_cents: int | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Writes a request for a visit at a customer's, which waits for a lead; returns its id.

    Raises NotFound; Invalid that names each part that is missing: reason, expected contribution, price; Refused
    (`visit.open`) while another request for the same customer waits.
    """
    reason = reason.strip()
    faults = faults_of_request(
        reason=reason, expected_contribution_cents=expected_contribution_cents, price_cents=price_cents
    )
    with transaction(session):
        customer = session.exec(
            select(Customer).where(col(Customer.number) == customer_number).with_for_update()
        ).first()
        if customer is None or customer.id is None:
            raise NotFound(N_("There is no such customer."), code="customer.not_found")
        if faults or expected_contribution_cents is None or price_cents is None:
            raise Invalid(
                N_("A field visit needs more than that."), code="visit.incomplete", fields=tuple(faults)
            )
        is_waiting = (
            col(FieldVisit.customer_id) == customer.id,
            col(FieldVisit.state) == VisitState.REQUESTED,
        )
        if session.exec(select(FieldVisit.id).where(*is_waiting)).first() is not None:
            raise Refused(N_("A visit at this customer's waits for its approval already."), code="visit.open")
        visit = FieldVisit(
            customer_id=customer.id,
            reason=reason,
            expected_contribution_cents=expected_contribution_cents,
            price_cents=price_cents,
            requested_by=actor.name[:200],
            requested_by_id=actor.id,
            requested_at=now,
        )
        session.add(visit)
        session.flush()
        _note(session, visit, customer, "visit.asked", reason=reason, actor=actor, now=now)
        return visit.id or 0


def decide_visit(
    session: Session, visit_id: int, *, is_approved: bool, reason: str, actor: Actor, now: datetime
) -> None:
    """A lead approves a visit, which is offered to the customer at once, or refuses it; who asked may only refuse.

    Raises NotFound; Invalid with the field `reason`; Refused `visit.not_open` for one that is decided,
    `visit.same_person`, `visit.lacks` where a part is missing, `visit.nobody` where the company has no person
    with a confirmed address to write to, `offer.not_admitted` where it is kept outside by now.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        fault = FieldError("reason", N_("Please say why, in at most 1,000 characters."))
        raise Invalid(N_("Please check the entries."), code="visit.invalid", fields=(fault,))
    with transaction(session):
        customer_id = session.exec(
            select(FieldVisit.customer_id).where(col(FieldVisit.id) == visit_id)
        ).first()
        if customer_id is None:
            raise NotFound(N_("There is no such visit."), code="visit.not_found")
        customer = lock_customer(session, customer_id)
        visit = session.get_one(FieldVisit, visit_id, with_for_update=True)
        if visit.state is not VisitState.REQUESTED:
            raise Refused(N_("This visit does not wait for a decision any more."), code="visit.not_open")
        if is_approved and actor.id in (None, visit.requested_by_id):
            raise Refused(
                N_("You asked for this visit yourself: a second person has to approve it."),
                code="visit.same_person",
            )
        visit.state = VisitState.APPROVED if is_approved else VisitState.REFUSED
        visit.decided_by, visit.decided_by_id = actor.name[:200], actor.id
        visit.decided_at, visit.decision_reason = now, reason
        if is_approved:
            visit.offer_id = _offer(session, visit, actor=actor, now=now)
        action = "visit.approved" if is_approved else "visit.refused"
        _note(session, visit, customer, action, reason=reason, actor=actor, now=now)


def _offer(session: Session, visit: FieldVisit, *, actor: Actor, now: datetime) -> int | None:
    """The offer of an approved visit. Raises Refused that names what a visit lacks."""
    missing = missing_parts(
        reason=visit.reason,
        expected_contribution_cents=visit.expected_contribution_cents,
        price_cents=visit.price_cents,
        state=visit.state,
    )
    if missing:
        raise Refused(SENTENCES[missing[0]], code="visit.lacks")
    service = session.exec(
        select(SpecialService)
        .where(col(SpecialService.kind) == ServiceKind.FIELD_VISIT, col(SpecialService.is_active))
        .order_by(col(SpecialService.position))
        .limit(1)
    ).first()
    if service is None:
        raise Refused(N_("The price list has no field visit: write one first."), code="visit.not_listed")
    contact = session.exec(
        select(Contact)
        .where(col(Contact.customer_id) == visit.customer_id, col(Contact.email_verified_at).is_not(None))
        .order_by(col(Contact.id))
        .limit(1)
    ).first()
    if contact is None:
        raise Refused(N_("Nobody of this company has a confirmed e-mail address."), code="visit.nobody")
    check_admitted(session, visit.customer_id, contact_id=contact.id or 0)
    offer = make_offer(
        session,
        service,
        customer_id=visit.customer_id,
        contact=contact,
        order=None,
        price_cents=visit.price_cents,
        quantity=1,
        details={"visit_id": visit.id},
        actor=actor,
        now=now,
    )
    return offer.id


def _note(
    session: Session,
    visit: FieldVisit,
    customer: Customer,
    action: str,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    new: dict[str, Any] = {
        "visit_id": visit.id,
        "expected_contribution_cents": visit.expected_contribution_cents,
        "price_cents": visit.price_cents,
        "requested_by": visit.requested_by,
    }
    record(
        session,
        actor,
        action=action,
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=reason,
        new=new,
    )

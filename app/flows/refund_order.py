"""A person of the staff pays money back for an order; above the policy's limit a second one has to grant it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.queries_left import check_left
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_calling_off import end_paid_back, lock_to_call_off
from app.care.service_effort import note_effort
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.invoices.queries_facts import check_corrected
from app.jobs.service import insert_into
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind
from app.payments.models import FraudWarning, Payment, RefundRequest
from app.payments.queries_refundable import Refundable, check_not_taken, granted_alone_cents, read_refundable
from app.payments.rules.disputes import WarningDecision
from app.payments.rules.staff_refunds import (
    FOR_THEM,
    FOR_US,
    LONGEST_NOTE,
    Payable,
    RefundReason,
    RefundScope,
    RefundWish,
    RequestState,
    faults_of_wish,
    needs_second_person,
)
from app.payments.service_refunds import ask_refund
from app.policy.queries import current_policy


@dataclass(frozen=True, slots=True)
class AskedRefund:
    """What became of a wish: its request, how much it is, and whether a second person has to grant it."""

    request_id: int
    amount_cents: int
    is_waiting: bool


def refund_order(
    session: Session,
    *,
    order_number: str,
    wish: RefundWish,
    form_key: str,
    actor: Actor,
    now: datetime,
    unread: Sequence[FieldError] = (),
) -> AskedRefund:
    """Pays back what a form says, or has it wait for a second person; the same form sent twice is one refund.

    Where all that is left goes back before the goods left, the order is called off and gives its stock free in the
    same transaction; a partial refund leaves it alive. Raises NotFound, Invalid `refund.invalid` with a fault per
    field, and Refused: `refund.nothing_paid`, `refund.nothing_left`, `refund.disputed` (the bank has the money),
    `refund.form_used` (the same form was sent before for something else), `refund.corrected`.
    """
    faults = [*unread, *faults_of_wish(wish)]
    if faults or wish.reason is None:
        raise Invalid(N_("Please check your entries."), code="refund.invalid", fields=tuple(faults))
    with transaction(session):
        order_id = _order_id(session, order_number)
        order, services = lock_to_call_off(session, order_id)
        known = session.exec(select(RefundRequest).where(col(RefundRequest.form_key) == form_key)).first()
        if known is not None:
            return _sent_before(known, order, wish)
        request = _ask(session, order, services, wish, form_key=form_key, actor=actor, now=now)
        reach("refund_order.before_commit")
    reach("refund_order.after_commit")
    return AskedRefund(request.id or 0, request.amount_cents, request.state is RequestState.WAITING)


def decide_refund(
    session: Session, *, request_id: int, is_granted: bool, note: str, actor: Actor, now: datetime
) -> bool:
    """A second person grants or declines a refund that waits; False where the same person decided alike before.

    What is left is looked at again. Raises NotFound, Invalid `refund.invalid`, and Refused: `refund.same_person`
    (nobody grants their own), `refund.decided` (somebody else was faster), `refund.changed_meanwhile` (it would come
    to another amount now), `refund.nothing_left`, `refund.disputed`.
    """
    note = note.strip()
    if len(note) > LONGEST_NOTE or (not is_granted and not note):
        fault = FieldError("note", N_("Please say why, in at most 400 characters."))
        raise Invalid(N_("Please check your entries."), code="refund.invalid", fields=(fault,))
    with transaction(session):
        order_id = session.exec(
            select(RefundRequest.order_id).where(col(RefundRequest.id) == request_id)
        ).first()
        if order_id is None:
            raise NotFound(N_("There is no such refund."), code="refund.unknown")
        order, services = lock_to_call_off(session, order_id)
        request = session.get_one(RefundRequest, request_id, with_for_update=True)
        if request.state is not RequestState.WAITING:
            return _decided_before(request, is_granted, actor)
        if actor.kind is not ActorKind.STAFF or actor.id is None or actor.id == request.asked_by_id:
            raise Refused(
                N_("You asked for this refund: somebody else has to grant it."), code="refund.same_person"
            )
        request.decision_note = note
        if is_granted:
            worth = _worth(session, order, _wish_of(request))
            if worth.amount_cents != request.amount_cents:
                raise Refused(
                    N_("Other refunds went out meanwhile, and this one would be another amount. Decline it."),
                    code="refund.changed_meanwhile",
                )
            _grant(session, request, order, services, worth, actor=actor, now=now)
        else:
            _decide(request, RequestState.DECLINED, actor, now=now)
            _record(session, request, order, "refund.declined", actor=actor, reason=note, now=now)
        reach("decide_refund.before_commit")
    return True


def decide_warning(
    session: Session,
    *,
    payment_id: int,
    decision: WarningDecision | None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """A person pays back what a fraud warning is about, before the bank takes it, or leaves it; False where decided.

    Paying back is a refund of all that is left, with the limit and the second person of any other. Raises NotFound,
    Invalid `refund.invalid` (fields `decision`, `reason`), and Refused as `refund_order`.
    """
    reason = reason.strip()
    faults = []
    if decision is None:
        faults.append(FieldError("decision", N_("Please choose what is done.")))
    if not 1 <= len(reason) <= LONGEST_NOTE:
        faults.append(FieldError("reason", N_("Please say why, in at most 400 characters.")))
    if faults:
        raise Invalid(N_("Please check your entries."), code="refund.invalid", fields=tuple(faults))
    with transaction(session):
        order_id = session.exec(
            select(FraudWarning.order_id).where(col(FraudWarning.payment_id) == payment_id)
        ).first()
        if order_id is None:
            raise NotFound(N_("There is no such payment."), code="payment.unknown")
        order, services = lock_to_call_off(session, order_id)
        query = select(FraudWarning).where(
            col(FraudWarning.payment_id) == payment_id, col(FraudWarning.decision).is_(None)
        )
        warnings = session.exec(query.order_by(col(FraudWarning.id)).with_for_update()).all()
        if not warnings:
            return False
        for warning in warnings:
            warning.decision, warning.reason = decision, reason
            warning.decided_by, warning.decided_at = actor.name[:200], now
        record(
            session,
            actor,
            action="payment.warning_decided",
            object_kind="order",
            object_id=order.id,
            object_name=order.number,
            now=now,
            reason=reason,
            new={"payment_id": payment_id, "decision": str(decision)},
        )
        if decision is WarningDecision.REFUND:
            wish = RefundWish(RefundScope.WHOLE, RefundReason.FRAUD, reason)
            key = f"warning:{warnings[0].id}"
            _ask(session, order, services, wish, form_key=key, actor=actor, now=now)
        reach("decide_warning.before_commit")
    return True


def _order_id(session: Session, number: str) -> int:
    order_id = session.exec(
        select(Order.id).where(col(Order.number) == number, col(Order.kind) != OrderKind.REPLACEMENT)
    ).first()
    if order_id is None:
        raise NotFound(N_("There is no such order."), code="order.not_found")
    return order_id


def _ask(
    session: Session,
    order: Order,
    services: Sequence[Order],
    wish: RefundWish,
    *,
    form_key: str,
    actor: Actor,
    now: datetime,
) -> RefundRequest:
    """A new request: granted at once, or waiting for a second person above the policy's limit."""
    worth = _worth(session, order, wish)
    is_waiting = needs_second_person(
        worth.amount_cents,
        granted_alone_cents=granted_alone_cents(session, order.id or 0),
        limit_cents=current_policy(session).refund_alone_cents,
    )
    request = _write(session, order, wish, worth, form_key=form_key, actor=actor, now=now)
    if is_waiting:
        _record(session, request, order, "refund.requested", actor=actor, reason=request.note, now=now)
    else:
        _grant(session, request, order, services, worth, actor=actor, now=now)
    return request


def _sent_before(request: RefundRequest, order: Order, wish: RefundWish) -> AskedRefund:
    if (request.order_id, request.wish) != (order.id, wish.as_json()):
        raise Refused(
            N_("This form was sent before, for something else. Open it again for a further refund."),
            code="refund.form_used",
        )
    return AskedRefund(request.id or 0, request.amount_cents, request.state is RequestState.WAITING)


def _decided_before(request: RefundRequest, is_granted: bool, actor: Actor) -> bool:
    if (request.decided_by_id, request.state is RequestState.GRANTED) == (actor.id, is_granted):
        return False
    raise Refused(
        N_("%(name)s has decided about this refund in the meantime. Your decision changed nothing."),
        code="refund.decided",
        name=request.decided_by,
    )


def _worth(session: Session, order: Order, wish: RefundWish) -> Payable:
    check_corrected(session, order.id or 0)
    found: Refundable | None = read_refundable(session, order)
    if found is None:
        raise Refused(
            N_("Nothing was paid for this order: there is nothing to pay back."), code="refund.nothing_paid"
        )
    check_not_taken(session, order.id or 0)
    try:
        if wish.scope is RefundScope.PARTS:
            check_left(session, order, wish.quantities)
        return found.worth(wish)
    except (KeyError, ValueError) as error:
        raise NotFound(N_("There is no such order."), code="order.not_found") from error


def _write(
    session: Session,
    order: Order,
    wish: RefundWish,
    worth: Payable,
    *,
    form_key: str,
    actor: Actor,
    now: datetime,
) -> RefundRequest:
    row = {
        "order_id": order.id,
        "form_key": form_key,
        "reason": wish.reason,
        "note": wish.note,
        "wish": wish.as_json(),
        "amount_cents": worth.amount_cents,
        "state": RequestState.WAITING,
        "asked_by": actor.name[:200],
        "asked_by_id": actor.id,
        "asked_at": now,
        "decided_by": "",
        "decision_note": "",
    }
    request_id = session.execute(
        insert_into(session, RefundRequest).returning(col(RefundRequest.id)), row
    ).scalar_one()
    return session.get_one(RefundRequest, request_id)


def _grant(
    session: Session,
    request: RefundRequest,
    order: Order,
    services: Sequence[Order],
    worth: Payable,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    found = read_refundable(session, order)
    assert found is not None
    refund = ask_refund(
        session,
        session.get_one(Payment, found.paid.payment_id),
        amount_cents=worth.amount_cents,
        lines=worth.lines,
        charges=worth.charges,
        cause=f"staff:{request.id}",
        asked_by=request.asked_by,
        now=now,
        is_for_us=request.reason in FOR_US,
    )
    request.refund_id = refund.id
    _decide(request, RequestState.GRANTED, actor, now=now)
    _record(session, request, order, "refund.granted", actor=actor, reason=request.note, now=now)
    note_effort(
        session,
        customer_id=order.customer_id,
        order_id=order.id,
        kind=EffortKind.STAFF_ACTION,
        cause=EffortCause.THEIRS if request.reason in FOR_THEM else EffortCause.OURS,
        source_key=f"refund_request:{request.id}",
        by=request.asked_by,
        now=now,
    )
    if worth.amount_cents == found.left_cents:
        end_paid_back(session, order, services, amount_cents=worth.amount_cents, actor=actor, now=now)


def _decide(request: RefundRequest, state: RequestState, actor: Actor, *, now: datetime) -> None:
    request.state = state
    request.decided_by, request.decided_by_id, request.decided_at = actor.name[:200], actor.id, now


def _wish_of(request: RefundRequest) -> RefundWish:
    kept = request.wish
    return RefundWish(
        RefundScope(kept["scope"]),
        RefundReason(request.reason),
        request.note,
        {int(line_id): count for line_id, count in kept["quantities"].items()},
        frozenset(kept["charge_ids"]),
        kept["amount_cents"],
    )


def _record(
    session: Session,
    request: RefundRequest,
    order: Order,
    action: str,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        reason=reason,
        new={
            "request_id": request.id,
            "amount_cents": request.amount_cents,
            "reason": request.reason.value,
            "asked_by": request.asked_by,
        },
    )

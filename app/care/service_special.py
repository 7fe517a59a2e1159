"""What a paid special service does, inside the caller's transaction: an address changes, or a task waits."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.care.models import ServiceOrder, SpecialService
from app.care.queries_services import concerned_of, course_of
from app.care.rules.effort import EffortCause, EffortKind
from app.care.rules.service_wishes import ADDRESS_FIELDS, is_possible, moves_vat_area
from app.care.rules.services import ServiceKind
from app.care.rules.storage import is_as_agreed, told_of_keeping
from app.care.service_effort import note_effort
from app.customers.rules.delivery import Destination
from app.customers.service_delivery import is_held_back
from app.invoices.models import Invoice
from app.invoices.service_drafts import put_drafts
from app.invoices.service_mail import mail_invoice
from app.ordering.models import Charge, Order
from app.ordering.rules.promise import Calendar
from app.ordering.rules.states import OrderState
from app.ordering.service import add_event, mail_order
from app.ordering.service_special import accept_special, finish_special
from app.payments.models import Payment
from app.payments.rules.states import PaymentState, PaymentWay

EFFORT_KINDS = {
    ServiceKind.PHONE_HELP: EffortKind.PHONE_HELP,
    ServiceKind.ADDRESS_CHANGE: EffortKind.MANUAL_CHANGE,
    ServiceKind.SPLIT_DELIVERY: EffortKind.MANUAL_CHANGE,
    ServiceKind.STORAGE: EffortKind.MANUAL_CHANGE,
}
"""What doing a service is among the efforts; the others are acts of the staff."""
BY_ITSELF = "schlicht"


def lock_special(session: Session, order_id: int) -> tuple[ServiceOrder, SpecialService]:
    """What is kept of an order of kind service, locked; comes after its orders in the order of locks."""
    row = session.exec(
        select(ServiceOrder).where(col(ServiceOrder.order_id) == order_id).with_for_update()
    ).one()
    return row, session.get_one(SpecialService, row.service_id)


def is_impossible(
    session: Session, order: Order, goods: Order | None, *, calendar: Calendar, now: datetime
) -> bool:
    """Whether a service that is about to be charged cannot be done any more: then no money is taken.

    `goods` is the order that it concerns, locked. Storage is not paid for twice: it has to do what was shown. A new
    address that a person has to look at first gets its case on the review desk, as at checkout.
    """
    row, service = lock_special(session, order.id or 0)
    concerned = concerned_of(session, goods)
    if not is_possible(service.kind, concerned):
        return True
    if service.kind is ServiceKind.STORAGE and goods is not None:
        course = course_of(session, calendar, now=now)
        days = {"dispatch_on": goods.dispatch_on, "promised_on": goods.promised_on}
        return not is_as_agreed(row.details, course, **days) or _is_being_stored(session, goods, but=order)
    if service.kind is not ServiceKind.ADDRESS_CHANGE:
        return False
    if concerned and moves_vat_area(row.details["address"], concerned):
        return True
    to = destination(row.details["address"])
    return is_held_back(session, customer_id=order.customer_id, contact_id=order.contact_id, to=to, now=now)


def destination(address: Mapping[str, str]) -> Destination:
    """An address as the comparison with the main brand's customers sees it."""
    return Destination(*(address[name] for name in ("company_name", "street", "postal_code", "city")))


def begin_special(
    session: Session, order: Order, goods: Order | None, *, calendar: Calendar, now: datetime
) -> None:
    """A service is paid: it becomes binding. An address changes, goods are kept, copies are sent; all else waits.

    `goods` is locked. Where the goods left in the moment between our decision and Stripe's answer, or the new
    address has another VAT, the change waits for a person too, who gives the money back.
    """
    row, service = lock_special(session, order.id or 0)
    if "fee_reason" in row.details:
        _begin_fee(session, order, row, service, now=now)
        return
    told: dict[str, Any] = {}
    if service.kind is ServiceKind.STORAGE and goods and goods.state is OrderState.ACCEPTED:
        until_on = date.fromisoformat(row.details["until_on"])
        _keep_goods(session, goods, until_on, calendar, by=order, now=now)
        told = {"keeps": told_of_keeping(row.details, goods.number, arrives_on=goods.promised_on)}
    accept_special(session, order, now=now, **told)
    is_address = service.kind is ServiceKind.ADDRESS_CHANGE
    if is_address and goods and _change_address(session, goods, row.details["address"], by=order, now=now):
        close_special(session, order, row, service, by="", note="", minutes=0, now=now)
    if service.kind is ServiceKind.INVOICE_COPY and goods and _mail_copies(session, goods, by=order, now=now):
        close_special(session, order, row, service, by="", note="", minutes=0, now=now)


def _begin_fee(
    session: Session, order: Order, row: ServiceOrder, service: SpecialService, *, now: datetime
) -> None:
    """A fee that staff charged for what was done already: one e-mail, and nothing is left to do."""
    way, brand, last4 = session.exec(
        select(Payment.way, Payment.card_brand, Payment.card_last4).where(
            col(Payment.order_id) == order.id, col(Payment.state) == PaymentState.CAPTURED
        )
    ).one()
    reason, by = str(row.details["fee_reason"]), str(row.details["fee_by"])
    if way is PaymentWay.OFF_SESSION:
        card = f"{brand.title()} •••• {last4}"
        accept_special(session, order, now=now, kind="fee_charged", reason=reason, card=card)
    else:
        accept_special(session, order, now=now)
    quantity = session.exec(select(Charge.quantity).where(col(Charge.order_id) == order.id)).one()
    minutes = service.minutes * quantity
    close_special(
        session, order, row, service, by=by, note=reason[:1000], minutes=minutes, now=now, is_told=False
    )


def close_special(
    session: Session,
    order: Order,
    row: ServiceOrder,
    service: SpecialService,
    *,
    by: str,
    note: str,
    minutes: int,
    now: datetime,
    given_back_cents: int = 0,
    is_told: bool = True,
) -> None:
    """Ends a service: order, task, effort (paid for, so it costs the customer nothing more) and e-mail.

    `by` is empty for what the shop did by itself; `given_back_cents` is the money that goes back where it could not
    be done; without `is_told` there is no e-mail. Raises Refused for one that is not accepted or done already.
    """
    finish_special(session, order, actor_name=by, now=now)
    row.done_at, row.done_by, row.note = now, by or BY_ITSELF, note
    if not given_back_cents:
        put_drafts(session, [order.id or 0], now=now)
    address = None if given_back_cents else row.details.get("address")
    if given_back_cents:
        row.details = {**row.details, "given_back_cents": given_back_cents}
    note_effort(
        session,
        customer_id=order.customer_id,
        order_id=order.for_order_id or order.id,
        kind=EFFORT_KINDS.get(service.kind, EffortKind.STAFF_ACTION),
        minutes=minutes,
        cause=EffortCause.PAID,
        source_key=f"service:{order.id}",
        by=by or BY_ITSELF,
        now=now,
    )
    if not is_told:
        return
    goods = session.get_one(Order, order.for_order_id) if order.for_order_id is not None else None
    is_kept = service.kind is ServiceKind.STORAGE and goods is not None and not given_back_cents
    mail_order(
        session,
        order,
        "service_done",
        now=now,
        note=note,
        given_back_cents=given_back_cents,
        new_address=_lines(address) if address else [],
        for_number=goods.number if goods else "",
        arrives_on=(goods.expected_on or goods.promised_on).isoformat() if goods and is_kept else "",
    )


def _keep_goods(
    session: Session, goods: Order, until_on: date, calendar: Calendar, *, by: Order, now: datetime
) -> None:
    """The goods leave with the first run from `until_on` on, as their customer wants it: they are not late then."""
    course = course_of(session, calendar, now=now)
    run_on = course.run_for(max(until_on, goods.dispatch_on)).run_on
    promised_on = max(course.arrival_of(run_on), goods.promised_on)
    values = {"old": goods.promised_on.isoformat(), "new": promised_on.isoformat(), "service": by.number}
    add_event(session, goods.id or 0, "kept_back", now=now, actor_name=by.contact_name, **values)
    goods.dispatch_on, goods.promised_on, goods.expected_on = run_on, promised_on, None


def _is_being_stored(session: Session, goods: Order, *, but: Order) -> bool:
    """Whether the card is being charged at this moment for another storage of the same goods."""
    is_other = (col(Order.for_order_id) == goods.id, col(Order.id) != but.id)
    query = (
        select(Order.id)
        .join(ServiceOrder, col(ServiceOrder.order_id) == col(Order.id))
        .join(SpecialService, col(SpecialService.id) == col(ServiceOrder.service_id))
        .join(Payment, col(Payment.order_id) == col(Order.id))
        .where(*is_other, col(SpecialService.kind) == ServiceKind.STORAGE)
        .where(col(Payment.state) == PaymentState.CAPTURING)
    )
    return session.exec(query.limit(1)).first() is not None


def _change_address(
    session: Session, goods: Order, address: Mapping[str, str], *, by: Order, now: datetime
) -> bool:
    """False, and nothing changes, where the goods have left, or would go where another VAT law holds."""
    concerned = concerned_of(session, goods)
    if goods.state is not OrderState.ACCEPTED or concerned is None or moves_vat_area(address, concerned):
        return False
    old = _one_line({name: getattr(goods, name) for name in ADDRESS_FIELDS})
    for name in ADDRESS_FIELDS:
        setattr(goods, name, address[name])
    add_event(
        session,
        goods.id or 0,
        "address_changed",
        now=now,
        actor_name=by.contact_name,
        went_to=old,
        goes_to=_one_line(address),
        service=by.number,
    )
    return True


def _mail_copies(session: Session, goods: Order, *, by: Order, now: datetime) -> int:
    """Sends the stored invoice of an order and its corrections once more, as they were issued; how many."""
    query = select(Invoice).where(col(Invoice.order_id) == goods.id).order_by(col(Invoice.id))
    documents = session.exec(query).all()
    for invoice in documents:
        mail_invoice(session, invoice, now=now, again=f"service:{by.id}")
    return len(documents)


def _lines(address: Mapping[str, str]) -> list[str]:
    """An address as mails write it: its lines, the country's code last."""
    place = f"{address['postal_code']} {address['city']}"
    return [address["company_name"], address["contact_name"], address["street"], place, address["country"]]


def _one_line(address: Mapping[str, str]) -> str:
    return ", ".join(_lines(address))

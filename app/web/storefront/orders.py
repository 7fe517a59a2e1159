"""A company's own orders: the list, one order with its timeline, paying, cancelling, ordering again."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.queries_complaints import cases_of_order, facts_of
from app.care.queries_offers import offers_about
from app.care.queries_services import task_of
from app.care.rules.complaining import may_complain
from app.core.errors import N_, Invalid, Refused
from app.core.i18n import translate
from app.flows.cancel_order import cancel_order
from app.flows.change_order_billing import change_reference
from app.flows.reorder import reorder
from app.invoices.queries_billing import billing_of_order
from app.invoices.queries_documents import documents_of_order
from app.ordering.models import Order, OrderEvent
from app.ordering.papers import contract_paper
from app.ordering.queries import missing_in_cart, orders_of, raised_in_cart, whole_order
from app.ordering.queries_contract import read_contract
from app.ordering.queries_rhythm import companions_of
from app.ordering.rules.states import CancelReason, OrderKind, OrderState
from app.payments.models import Payment, Refund
from app.payments.queries import payments_of_order
from app.payments.queries_disputes import disputes_of_order
from app.payments.queries_holds import held_orders
from app.payments.queries_money import refunds_of_order
from app.payments.rules.deadlines import pay_until
from app.payments.rules.disputes import Course, course_of
from app.payments.rules.states import PaymentState, RefundState
from app.web.countries import country_name
from app.web.deps import Now, ReadDep, ShopDep, Values, VisitorDep, WriteDep
from app.web.forms import Errors, errors_of
from app.web.papers import paper_response, paper_words
from app.web.rendering import page, see_other
from app.web.storefront.card_pages import card_page_words
from app.web.storefront.checkout import to_card_page
from app.web.storefront.promises import calendar_of
from app.web.storefront.service_words import SERVICE_EVENTS, SERVICE_STATES
from app.web.visitor import Visitor

router = APIRouter()

PageNumber = Annotated[int, Query(alias="page")]

STATES = {
    OrderState.RECEIVED: (N_("Received, not paid"), "warn"),
    OrderState.ACCEPTED: (N_("Accepted"), "ok"),
    OrderState.DISPATCHED: (N_("Dispatched"), "ok"),
    OrderState.CANCELLED: (N_("Cancelled"), ""),
}
EVENTS = {
    "placed": N_("Order received"),
    "payment_started": N_("Card page opened"),
    "payment_failed": N_("Card declined, nothing charged"),
    "card_page_closed": N_("Card page closed after several declined cards"),
    "payment_held": N_("Amount reserved, order being checked"),
    "payment_released": N_("Reserved amount released, nothing charged"),
    "promise_moved": N_("Delivery day moved, because it counts from the payment"),
    "joining_missed": N_(
        "It can no longer travel in the parcel it was to join: it leaves by itself, at no further cost"
    ),
    "accepted": N_("Paid by card, order accepted"),
    "late": N_("Delayed, we are sorry"),
    "dispatched": N_("Handed to the carrier"),
    "delivery_failed": N_("The carrier could not deliver"),
    "delivery_proven": N_("Its arrival is proven"),
    "charged_back": N_("Payment taken back by the card's bank"),
    "chargeback_passed": N_("Looked at by a person, the order may leave"),
    "cancelled": N_("Order cancelled"),
    "replacement_made": N_("Replacement for a complaint"),
    "complaint_filed": N_("Complaint received"),
    "complaint_answered": N_("Complaint answered"),
    "refunded": N_("Money paid back to the card"),
    "dispute_asked": N_("The card's bank asks about the payment"),
    "dispute_answered": N_("Our answer went to the card's bank"),
    "dispute_won": N_("The card's bank left us the payment"),
    "dispute_lost": N_("The card's bank kept the payment"),
    "refund_failed": N_("Paying back failed, a person looks into it"),
    "address_changed": N_("Delivery address changed"),
    "kept_back": N_("Kept in our warehouse, as you ordered"),
}
OURS_ALONE = frozenset({"fraud_warned"})
"""What a card network tells us in confidence is not for whoever holds the account."""
BEING_CHECKED = (N_("Received, being checked"), "warn")
CANCELLATIONS = {
    CancelReason.UNPAID: N_("It was not paid within 24 hours. Nothing was charged."),
    CancelReason.REPLACED: N_("A later order took its place. Nothing was charged."),
    CancelReason.BY_CUSTOMER: N_("Your company cancelled it. Nothing was charged."),
    CancelReason.BY_STAFF: N_("We cancelled it. Nothing was charged."),
    CancelReason.NOT_ADMITTED: N_("We could not accept it. Nothing was charged."),
    CancelReason.AMOUNT_DIFFERS: N_("The payment did not fit the order. Nothing was charged."),
}
CALLED_OFF = N_("We called it off after your complaint: nothing more of it is sent.")
PAID_BACK = N_("We called it off: nothing of it is sent, and what was paid goes back to the card.")
REFUNDS = {
    RefundState.ASKED: (N_("on its way to your card"), "warn"),
    RefundState.DONE: (N_("paid back to your card"), "ok"),
    RefundState.FAILED: (N_("refused by the bank, a person looks into it"), "bad"),
}
DISPUTES = {
    Course.ASKED: N_("The card's bank asks us about this payment."),
    Course.TAKEN: N_("The card's bank disputes this payment and has the money until it decides."),
    Course.LOST: N_("The card's bank took this payment back."),
}
NOTICES = {
    "back": "",
    "checking": N_("Your payment is being checked. The confirmation follows by e-mail; you need do nothing."),
    "unreachable": N_(
        "The card page cannot be reached right now. Your order is saved: please try again in a few minutes."
    ),
    "being_paid": N_("This order is being paid at this moment. The confirmation follows by e-mail."),
    "left_out": N_("Not everything can be ordered now; the rest is in your cart, at today's prices."),
    "raised": N_(
        "Some of it can only be ordered in a larger quantity now; it is in your cart, at today's prices."
    ),
    "none_left": N_("None of these bundles can be ordered now. Your cart is as it was."),
    "card_not_charged": N_(
        "Your kept card was not charged. Your order is saved: you can pay it here by card as usual."
    ),
    "reference": N_("Saved. Your reference stands on the invoice of this order."),
    "not_cancelled": N_("This order is paid: it can no longer be cancelled here."),
}


@dataclass(frozen=True, slots=True)
class PaymentWords:
    """How the payment stands, for people; `pay_until_at` only while it can still be paid, `is_held` while the
    amount is reserved and we are checking.
    """

    text: str
    tone: str
    card: str = ""
    pay_until_at: datetime | None = None
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class MoneyWords:
    """What came of the money: refunds with words and tone of their state, and a sentence about a dispute, or ""."""

    paid_cents: int = 0
    refunded_cents: int = 0
    refunds: list[tuple[Refund, tuple[str, str]]] = field(default_factory=list)
    dispute: str = ""


@router.get("/orders")
def list_orders(
    request: Request, visitor: VisitorDep, session: ReadDep, q: str = "", at: PageNumber = 1
) -> Response:
    text = q.strip()[:64]
    found = orders_of(session, visitor.customer_id, text=text, page=at)
    held = held_orders(session, [order.id or 0 for order in found.rows])
    return page(
        request,
        "store/orders/orders.html",
        orders=[(order, BEING_CHECKED if order.id in held else state_words(order)) for order in found.rows],
        text=text,
        at=found.page,
        previous_url=_list_url(text, found.page - 1) if found.has_previous else None,
        next_url=_list_url(text, found.page + 1) if found.has_next else None,
    )


@router.get("/orders/{number}")
def show_order(
    request: Request, number: str, visitor: VisitorDep, session: ReadDep, now: Now, notice: str = ""
) -> Response:
    return _order_page(request, number, visitor, session, now=now, notice=notice)


def _order_page(
    request: Request,
    number: str,
    visitor: Visitor,
    session: Session,
    *,
    now: datetime,
    notice: str = "",
    status: int = 200,
    reference: str | None = None,
    errors: Errors | None = None,
) -> Response:
    whole = whole_order(session, number, customer_id=visitor.customer_id)
    order = whole.order
    payments = payments_of_order(session, order.id or 0)
    payment = payment_words(order, payments, now=now)
    task = task_of(session, order)
    cases = cases_of_order(session, order.id or 0)
    return page(
        request,
        "store/orders/service.html" if task else "store/orders/order.html",
        status=status,
        task=task,
        offers=[] if task else offers_about(session, order.id or 0, now=now),
        whole=whole,
        order=order,
        state=BEING_CHECKED if payment.is_held else state_words(order),
        country=country_name(order.country, language=request.scope["lang"]),
        payment=payment,
        card_page=card_page_words(session, order, payments, now=now) if payment.pay_until_at else None,
        cancellation=_cancellation(order, has_cases=bool(cases)),
        money=money_words(session, order, payments),
        replaced_by=_replaced_by(whole.events),
        companions=companions_of(session, order, calendar=calendar_of(request), now=now),
        is_thanked=notice == "back" and order.state is OrderState.ACCEPTED,
        timeline=[
            (event, event_words(order, event.kind), _day(event))
            for event in whole.events
            if event.kind not in OURS_ALONE
        ],
        complaint_number=_complaint_number(order, whole.events),
        notice=NOTICES.get(notice, ""),
        missing=missing_in_cart(session, order) if notice in ("left_out", "none_left") else [],
        raised=raised_in_cart(session, order, now=now) if notice in ("left_out", "raised") else [],
        is_fully_sold=all(line.is_sold for line in whole.lines),
        cases=cases,
        may_complain=may_complain(facts_of(order)),
        documents=documents_of_order(session, order.id or 0) if order.accepted_at else [],
        is_paid=any(one.state is PaymentState.CAPTURED for one in payments),
        reference=billing_of_order(session, order.id or 0).buyer_reference
        if reference is None
        else reference,
        errors=errors or {},
    )


@router.get("/orders/{number}/contract.pdf")
def show_contract(request: Request, number: str, visitor: VisitorDep, session: ReadDep) -> Response:
    contract = read_contract(session, number, customer_id=visitor.customer_id)
    words = paper_words(request, contract.whole.order.language)
    paper = contract_paper(
        contract, formats=words.formats, amount=words.amount, head=words.head, foot=words.foot
    )
    return paper_response(paper, name=contract.whole.order.number)


@router.post("/orders/{number}/pay")
def pay(
    request: Request,
    number: str,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    _: Values,
    now: Now,
) -> Response:
    return to_card_page(request, session, shop, visitor, number=number, now=now)


@router.post("/orders/{number}/cancel")
def cancel(number: str, visitor: VisitorDep, session: WriteDep, _: Values, now: Now) -> Response:
    try:
        cancel_order(
            session,
            order_number=number,
            customer_id=visitor.customer_id,
            actor_name=visitor.contact_name,
            now=now,
        )
    except Refused:
        return see_other(f"/orders/{number}?notice=not_cancelled")
    return see_other(f"/orders/{number}")


@router.post("/orders/{number}/reference")
def say_reference(
    request: Request,
    number: str,
    visitor: VisitorDep,
    session: WriteDep,
    reading: ReadDep,
    values: Values,
    now: Now,
) -> Response:
    """The buyer's reference on the invoice of this one order, until it is issued."""
    language, reference = request.scope["lang"], values.get("buyer_reference", "").strip()
    try:
        change_reference(
            session,
            reference,
            order_number=number,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=language)
        return _order_page(
            request, number, visitor, reading, now=now, status=422, reference=reference, errors=errors
        )
    except Refused as error:
        errors = {"buyer_reference": translate(language, error.message)}
        return _order_page(request, number, visitor, reading, now=now, status=409, errors=errors)
    return see_other(f"/orders/{number}?notice=reference")


@router.post("/orders/{number}/reorder")
def order_again(number: str, visitor: VisitorDep, session: WriteDep, _: Values, now: Now) -> Response:
    done = reorder(session, order_number=number, customer_id=visitor.customer_id, now=now)
    if done.left_out_count or done.fewer_count:
        has_any = done.added_count or done.fewer_count or done.raised_count
        return see_other(f"/orders/{number}?notice={'left_out' if has_any else 'none_left'}")
    if done.raised_count:
        return see_other(f"/orders/{number}?notice=raised")
    return see_other("/cart")


def state_words(order: Order) -> tuple[str, str]:
    """How an order stands, for people: words that are not translated yet, and their tone."""
    of_kind = SERVICE_STATES if order.kind is OrderKind.SERVICE else {}
    return of_kind.get(order.state, STATES[order.state])


def event_words(order: Order, kind: str) -> str:
    """What an entry of an order's timeline is called, not translated yet."""
    if kind == "accepted" and order.kind is OrderKind.REPLACEMENT:
        return N_("Order accepted")
    of_kind = SERVICE_EVENTS if order.kind is OrderKind.SERVICE else {}
    return of_kind.get(kind, EVENTS.get(kind, kind))


def payment_words(order: Order, payments: list[Payment], *, now: datetime) -> PaymentWords:
    """How an order's payment stands; `payments` newest first."""
    captured = next((one for one in payments if one.state is PaymentState.CAPTURED), None)
    if captured is not None:
        card = (
            f"{captured.card_brand.title()} •••• {captured.card_last4}".strip() if captured.card_last4 else ""
        )
        return PaymentWords(N_("Paid by card."), "ok", card=card)
    if order.state is not OrderState.RECEIVED:
        return PaymentWords(N_("Nothing was charged."), "info")
    if any(one.state is PaymentState.CAPTURING for one in payments):
        return PaymentWords(N_("Payment received, the confirmation follows by e-mail."), "ok")
    if any(one.state is PaymentState.HELD for one in payments):
        return PaymentWords(
            N_("The amount is reserved, nothing is charged. We check the order and write to you."),
            "info",
            is_held=True,
        )
    until_at = pay_until(order.placed_at)
    if now < until_at and payments and payments[0].state is PaymentState.RELEASED:
        text = N_("The reservation on your card ended, and nothing was charged. Please pay again.")
        return PaymentWords(text, "warn", pay_until_at=until_at)
    if now >= until_at:
        return PaymentWords(N_("Not paid in time."), "warn")
    if payments and payments[0].failure_code:
        text = N_("The card was declined. Please try again or take another card.")
        return PaymentWords(text, "bad", pay_until_at=until_at)
    return PaymentWords(N_("Not paid yet."), "warn", pay_until_at=until_at)


def money_words(session: Session, order: Order, payments: list[Payment]) -> MoneyWords:
    """What came of the money of a paid order: refunds with their state, and disputes; nothing for an unpaid one."""
    captured = next((one for one in payments if one.state is PaymentState.CAPTURED), None)
    if captured is None:
        return MoneyWords()
    refunds = refunds_of_order(session, order.id or 0)
    courses = {course_of(one.status) for one in disputes_of_order(session, order.id or 0)}
    dispute = next((DISPUTES[one] for one in (Course.LOST, Course.TAKEN, Course.ASKED) if one in courses), "")
    return MoneyWords(
        paid_cents=captured.amount_cents,
        refunded_cents=sum(one.amount_cents for one in refunds if one.state is RefundState.DONE),
        refunds=[(one, REFUNDS[one.state]) for one in refunds],
        dispute=dispute,
    )


def _cancellation(order: Order, *, has_cases: bool) -> str:
    if order.cancel_reason is None:
        return ""
    if order.accepted_at:
        return CALLED_OFF if has_cases else PAID_BACK
    return CANCELLATIONS[order.cancel_reason]


def _replaced_by(events: list[OrderEvent]) -> str:
    """The number of the order that took this one's place; empty for none."""
    return next((str(event.values["replaced_by"]) for event in events if "replaced_by" in event.values), "")


def _complaint_number(order: Order, events: list[OrderEvent]) -> str:
    """The complaint that a replacement was made for; empty for any other order."""
    made = (event.values.get("complaint", "") for event in events if event.kind == "replacement_made")
    return str(next(made, "")) if order.kind is OrderKind.REPLACEMENT else ""


def _day(event: OrderEvent) -> date | None:
    """The delivery day that an event speaks of."""
    value = event.values.get("promised_on") or event.values.get("new")
    return date.fromisoformat(value) if isinstance(value, str) else None


def _list_url(text: str, at: int) -> str:
    return "/orders?" + urlencode({**({"q": text} if text else {}), "page": at})

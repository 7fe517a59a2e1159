"""Staff charge a fee of the price list to a company's kept card: with a reason, and told by e-mail."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.models import ServiceOrder
from app.care.queries_services import service_on_sale, text_of
from app.care.rules.price_list import service_totals
from app.care.rules.service_wishes import most_units, needs_order
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.gate import Asked, ask_gate
from app.customers.models import Customer
from app.customers.rules.admission import Admission
from app.jobs.service import put_job
from app.ordering.models import Order, TermsVersion
from app.ordering.queries_vat import service_vat_of
from app.ordering.rules.promise import Calendar
from app.ordering.service_freeze import refuse_frozen
from app.ordering.service_placing import DeliveryAddress, order_of_key
from app.ordering.service_special import store_special
from app.payments.models_cards import CardConsent, SavedCard
from app.payments.queries_cards import usable_card
from app.payments.rules.items import check_chargeable
from app.payments.service_attempts import begin_charge
from app.policy.queries import current_policy
from app.policy.rules.policy import UnconfirmedVat

LONGEST_REASON = 400


def charge_fee(
    session: Session,
    *,
    customer_number: str,
    service_id: int,
    quantity: int,
    reason: str,
    form_key: str,
    actor: Actor,
    calendar: Calendar,
    now: datetime,
) -> str:
    """The number of the order of kind service that the fee is; a job charges the card.

    The same form key gives the same fee, however often it is sent. Raises NotFound, Invalid with a fault per field,
    and Refused: a company that is not admitted, or that keeps no card with a consent that lasts (`card.none`).
    """
    with transaction(session):
        customer = session.exec(select(Customer).where(col(Customer.number) == customer_number)).first()
        if customer is None or customer.id is None:
            raise NotFound(N_("There is no such customer."), code="customer.not_found")
        today = now.astimezone(calendar.zone).date()
        card = _card(session, customer.id, today=today)
        consent = session.get_one(CardConsent, card.consent_id)
        asked = ask_gate(session, customer.id, contact_id=consent.contact_id)
        known = order_of_key(session, customer.id, form_key)
        if known:
            return known.number
        refuse_frozen(session)
        # With the company locked nobody removes the card any more.
        card = _card(session, customer.id, today=today)
        if asked.admission is not Admission.ADMITTED:
            raise Refused(N_("This company is not admitted: nothing is charged."), code="card.not_admitted")
        reason = _checked(session, service_id, quantity, reason)
        order = _store(
            session,
            asked,
            consent,
            service_id=service_id,
            quantity=quantity,
            form_key=form_key,
            calendar=calendar,
            now=now,
        )
        fee = {"fee_reason": reason, "fee_by": actor.name}
        session.add(ServiceOrder(order_id=order.id or 0, service_id=service_id, details=fee))
        _charge(session, order, card, reason=reason, actor=actor, now=now)
        reach("charge_fee.before_commit")
        return order.number


def _card(session: Session, customer_id: int, *, today: date) -> SavedCard:
    card = usable_card(session, customer_id, today=today)
    if card is None:
        raise Refused(N_("This company keeps no card that can be charged."), code="card.none")
    return card


def _checked(session: Session, service_id: int, quantity: int, reason: str) -> str:
    service = service_on_sale(session, service_id)
    faults = []
    if needs_order(service.kind):
        message = N_("This service is about an order: offer it on the page of that order.")
        faults.append(FieldError("service_id", message))
    if not 1 <= quantity <= most_units(service.kind):
        most: dict[str, object] = {"least": 1, "greatest": most_units(service.kind)}
        message = N_("Please enter a value from %(least)s to %(greatest)s.")
        faults.append(FieldError("quantity", message, most))
    if not reason.strip() or len(reason.strip()) > LONGEST_REASON:
        faults.append(FieldError("reason", N_("Please say why, in at most 400 characters.")))
    if faults:
        raise Invalid(N_("Please check the entries."), code="card.fee_invalid", fields=tuple(faults))
    return reason.strip()


def _store(
    session: Session,
    asked: Asked,
    consent: CardConsent,
    *,
    service_id: int,
    quantity: int,
    form_key: str,
    calendar: Calendar,
    now: datetime,
) -> Order:
    """The fee as an order at the list's price, under the terms that were accepted when the card was kept."""
    agreed = session.get_one(Order, consent.order_id)
    language = asked.contact.language
    customer = asked.customer
    vat = service_vat_of(customer, seller_country=calendar.country, now=now)
    if vat.is_waiting and current_policy(session).unconfirmed_vat is UnconfirmedVat.HOLD:
        raise Refused(
            N_("The VAT id of this company is not confirmed yet: nothing is charged."), code="card.vat"
        )
    text = text_of(service_on_sale(session, service_id), language)
    totals = service_totals(text, quantity, vat_case=vat.case)
    check_chargeable(totals.gross_cents)
    return store_special(
        session,
        totals,
        customer_id=customer.id or 0,
        contact_id=asked.contact.id or 0,
        checkout_key=form_key,
        for_order_id=None,
        address=DeliveryAddress(
            customer.company_name,
            asked.contact.name,
            customer.street,
            customer.postal_code,
            customer.city,
            customer.country,
        ),
        purchase_reference="",
        terms=session.get_one(TermsVersion, agreed.terms_version_id),
        language=language,
        today=now.astimezone(calendar.zone).date(),
        now=now,
        vat=vat,
        agreed=agreed,
    )


def _charge(
    session: Session, order: Order, card: SavedCard, *, reason: str, actor: Actor, now: datetime
) -> None:
    payment_id = begin_charge(session, order, card, now=now).id
    put_job(session, "charge_kept_card", key=f"fee:{payment_id}", now=now, payment_id=payment_id)
    record(
        session,
        actor,
        action="card.fee_charged",
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        reason=reason,
        new={"amount_cents": order.gross_cents, "card": f"{card.brand} {card.last4}"},
    )

"""Reading what our books know of a disputed order, for the evidence."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.care.models import Complaint
from app.customers.models import Contact
from app.fulfilment.models import Shipment
from app.mail.models import Mail, MailState
from app.ordering.models import Charge, Order, OrderLine, TermsVersion
from app.ordering.rules.states import OrderKind
from app.payments.models import Dispute, Payment
from app.payments.queries_refunds import read_paid
from app.payments.rules.evidence import Mailed, OrderFacts, proposed_texts

TOLD = ("order_received", "order_accepted", "order_dispatched", "order_late", "service_done")
"""The e-mails that say what was ordered, promised and sent."""


def propose_evidence(session: Session, dispute: Dispute) -> dict[str, str]:
    """The texts for the bank by Stripe's names: what was saved by a person, else what our books say."""
    kept = {name: str(text) for name, text in dispute.evidence.items()}
    return {**proposed_texts(read_facts(session, dispute)), **kept}


def read_facts(session: Session, dispute: Dispute) -> OrderFacts:
    """What our books know of the order behind a dispute."""
    order = session.get_one(Order, dispute.order_id)
    payment = session.get_one(Payment, dispute.payment_id)
    contact = session.get_one(Contact, order.contact_id)
    terms = session.get_one(TermsVersion, order.terms_version_id)
    shipment = session.exec(select(Shipment).where(col(Shipment.order_id) == order.id)).first()
    paid = read_paid(session, order.id or 0)
    is_service = order.kind is OrderKind.SERVICE
    done_at = order.dispatched_at
    return OrderFacts(
        number=order.number,
        company_name=order.company_name,
        contact_name=order.contact_name,
        email=contact.email,
        address=f"{order.company_name}, {order.street}, {order.postal_code} {order.city}, {order.country}",
        placed_at=order.placed_at,
        paid_at=payment.settled_at,
        card=f"{payment.card_brand} ending {payment.card_last4}" if payment.card_last4 else "",
        gross_cents=order.gross_cents,
        refunded_cents=paid.refunded_cents if paid else 0,
        items=_items(session, order),
        terms_name=terms.name,
        terms_accepted_at=order.terms_accepted_at,
        is_service=is_service,
        done_on=done_at.date() if done_at else None,
        carrier=shipment.carrier if shipment else "",
        tracking_code=shipment.tracking_code if shipment else "",
        promised_on=None if is_service else order.promised_on,
        mails=_mails(session, order),
        complaint_count=session.exec(
            select(func.count()).select_from(Complaint).where(col(Complaint.order_id) == order.id)
        ).one(),
    )


def _items(session: Session, order: Order) -> list[str]:
    lines = session.exec(
        select(OrderLine.quantity, OrderLine.name, OrderLine.net_cents)
        .where(col(OrderLine.order_id) == order.id)
        .order_by(col(OrderLine.id))
    )
    charges = session.exec(
        select(Charge.quantity, Charge.name, Charge.kind, Charge.net_cents)
        .where(col(Charge.order_id) == order.id)
        .order_by(col(Charge.id))
    )
    rows = [(quantity, name, net) for quantity, name, net in lines]
    rows += [(quantity, name or str(kind).replace("_", " "), net) for quantity, name, kind, net in charges]
    return [f"{quantity} x {name}, EUR {net // 100:,}.{net % 100:02d} net" for quantity, name, net in rows]


def _mails(session: Session, order: Order) -> list[Mailed]:
    rows = session.exec(
        select(Mail.kind, Mail.sent_at)
        .where(
            col(Mail.object_kind) == "order",
            col(Mail.object_id) == order.id,
            col(Mail.kind).in_(TOLD),
            col(Mail.state) == MailState.SENT,
        )
        .order_by(col(Mail.sent_at))
    )
    return [Mailed(kind, sent_at) for kind, sent_at in rows if sent_at is not None]

"""Reading what a draft shall become: its order, payment, parties and earlier documents, as the rules want them."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.catalogue.models import BundleItem
from app.core.errors import N_, Refused
from app.core.money import split
from app.customers.models import Contact, Customer
from app.invoices.models import BillingProfile, Invoice, InvoiceDraft
from app.invoices.queries_billing import billing_of_order
from app.invoices.rules.billing import BillingDetails
from app.invoices.rules.building import WITH_BOTH_VAT_IDS, OrderFacts, RefundFacts, party, reason_of
from app.invoices.rules.correcting import Piece
from app.invoices.rules.document import DocumentKind, PaidByCard, Party, from_json
from app.invoices.rules.supply import CannotBuild, SoldCharge, SoldLine, SoldPart
from app.invoices.rules.words import amount_of, plain
from app.invoices.seller import seller_facts_of, seller_of
from app.ordering.models import Charge, Order, OrderLine, OrderTax
from app.ordering.rules.charges import charge_name
from app.ordering.rules.pricing import ChargeKind, TaxPart
from app.ordering.rules.states import IN_PARCELS, OrderState
from app.payments.models import Payment, Refund, RefundLine
from app.payments.queries_refunds import captured_payment
from app.payments.rules.states import RefundState
from app.settings import Settings


def read_order_facts(session: Session, draft: InvoiceDraft, *, settings: Settings) -> OrderFacts:
    """An order as its invoice needs it. Raises CannotBuild where no payment was taken for it."""
    zone = ZoneInfo(settings.timezone)
    order = session.get_one(Order, draft.order_id)
    payment = captured_payment(session, draft.order_id)
    if payment is None:
        raise CannotBuild(N_("No payment was taken for this order."), code="invoice.not_paid")
    customer = session.get_one(Customer, order.customer_id)
    profile = session.get(BillingProfile, order.customer_id)
    said = billing_of_order(session, draft.order_id)
    lines = session.exec(
        select(OrderLine).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.id))
    ).all()
    taxes = session.exec(select(OrderTax).where(col(OrderTax.order_id) == order.id))
    is_goods = order.kind in IN_PARCELS
    return OrderFacts(
        number=order.number,
        language=order.language,
        currency=order.currency,
        case=order.vat_case,
        gross_cents=order.gross_cents,
        ordered_on=_day(order.placed_at, zone),
        supplied_on=_supplied_on(order, zone),
        expected_on=(order.expected_on or order.promised_on) if is_goods else None,
        purchase_reference=plain(order.purchase_reference),
        buyer_reference=plain(said.buyer_reference or (profile.buyer_reference if profile else "")),
        seller=seller_of(settings),
        seller_facts=seller_facts_of(settings),
        buyer=_buyer(session, said, order, customer, profile),
        ship_to=_ship_to(order) if is_goods else None,
        lines=_sold_lines(session, lines, order.language),
        charges=_sold_charges(session, order, {line.bundle_version_id: line.name for line in lines}),
        taxes=tuple(TaxPart(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in taxes),
        paid=_paid(payment, zone),
    )


def read_refund_facts(session: Session, draft: InvoiceDraft, *, settings: Settings) -> RefundFacts:
    """A refund as its correction needs it. Raises CannotBuild before the order has a document, or money moved."""
    zone = ZoneInfo(settings.timezone)
    refund = session.get_one(Refund, draft.refund_id)
    original = original_of(session, draft.order_id)
    if original is None or original.id is None:
        raise CannotBuild(N_("This order has no invoice yet."), code="invoice.no_original")
    if refund.state is not RefundState.DONE or refund.done_at is None:
        raise CannotBuild(N_("This refund is not done."), code="invoice.refund_not_done")
    payment = session.get_one(Payment, refund.payment_id)
    before = session.exec(
        select(Invoice.document).where(col(Invoice.corrects_id) == original.id).order_by(col(Invoice.id))
    )
    pieces = session.exec(
        select(RefundLine).where(col(RefundLine.refund_id) == refund.id).order_by(col(RefundLine.id))
    )
    return RefundFacts(
        original=from_json(original.document),
        earlier=tuple(from_json(dict(document)) for document in before),
        gross_cents=refund.amount_cents,
        pieces=tuple(
            Piece(f"line:{piece.order_line_id}", piece.quantity, piece.amount_cents) for piece in pieces
        ),
        reason=reason_of(refund.cause, original.language),
        paid_back=PaidByCard(
            _day(refund.done_at, zone), refund.amount_cents, payment.card_brand, payment.card_last4
        ),
    )


def original_of(session: Session, order_id: int) -> Invoice | None:
    """The one document that charges an order; None before it is issued."""
    return session.exec(
        select(Invoice).where(col(Invoice.order_id) == order_id, col(Invoice.kind) != DocumentKind.CORRECTION)
    ).first()


def vat_id_of(session: Session, order: Order) -> str:
    """The VAT id that an order's documents name: the one it was placed with, else the company's; "" for none."""
    return order.vat_id or session.get_one(Customer, order.customer_id).vat_id or ""


def corrected_but_kept(session: Session, order_id: int) -> Sequence[int]:
    """Refunds of an order whose correction is issued while the card service sent the money back to us."""
    return session.exec(
        select(Refund.id)
        .join(Invoice, col(Invoice.refund_id) == col(Refund.id))
        .where(col(Refund.order_id) == order_id, col(Refund.state) == RefundState.FAILED)
    ).all()  # type: ignore[return-value]


def check_corrected(session: Session, order_id: int) -> None:
    """Raises Refused `refund.corrected`: other money back would be corrected twice, and too little VAT declared."""
    if corrected_but_kept(session, order_id):
        raise Refused(
            N_(
                "A refund of this order failed after its correction was issued."
                " Ask for that refund again on the page of refunds; until then nothing else of it is paid back."
            ),
            code="refund.corrected",
        )


def _supplied_on(order: Order, zone: ZoneInfo) -> date | None:
    is_done = order.state is OrderState.DISPATCHED and order.dispatched_at is not None
    return _day(order.dispatched_at, zone) if is_done and order.dispatched_at else None


def _buyer(
    session: Session, said: BillingDetails, order: Order, customer: Customer, profile: BillingProfile | None
) -> Party:
    """The name and address said of this order, else those that the company wants on its invoices, else its own.

    Beside a confirmed VAT id the name stays that of the company whose id it is.
    """
    own = {"name": customer.company_name} | {
        name: getattr(customer, name) for name in ("street", "postal_code", "city", "country")
    }
    if said.name:
        own = {name: getattr(said, name) for name in own}
    elif profile is not None and profile.name:
        own = {name: getattr(profile, name) for name in own}
    if order.vat_case in WITH_BOTH_VAT_IDS:
        own["name"] = customer.company_name
    email = profile.email if profile is not None else ""
    if not email:
        email = session.exec(select(Contact.email).where(col(Contact.id) == order.contact_id)).one()
    return party(**own, vat_id=vat_id_of(session, order), contact_name=order.contact_name, email=email)


def _ship_to(order: Order) -> Party:
    return party(
        name=order.company_name,
        street=order.street,
        postal_code=order.postal_code,
        city=order.city,
        country=order.country,
        contact_name=order.contact_name,
    )


def _paid(payment: Payment, zone: ZoneInfo) -> PaidByCard:
    return PaidByCard(
        _day(payment.settled_at or payment.changed_at, zone),
        payment.amount_cents,
        payment.card_brand,
        payment.card_last4,
    )


def _sold_lines(session: Session, lines: Sequence[OrderLine], language: str) -> tuple[SoldLine, ...]:
    """The lines with their shares by rate, split by reference prices as the order was priced."""
    versions = {line.bundle_version_id for line in lines}
    items: dict[int, list[BundleItem]] = {version: [] for version in versions}
    query = select(BundleItem).where(col(BundleItem.bundle_version_id).in_(versions))
    for item in session.exec(query.order_by(col(BundleItem.id))):
        items[item.bundle_version_id].append(item)
    return tuple(_sold_line(line, items[line.bundle_version_id], language) for line in lines)


def _sold_line(line: OrderLine, items: list[BundleItem], language: str) -> SoldLine:
    weights: dict[int, int] = {}
    contents: dict[int, list[str]] = {}
    for item in items:
        name = item.name_de if language == "de" else item.name_en
        weight = item.quantity_milli * item.reference_price_cents
        weights[item.vat_rate_bp] = weights.get(item.vat_rate_bp, 0) + weight
        said = amount_of(name, item.quantity_milli, item.unit_code, language)
        contents.setdefault(item.vat_rate_bp, []).append(said)
    shares = split(line.net_cents, list(weights.values())) if weights else []
    return SoldLine(
        f"line:{line.id}",
        plain(line.name),
        line.quantity,
        line.net_cents,
        tuple(
            SoldPart(rate, cents, ", ".join(contents[rate]))
            for rate, cents in zip(weights, shares, strict=True)
        ),
    )


def _sold_charges(session: Session, order: Order, names: dict[int, str]) -> tuple[SoldCharge, ...]:
    rows = session.exec(select(Charge).where(col(Charge.order_id) == order.id).order_by(col(Charge.id)))
    return tuple(
        SoldCharge(
            f"charge:{row.id}",
            row.kind,
            _charge_name(row, order, names),
            row.net_cents,
            row.quantity,
            row.vat_rate_bp,
        )
        for row in rows
        if row.net_cents
    )


def _charge_name(row: Charge, order: Order, names: dict[int, str]) -> str:
    name = row.name if row.kind is ChargeKind.SPECIAL_SERVICE else names.get(row.bundle_version_id or 0, "")
    return plain(charge_name(row.kind, order.language, name=name))


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()

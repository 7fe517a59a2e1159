"""A draft's facts, and the document, XML and PDF that they make."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.core.errors import N_
from app.customers.queries_vat import ProofState, VatProof, vat_proof
from app.invoices.models import InvoiceDraft
from app.invoices.queries_facts import original_of, read_order_facts, read_refund_facts
from app.invoices.rules.building import (
    WITH_BOTH_VAT_IDS,
    OrderFacts,
    RefundFacts,
    correction_document,
    invoice_of,
)
from app.invoices.rules.document import Document, DocumentKind, DraftState
from app.invoices.rules.supply import CannotBuild
from app.ordering.models import Order
from app.ordering.rules.states import BINDING, OrderKind
from app.payments.models import Refund
from app.payments.rules.states import RefundState
from app.settings import Settings

Render = Callable[[Document, bytes], bytes]
"""Makes the PDF of a document, with its XML inside."""
Facts = OrderFacts | RefundFacts
VAT_ID_IN_DOUBT = "invoice.vat_id_not_confirmed"
LONGEST_ASKING = timedelta(days=3)
"""So long nobody answers the questions for a document before a person looks at it."""


class NothingToIssue(CannotBuild):
    """There is nothing that wants a document any more."""


class ProofWanted(Exception):
    """The buyer's VAT id has to be asked about before this document (§ 18 e UStG)."""

    def __init__(self, customer_id: int, vat_id: str, proof: VatProof) -> None:
        super().__init__(vat_id)
        self.customer_id = customer_id
        self.vat_id = vat_id
        self.proof = proof


@dataclass(frozen=True, slots=True)
class Material:
    """All that a draft's document is made of; equal material makes the same document."""

    kind: DocumentKind
    order_id: int
    customer_id: int
    facts: Facts
    refund_id: int | None = None
    corrects_id: int | None = None


def read_material(session: Session, draft: InvoiceDraft, *, settings: Settings, now: datetime) -> Material:
    """What a draft would become now.

    Raises NothingToIssue where it has nothing to become (called off, paid back, refused by the bank), CannotBuild
    where a person has to look, and ProofWanted where nobody knows whether the buyer's VAT id is still valid.
    """
    order = session.get_one(Order, draft.order_id)
    if draft.refund_id is not None:
        _check_refund(session, draft.refund_id)
        facts = read_refund_facts(session, draft, settings=settings)
        original = original_of(session, draft.order_id)
        corrects_id = original.id if original else None
        return Material(
            DocumentKind.CORRECTION, draft.order_id, order.customer_id, facts, draft.refund_id, corrects_id
        )
    if order.state not in BINDING or order.kind is OrderKind.REPLACEMENT or not order.gross_cents:
        raise NothingToIssue(N_("There is nothing to invoice in this order."), code="invoice.nothing")
    if _going_back_cents(session, draft.order_id) >= order.gross_cents:
        raise NothingToIssue(N_("All of this order's money goes back."), code="invoice.paid_back")
    found = read_order_facts(session, draft, settings=settings)
    if found.case in WITH_BOTH_VAT_IDS and found.buyer.vat_id:
        _check_vat_id(session, draft, order.customer_id, found.buyer.vat_id, now=now)
    is_before = draft.kind is DocumentKind.PREPAYMENT and found.supplied_on is None
    kind = DocumentKind.PREPAYMENT if is_before else DocumentKind.INVOICE
    return Material(kind, draft.order_id, order.customer_id, found)


def is_vat_id_in_doubt(draft: InvoiceDraft) -> bool:
    """Whether a draft is blocked because its buyer's VAT id is refuted, or nobody confirms it."""
    is_blocked = draft.state is DraftState.BLOCKED and draft.problem is not None
    return is_blocked and (draft.problem or {}).get("code") == VAT_ID_IN_DOUBT


def build(material: Material, *, number: str, issued_on: date) -> Document:
    """The document of this material under a number and a day. Raises CannotBuild."""
    if isinstance(material.facts, RefundFacts):
        return correction_document(material.facts, number=number, issued_on=issued_on)
    return invoice_of(material.facts, kind=material.kind, number=number, issued_on=issued_on)


def _check_vat_id(
    session: Session, draft: InvoiceDraft, customer_id: int, vat_id: str, *, now: datetime
) -> None:
    """No document without VAT whose VAT id is not confirmed; where nobody answers, the order's confirmation counts.

    The time of asking runs from the first question, and anew where a person has the draft tried again.
    """
    proof = vat_proof(session, customer_id, vat_id=vat_id, now=now)
    asked_at = proof.first_asked_at
    is_over = asked_at is not None and now - max(asked_at, draft.changed_at) > LONGEST_ASKING
    if proof.state is ProofState.REFUTED or (proof.state is ProofState.ASK and is_over):
        raise CannotBuild(
            N_("The VAT id of this company is not confirmed any more: look at it before this invoice."),
            code=VAT_ID_IN_DOUBT,
        )
    if proof.state is ProofState.ASK:
        raise ProofWanted(customer_id, vat_id, proof)


def _check_refund(session: Session, refund_id: int) -> None:
    state = session.exec(select(Refund.state).where(col(Refund.id) == refund_id)).one()
    if state is not RefundState.DONE:
        raise NothingToIssue(N_("This refund is not done."), code="invoice.refund_not_done")


def _going_back_cents(session: Session, order_id: int) -> int:
    amounts = session.exec(
        select(Refund.amount_cents).where(
            col(Refund.order_id) == order_id, col(Refund.state).in_((RefundState.ASKED, RefundState.DONE))
        )
    )
    return sum(amounts)

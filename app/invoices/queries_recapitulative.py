"""Reading the documents of a month that the recapitulative statement reports."""

from datetime import date

from sqlmodel import Session, col, exists, select

from app.customers.models import VatCheck
from app.customers.rules.vat_answers import VatOutcome
from app.invoices.models import Invoice
from app.invoices.rules.recapitulative import KINDS, ReportedDocument, StatementRow, statement


def read_statement(session: Session, first_on: date, before_on: date) -> list[StatementRow]:
    """The statement of the documents issued from a day on and before another, in one query."""
    proven = exists().where(
        col(VatCheck.customer_id) == col(Invoice.customer_id),
        col(VatCheck.vat_id) == col(Invoice.buyer_vat_id),
        col(VatCheck.outcome) == VatOutcome.VALID,
        col(VatCheck.request_id) != "",
        col(VatCheck.at) <= col(Invoice.issued_at),
    )
    rows = session.execute(
        select(  # type: ignore[call-overload]
            Invoice.kind,
            Invoice.vat_case,
            Invoice.buyer_vat_id,
            Invoice.net_cents,
            proven.label("is_proven"),
        )
        .where(col(Invoice.issued_on) >= first_on, col(Invoice.issued_on) < before_on)
        .where(col(Invoice.vat_case).in_(KINDS))
        .order_by(Invoice.id)
    )
    return statement(ReportedDocument(*row) for row in rows)

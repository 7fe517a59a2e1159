"""Reading the documents of a month that the recapitulative statement reports."""

from datetime import date, timedelta

from sqlmodel import Session, col, exists, select

from app.customers.models import VatCheck
from app.customers.rules.vat_answers import VatOutcome
from app.invoices.models import Invoice
from app.invoices.queries_taxed import may_be_taxed_in
from app.invoices.rules.recapitulative import KINDS, ReportedDocument, StatementRow, statement
from app.invoices.rules.taxed_on import taxed_on


def read_statement(session: Session, first_on: date, before_on: date) -> list[StatementRow]:
    """The statement of the documents that count from a day on and before another, in one query."""
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
            Invoice.issued_on,
            Invoice.supplied_on,
            Invoice.paid_on,
        )
        .where(may_be_taxed_in(first_on, before_on - timedelta(days=1)))
        .where(col(Invoice.vat_case).in_(KINDS))
        .order_by(Invoice.id)
    )
    return statement(
        ReportedDocument(kind, case, *facts)
        for kind, case, *facts, issued, supplied, paid in rows
        if first_on <= taxed_on(kind, case, issued_on=issued, supplied_on=supplied, paid_on=paid) < before_on
    )

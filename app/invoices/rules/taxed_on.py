"""The month to which a document belongs in the VAT return and in the recapitulative statement."""

from datetime import date, timedelta

from app.invoices.rules.document import DocumentKind
from app.ordering.rules.vat import VatCase


def taxed_on(
    kind: DocumentKind, case: VatCase, *, issued_on: date, supplied_on: date | None, paid_on: date | None
) -> date:
    """The day whose month a document counts for.

    German VAT arises with the supply, or with the payment where it came first (§ 13 (1) no. 1 a UStG). An
    intra-Community supply counts when it is invoiced, at the latest in the month after the supply, and a payment
    before changes nothing (§ 18 b sentence 2 UStG). All other supplies without German VAT count when they are made
    (sentence 3 for services); where a document does not know that day, its payment's. A correction counts when it is
    issued (§ 17 (1), § 18 a (10) UStG).
    """
    if kind is DocumentKind.CORRECTION:
        return issued_on
    if case is VatCase.INTRA_COMMUNITY:
        if supplied_on is None:
            return issued_on
        return min(max(issued_on, supplied_on), _end_of_month_after(supplied_on))
    if case is not VatCase.DOMESTIC:
        return supplied_on or paid_on or issued_on
    days = [paid_on] if kind is DocumentKind.PREPAYMENT else [paid_on, supplied_on]
    return min((day for day in days if day is not None), default=issued_on)


def _end_of_month_after(day: date) -> date:
    months = day.year * 12 + day.month + 1
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)

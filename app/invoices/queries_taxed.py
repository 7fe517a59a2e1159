"""Narrowing documents down to those that may belong to a month of the VAT return."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from app.invoices.models import Invoice


def may_be_taxed_in(first_on: date, last_on: date) -> ColumnElement[bool]:
    """Documents of which rules/taxed_on.py may name a day from one on to another: it must be asked of each."""
    month_before = (first_on - timedelta(days=1)).replace(day=1)
    return or_(
        col(Invoice.issued_on).between(first_on, last_on),
        col(Invoice.paid_on).between(first_on, last_on),
        col(Invoice.supplied_on).between(month_before, last_on),
    )

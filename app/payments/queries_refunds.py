"""Reading what was paid for an order and what of it went back."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.catalogue.models import BundleItem
from app.core.money import split
from app.ordering.models import OrderLine, OrderTax
from app.ordering.rules.pricing import TaxPart
from app.payments.models import Payment, Refund, RefundLine
from app.payments.rules.refunding import PaidLine
from app.payments.rules.states import PaymentState, RefundState

COUNTING = (RefundState.ASKED, RefundState.DONE)
"""The states of a refund whose money is gone or about to go."""


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order as it was paid: its captured payment, its lines with what went back of them, and its rates."""

    payment_id: int
    paid_cents: int
    refunded_cents: int
    lines: list[PaidLine]
    names: dict[int, str]
    version_ids: dict[int, int]
    taxes: list[TaxPart]


def captured_payment(session: Session, order_id: int) -> Payment | None:
    """The payment whose money an order was paid with, or None."""
    return session.exec(
        select(Payment).where(col(Payment.order_id) == order_id, col(Payment.state) == PaymentState.CAPTURED)
    ).first()


def read_paid(session: Session, order_id: int) -> PaidOrder | None:
    """What was paid for an order and what of it is left; None where nothing was."""
    payment = captured_payment(session, order_id)
    if payment is None or payment.id is None:
        return None
    back = _gone_back(session, order_id)
    rows = session.exec(
        select(OrderLine).where(col(OrderLine.order_id) == order_id).order_by(col(OrderLine.id))
    ).all()
    weights = _weights(session, {row.bundle_version_id for row in rows})
    lines = []
    for row in rows:
        rates = weights.get(row.bundle_version_id, {})
        shares = split(row.net_cents, list(rates.values())) if rates else []
        quantity, cents = back.get(row.id or 0, (0, 0))
        lines.append(
            PaidLine(row.id or 0, row.quantity, dict(zip(rates, shares, strict=True)), quantity, cents)
        )
    taxes = session.exec(
        select(OrderTax).where(col(OrderTax.order_id) == order_id).order_by(col(OrderTax.vat_rate_bp).desc())
    )
    return PaidOrder(
        payment_id=payment.id,
        paid_cents=payment.amount_cents,
        refunded_cents=_refunded(session, payment.id),
        lines=lines,
        names={row.id or 0: row.name for row in rows},
        version_ids={row.id or 0: row.bundle_version_id for row in rows},
        taxes=[TaxPart(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in taxes],
    )


def count_failed_refunds(session: Session) -> int:
    """How many refunds the card service refused, and a person has to look at."""
    return session.exec(
        select(func.count()).select_from(Refund).where(col(Refund.state) == RefundState.FAILED)
    ).one()


def _refunded(session: Session, payment_id: int) -> int:
    return session.exec(
        select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
            col(Refund.payment_id) == payment_id, col(Refund.state).in_(COUNTING)
        )
    ).one()


def _gone_back(session: Session, order_id: int) -> dict[int, tuple[int, int]]:
    rows = session.exec(
        select(RefundLine.order_line_id, func.sum(RefundLine.quantity), func.sum(RefundLine.amount_cents))
        .join(Refund, col(Refund.id) == col(RefundLine.refund_id))
        .where(col(Refund.order_id) == order_id, col(Refund.state).in_(COUNTING))
        .group_by(col(RefundLine.order_line_id))
    )
    return {line_id: (int(quantity), int(cents)) for line_id, quantity, cents in rows}


def _weights(session: Session, version_ids: set[int]) -> dict[int, dict[int, int]]:
    """For each version the reference price of its blocks at each rate, as the order was priced."""
    rows = session.exec(
        select(
            BundleItem.bundle_version_id,
            BundleItem.vat_rate_bp,
            BundleItem.quantity_milli,
            BundleItem.reference_price_cents,
        )
        .where(col(BundleItem.bundle_version_id).in_(version_ids))
        .order_by(col(BundleItem.id))
    )
    found: dict[int, dict[int, int]] = {}
    for version_id, rate, quantity_milli, price_cents in rows:
        of_version = found.setdefault(version_id, {})
        of_version[rate] = of_version.get(rate, 0) + quantity_milli * price_cents
    return found

"""Payments, refunds and disputes are looked at again."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core.clock import utc_now
from app.flows.answer_dispute import submit_dispute
from app.flows.follow_dispute import follow_dispute, follow_warning
from app.flows.follow_refund import follow_charge, follow_refund
from app.flows.pay_back import pay_back, sweep_refunds
from app.flows.reconcile import NIGHTLY_SPAN, USUAL_SPAN, put_nightly_reconciliation, reconcile
from app.flows.settle_payment import settle_payment
from app.flows.sweep_payments import sweep_payments
from app.flows.sweep_stripe import sweep_disputes, sweep_stripe
from app.fulfilment.calendar import work_calendar
from app.handlers.handler import Handler
from app.payments.stripe_gateway import StripeRefusal, StripeUnavailable
from app.shop import Shop


def _settle_payment(shop: Shop, args: dict[str, Any]) -> None:
    try:
        with shop.db.session() as session:
            settle_payment(
                session,
                shop.stripe,
                calendar=work_calendar(shop.settings.seller_federal_state, shop.settings.timezone),
                now=utc_now(),
                payment_id=args.get("payment_id"),
                session_id=args.get("session_id"),
                intent_id=args.get("intent_id"),
                event_row_id=args.get("event_row_id"),
            )
    except (StripeUnavailable, StripeRefusal):
        # The next sweep asks again: an hour without Stripe must not leave a heap of dead jobs.
        if not args.get("is_swept"):
            raise


def _sweep_payments(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        sweep_payments(session, now=utc_now())


def _follow_dispute(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        follow_dispute(
            session,
            shop.stripe,
            dispute_id=args["dispute_id"],
            event_row_id=args.get("event_row_id"),
            staff_address=shop.settings.seller_email,
            now=utc_now(),
        )


def _follow_warning(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        follow_warning(
            session,
            shop.stripe,
            warning_id=args["warning_id"],
            event_row_id=args.get("event_row_id"),
            now=utc_now(),
        )


def _submit_dispute(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        submit_dispute(
            session,
            shop.stripe,
            dispute_row_id=args["dispute_row_id"],
            staff_address=shop.settings.seller_email,
            now=utc_now(),
        )


def _sweep_disputes(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        sweep_disputes(session, staff_address=shop.settings.seller_email, now=utc_now())


def _sweep_stripe(shop: Shop, _: dict[str, Any]) -> None:
    try:
        with shop.db.session() as session:
            sweep_stripe(session, shop.stripe, now=utc_now())
    except (StripeUnavailable, StripeRefusal):
        # The next hour asks again.
        return


def _pay_back(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        pay_back(session, shop.stripe, refund_row_id=args["refund_row_id"], now=utc_now())


def _look_at_refund(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        follow_refund(
            session,
            shop.stripe,
            stripe_refund_id=args["stripe_refund_id"],
            event_row_id=args.get("event_row_id"),
            now=utc_now(),
        )


def _follow_charge(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        follow_charge(
            session,
            shop.stripe,
            charge_id=args["charge_id"],
            event_row_id=args.get("event_row_id"),
            now=utc_now(),
        )


def _sweep_refunds(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        sweep_refunds(session, now=utc_now())


def _reconcile(shop: Shop, args: dict[str, Any]) -> None:
    span = NIGHTLY_SPAN if args.get("is_nightly") else USUAL_SPAN
    with shop.db.session() as session:
        reconcile(session, shop.stripe, by=args.get("by", ""), now=utc_now(), span=span)


def _nightly_reconciliation(shop: Shop, _: dict[str, Any]) -> None:
    now = utc_now()
    with shop.db.session() as session:
        put_nightly_reconciliation(session, local=now.astimezone(ZoneInfo(shop.settings.timezone)), now=now)


HANDLERS: dict[str, Handler] = {
    "settle_payment": _settle_payment,
    "sweep_payments": _sweep_payments,
    "follow_dispute": _follow_dispute,
    "follow_warning": _follow_warning,
    "submit_dispute": _submit_dispute,
    "sweep_disputes": _sweep_disputes,
    "sweep_stripe": _sweep_stripe,
    "pay_back": _pay_back,
    "look_at_refund": _look_at_refund,
    "follow_charge": _follow_charge,
    "sweep_refunds": _sweep_refunds,
    "reconcile": _reconcile,
    "nightly_reconciliation": _nightly_reconciliation,
}

RECURRING: dict[str, timedelta] = {
    "sweep_payments": timedelta(minutes=1),
    "sweep_refunds": timedelta(minutes=10),
    "sweep_disputes": timedelta(minutes=10),
    "sweep_stripe": timedelta(hours=1),
    # Looks every ten minutes whether the night has come, as the nightly rating.
    "nightly_reconciliation": timedelta(minutes=10),
}

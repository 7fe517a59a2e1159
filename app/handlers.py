"""The kinds of jobs: which flow each calls, what its last failure leaves, and which come again by themselves."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.audit.models import ActorKind
from app.audit.service import SYSTEM, Actor
from app.core.clock import utc_now
from app.core.errors import N_, Refused
from app.core.transaction import transaction
from app.customers.service import forget_expired, forget_unconfirmed
from app.flows.ask_standing_orders import ask_standing_orders
from app.flows.flag_growing import flag_growing
from app.flows.guard_margins import guard_margins
from app.flows.look_into_import import give_up_import, look_into_import
from app.flows.measure_order_sizes import measure_order_sizes
from app.flows.note_chargeback import note_chargeback
from app.flows.override_rating import end_due_overrides
from app.flows.pay_back import look_at_refund, pay_back, sweep_refunds
from app.flows.publish_bundle import publish_scheduled, refuse_scheduled
from app.flows.receive_application import receive_application
from app.flows.reset_password import mail_reset_link
from app.flows.review_effort import (
    end_effort_overrides,
    put_nightly_review,
    review_all_efforts,
    review_effort,
)
from app.flows.screen_customer import complete_keys, screen_again, screen_all, screen_customer
from app.flows.send_mail import give_up, send_mail
from app.flows.settle_payment import settle_payment
from app.flows.sweep_payments import sweep_payments
from app.flows.tell_late_orders import tell_late_orders
from app.flows.tidy_imports import tidy_imports
from app.fulfilment.calendar import work_calendar
from app.fulfilment.queries_calendar import warehouse_calendar
from app.imports.child import read_list
from app.imports.spool import Spool
from app.jobs import queue
from app.mainbrand.queries_rating import night_due
from app.ordering.rules.promise import Calendar
from app.payments.stripe_gateway import StripeRefusal, StripeUnavailable
from app.policy.queries import current_policy
from app.policy.rules.policy import AutomaticRating
from app.shop import Shop
from app.staff.service import forget_expired_sessions
from app.throttling.service import forget_older

Handler = Callable[[Shop, dict[str, Any]], None]


def _send_mail(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        send_mail(
            session,
            shop.transport,
            mail_id=args["mail_id"],
            environments=shop.environments,
            settings=shop.settings,
            now=utc_now(),
        )


def _give_up_mail(shop: Shop, args: dict[str, Any], error: str) -> None:
    with shop.db.session() as session:
        give_up(session, mail_id=args["mail_id"], error=error)


def _receive_application(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        receive_application(session, application_id=args["application_id"], now=utc_now())


def _mail_reset_link(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        mail_reset_link(session, email=args["email"], now=utc_now())


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


def _calendar(shop: Shop, *, now: datetime) -> Calendar:
    settings = shop.settings
    with shop.db.read_session() as session:
        return warehouse_calendar(
            session, state=settings.seller_federal_state, timezone=settings.timezone, now=now
        )


def _sweep_payments(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        sweep_payments(session, now=utc_now())


def _note_chargeback(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        note_chargeback(
            session,
            shop.stripe,
            dispute_id=args["dispute_id"],
            event_row_id=args["event_row_id"],
            now=utc_now(),
        )


def _pay_back(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        pay_back(session, shop.stripe, refund_row_id=args["refund_row_id"], now=utc_now())


def _look_at_refund(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        look_at_refund(
            session,
            shop.stripe,
            stripe_refund_id=args["stripe_refund_id"],
            event_row_id=args["event_row_id"],
            now=utc_now(),
        )


def _sweep_refunds(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        sweep_refunds(session, now=utc_now())


def _tell_late_orders(shop: Shop, _: dict[str, Any]) -> None:
    settings = shop.settings
    with shop.db.session() as session:
        state, timezone = settings.seller_federal_state, settings.timezone
        tell_late_orders(session, state=state, timezone=timezone, now=utc_now())


def _screen_customer(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        screen_customer(session, customer_id=args["customer_id"], trigger=args["trigger"], now=utc_now())


def _screen_again(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        screen_again(session, customer_id=args["customer_id"], trigger=args["trigger"], now=utc_now())


def _screen_all(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        screen_all(session, now=utc_now())


def _propose_rating(shop: Shop, args: dict[str, Any]) -> None:
    actor = Actor(ActorKind(args["actor_kind"]), args["actor_name"], args["actor_id"])
    _rate(shop, mode=AutomaticRating.PROPOSE, actor=actor)


def _rate_accounts(shop: Shop, _: dict[str, Any]) -> None:
    _rate(shop)


def _nightly_rating(shop: Shop, _: dict[str, Any]) -> None:
    night_on = None
    with shop.db.session() as session:
        night_on = night_due(session, zone=ZoneInfo(shop.settings.timezone), now=utc_now())
    if night_on is not None:
        _rate(shop, night_on=night_on)


def _rate(
    shop: Shop, *, night_on: date | None = None, mode: AutomaticRating | None = None, actor: Actor = SYSTEM
) -> None:
    # Only here, and not at the start: it brings data frames, which a web process with a worker inside does not need.
    from app.flows.rate_accounts import rate_accounts

    with shop.db.session() as session:
        mode = mode or current_policy(session).automatic_rating
        session.rollback()
        if mode is not AutomaticRating.OFF:
            rate_accounts(
                session,
                as_of=None,
                is_dry_run=False,
                is_proposal=mode is AutomaticRating.PROPOSE,
                night_on=night_on,
                actor=actor,
                now=utc_now(),
            )


def _discover_bundles(shop: Shop, args: dict[str, Any]) -> None:
    # Only here, and not at the start: it brings data frames and the mining library.
    from app.flows.discover_bundles import discover_bundles

    actor = Actor(ActorKind(args["actor_kind"]), args["actor_name"], args["actor_id"])
    with shop.db.session() as session:
        discover_bundles(session, actor=actor, now=utc_now())


def _end_overrides(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        now = utc_now()
        end_due_overrides(session, today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(), now=now)


def _review_effort(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        review_effort(session, customer_id=args["customer_id"], is_lighter=args["is_lighter"], now=utc_now())


def _review_all_efforts(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        review_all_efforts(session, now=utc_now())


def _nightly_effort(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        now = utc_now()
        local = now.astimezone(ZoneInfo(shop.settings.timezone))
        end_effort_overrides(session, today=local.date(), now=now)
        put_nightly_review(session, local=local, now=now)


def _measure_order_sizes(shop: Shop, _: dict[str, Any]) -> None:
    calendar = work_calendar(shop.settings.seller_federal_state, shop.settings.timezone)
    with shop.db.session() as session:
        measure_order_sizes(session, calendar=calendar, now=utc_now())


def _flag_growing(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        flag_growing(session, now=utc_now())


def _guard_margins(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        guard_margins(session, is_whole=args.get("is_whole", True), now=utc_now())


def _look_into_import(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        look_into_import(
            session,
            args["import_id"],
            spool=Spool(shop.settings.spool_folder),
            read=lambda task: read_list(task, on_message=lambda _: True),
            now=utc_now(),
        )


def _check_import(shop: Shop, args: dict[str, Any]) -> None:
    # Only a process that reads lists needs the machinery for it in memory.
    from app.flows.check_import import check_import
    from app.imports.service_reading import read_into

    with shop.db.session() as session:
        check_import(
            session,
            args["import_id"],
            spool=Spool(shop.settings.spool_folder),
            read=read_into,
            timezone=shop.settings.timezone,
            now=utc_now(),
        )


def _apply_import(shop: Shop, args: dict[str, Any]) -> None:
    from app.flows.apply_import import apply_import
    from app.imports.service_reading import read_into

    with shop.db.session() as session:
        apply_import(
            session,
            args["import_id"],
            spool=Spool(shop.settings.spool_folder),
            read=read_into,
            timezone=shop.settings.timezone,
            now=utc_now(),
        )


def _give_up_import(shop: Shop, args: dict[str, Any], _: str) -> None:
    with shop.db.session() as session:
        give_up_import(session, args["import_id"], now=utc_now())


def _publish_scheduled(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        publish_scheduled(session, args["version_id"], now=utc_now())


def _give_up_publishing(shop: Shop, args: dict[str, Any], _: str) -> None:
    refusal = Refused(
        N_("It could not be published at its date. The log of the worker says why."), code="bundle.job_failed"
    )
    with shop.db.session() as session:
        refuse_scheduled(session, args["version_id"], refusal=refusal, now=utc_now())


def _ask_standing_orders(shop: Shop, _: dict[str, Any]) -> None:
    calendar = _calendar(shop, now=utc_now())
    with shop.db.session() as session:
        ask_standing_orders(session, calendar=calendar, now=utc_now())


def _tidy_up(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        complete_keys(session)
    with shop.db.session() as session, transaction(session):
        queue.prune(session, now=utc_now())
        forget_expired(session, now=utc_now())
        forget_unconfirmed(session, now=utc_now())
        forget_expired_sessions(session, now=utc_now())
        forget_older(session, before=utc_now() - timedelta(days=2))
    with shop.db.session() as session:
        tidy_imports(session, spool=Spool(shop.settings.spool_folder), now=utc_now())


HANDLERS: dict[str, Handler] = {
    "send_mail": _send_mail,
    "receive_application": _receive_application,
    "mail_reset_link": _mail_reset_link,
    "screen_customer": _screen_customer,
    "screen_again": _screen_again,
    "screen_all": _screen_all,
    "settle_payment": _settle_payment,
    "sweep_payments": _sweep_payments,
    "note_chargeback": _note_chargeback,
    "pay_back": _pay_back,
    "look_at_refund": _look_at_refund,
    "sweep_refunds": _sweep_refunds,
    "tell_late_orders": _tell_late_orders,
    "propose_rating": _propose_rating,
    "rate_accounts": _rate_accounts,
    "discover_bundles": _discover_bundles,
    "end_overrides": _end_overrides,
    "flag_growing": _flag_growing,
    "measure_order_sizes": _measure_order_sizes,
    "review_effort": _review_effort,
    "review_all_efforts": _review_all_efforts,
    "nightly_effort": _nightly_effort,
    "nightly_rating": _nightly_rating,
    "guard_margins": _guard_margins,
    "look_into_import": _look_into_import,
    "check_import": _check_import,
    "apply_import": _apply_import,
    "publish_scheduled": _publish_scheduled,
    "ask_standing_orders": _ask_standing_orders,
    "tidy_up": _tidy_up,
}
"""Each job kind and what it calls."""

GIVE_UP: dict[str, Callable[[Shop, dict[str, Any], str], None]] = {
    "send_mail": _give_up_mail,
    "look_into_import": _give_up_import,
    "check_import": _give_up_import,
    "apply_import": _give_up_import,
    "publish_scheduled": _give_up_publishing,
}
"""What is done when a kind's last attempt has failed."""

RECURRING: dict[str, timedelta] = {
    "sweep_payments": timedelta(minutes=1),
    "sweep_refunds": timedelta(minutes=10),
    # Closing a run or a day puts the job itself: this finds what a run left behind when its day is over.
    "tell_late_orders": timedelta(minutes=10),
    # Looks every ten minutes whether the night has come: clocks change, and a shop may sleep through its hour.
    "nightly_rating": timedelta(minutes=10),
    "end_overrides": timedelta(minutes=10),
    "flag_growing": timedelta(hours=6),
    "measure_order_sizes": timedelta(hours=24),
    "nightly_effort": timedelta(minutes=10),
    # What changed them puts the job itself: this is for bulk loads past the flows.
    "guard_margins": timedelta(hours=6),
    "ask_standing_orders": timedelta(minutes=10),
    "tidy_up": timedelta(hours=6),
}
"""Kinds that put themselves again and again."""

"""Standing orders ask their companies before each run, and runs that nobody answered end by themselves."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from app.core.failpoints import reach
from app.core.ids import hash_token, new_token
from app.core.transaction import transaction
from app.customers.gate import Asked, ask_gate
from app.customers.rules.admission import Admission
from app.mail.service import put_mail
from app.ordering.models import StandingOrder, StandingOrderRun
from app.ordering.queries_checkout import Checkout, Wish, read_checkout
from app.ordering.queries_standing import (
    StandingLine,
    due_standing_orders,
    last_run,
    lines_of,
    overdue_runs,
)
from app.ordering.rules.promise import Calendar
from app.ordering.rules.standing import RunState, StandingState, ask, expires_at
from app.ordering.rules.vat_words import exemption_note
from app.ordering.service_standing import answer_run, lock_standing
from app.policy.queries import current_policy

log = logging.getLogger(__name__)

LIMIT = 200
"""So many standing orders are asked for at one go; the next job takes the others."""


def ask_standing_orders(session: Session, *, calendar: Calendar, now: datetime) -> int:
    """Ends runs that are overdue, then asks for those that are due; returns how many of both.

    Each of them in a transaction of its own, decided under its lock: twice is once, and a kill loses nothing. A
    company that the gate does not admit is neither asked nor told anything. One that fails stops none behind it; the
    first failure is raised at the end.
    """
    today = now.astimezone(calendar.zone).date()
    count = 0
    failure: Exception | None = None
    overdue = [
        (run_id, one.customer_id, one.contact_id)
        for run_id, one in overdue_runs(session, now=now, limit=LIMIT)
    ]
    due = [
        (one.id or 0, one.customer_id, one.contact_id)
        for one in due_standing_orders(session, today=today, limit=LIMIT)
    ]
    steps: list[tuple[Callable[..., bool], list[tuple[int, int, int]]]] = [
        (_expire, overdue),
        (partial(_ask, calendar=calendar), due),
    ]
    for step, rows in steps:
        for row_id, customer_id, contact_id in rows:
            try:
                with transaction(session):
                    asked = ask_gate(session, customer_id, contact_id=contact_id)
                    count += step(session, row_id, asked, now=now)
                    reach("ask_standing_orders.before_commit")
            except Exception as error:
                log.exception("a standing order could not be asked for", extra={"customer": customer_id})
                failure = failure or error
                continue
            reach("ask_standing_orders.after_commit")
    if failure is not None:
        raise failure
    return count


def _ask(
    session: Session, standing_order_id: int, asked: Asked, *, calendar: Calendar, now: datetime
) -> bool:
    standing = lock_standing(session, standing_order_id, customer_id=asked.customer.id or 0)
    today = now.astimezone(calendar.zone).date()
    if standing.state is not StandingState.ACTIVE or standing.asks_on is None or standing.asks_on > today:
        return False
    policy = current_policy(session)
    question = ask(
        standing.asks_on, every_days=standing.every_days, ask_days=policy.standing_ask_days, today=today
    )
    standing.asks_on = question.next_asks_on
    if asked.admission is not Admission.ADMITTED:
        return False
    before = last_run(session, standing_order_id)
    checkout = read_checkout(
        session,
        standing.customer_id,
        calendar=calendar,
        now=now,
        wish=Wish(standing_order_id=standing_order_id),
        policy=policy,
    )
    lines = lines_of(session, [standing_order_id])[standing_order_id]
    token = new_token()
    run = StandingOrderRun(
        standing_order_id=standing_order_id,
        run_on=question.run_on,
        token_hash=hash_token(token),
        lines=_as_asked(checkout, lines),
        asked_at=now,
        expires_at=expires_at(question.run_on, calendar.zone),
    )
    session.add(run)
    session.flush()
    put_mail(
        session,
        "standing_order_asked",
        key=f"standing_order_asked:{run.id}",
        to=asked.contact.email,
        language=asked.contact.language,
        object_kind="standing_order",
        object_id=standing_order_id,
        now=now,
        secret_values={"token": token},
        contact_name=asked.contact.name,
        every_days=standing.every_days,
        answer_by_on=question.run_on.isoformat(),
        **_mail_values(checkout, lines, before.lines if before else [], language=asked.contact.language),
    )
    return True


def _expire(session: Session, run_id: int, asked: Asked, *, now: datetime) -> bool:
    standing_order_id = session.exec(
        select(StandingOrderRun.standing_order_id).where(col(StandingOrderRun.id) == run_id)
    ).one()
    lock_standing(session, standing_order_id, customer_id=asked.customer.id or 0)
    run = session.exec(
        select(StandingOrderRun).where(col(StandingOrderRun.id) == run_id).with_for_update()
    ).one()
    if run.state is not RunState.ASKED or now < run.expires_at:
        return False
    standing = answer_run(session, run, RunState.EXPIRED, now=now)
    if asked.admission is Admission.ADMITTED:
        _mail_expiry(session, standing, run, asked, now=now)
    return True


def _mail_expiry(
    session: Session, standing: StandingOrder, run: StandingOrderRun, asked: Asked, *, now: datetime
) -> None:
    put_mail(
        session,
        "standing_order_expired",
        key=f"standing_order_expired:{run.id}",
        to=asked.contact.email,
        language=asked.contact.language,
        object_kind="standing_order",
        object_id=standing.id or 0,
        now=now,
        contact_name=asked.contact.name,
        run_on=run.run_on.isoformat(),
        is_paused=standing.state is StandingState.PAUSED,
        unanswered_count=standing.unanswered_count,
        standing_order_id=standing.id,
    )


def _as_asked(checkout: Checkout, lines: list[StandingLine]) -> list[dict[str, Any]]:
    """The lines as they are told: what is no longer sold has neither version nor price."""
    sold = {line.bundle_id: line for line in checkout.lines}
    return [
        {
            "bundle_id": line.bundle_id,
            "quantity": line.quantity,
            "bundle_version_id": sold[line.bundle_id].bundle_version_id if line.bundle_id in sold else None,
            "unit_price_cents": (
                sold[line.bundle_id].priced.unit_price_cents if line.bundle_id in sold else None
            ),
        }
        for line in lines
    ]


def _mail_values(
    checkout: Checkout, lines: list[StandingLine], before: list[dict[str, Any]], *, language: str
) -> dict[str, Any]:
    totals, option = checkout.totals, checkout.way.option
    old = {line["bundle_id"]: line["unit_price_cents"] for line in before}
    sold = {line.bundle_id for line in checkout.lines}
    return {
        "lines": [
            {
                "name": line.name(language),
                "quantity": line.priced.quantity,
                "net_cents": line.priced.net_cents,
            }
            for line in checkout.lines
        ],
        "charges": [
            {
                "kind": charge.kind.value,
                "net_cents": charge.net_cents,
                "name": charge.name,
                "quantity": charge.quantity,
            }
            for charge in checkout.charges(language)
        ],
        "taxes": [{"vat_rate_bp": tax.vat_rate_bp, "vat_cents": tax.vat_cents} for tax in totals.taxes],
        "vat_note": exemption_note(checkout.vat.case, language),
        "gross_cents": totals.gross_cents,
        "promised_on": option.promise.promised_on.isoformat(),
        "gone": [line.name(language) for line in lines if line.bundle_id not in sold],
        "changed": [
            {
                "name": line.name(language),
                "old_cents": old[line.bundle_id],
                "new_cents": line.priced.unit_price_cents,
            }
            for line in checkout.lines
            if old.get(line.bundle_id) not in (None, line.priced.unit_price_cents)
        ],
        "is_orderable": checkout.is_orderable,
        **checkout.told,
    }

"""Invariants of the audit log: who was let through the gate, and that each act left its entry."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.customers.models import Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.insights.findings import Invariant, rows_of
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind
from app.payments.models import Payment, PaymentHold
from app.payments.rules.states import PaymentState

LONGEST_WAIT = timedelta(seconds=10)
"""The longest a flow waits for a lock: an entry's moment may be that much older than its commit."""

GATE_ACTIONS = (
    "customer.segment_changed",
    "customer.suspended",
    "customer.resumed",
    "customer.moved_up",
    "customer.screened",
    "screening.admitted",
    "screening.refused",
    "screening.blocked",
    "screening.reopened",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of the audit log that opened or closed one bolt of the gate for a company."""

    bolt: str
    is_closed: bool
    at: datetime


def closed_before(turns: Sequence[Turn], *, authorised_at: datetime, settled_at: datetime) -> str | None:
    """The bolt that was closed well before a payment was authorised and still was when it was captured."""
    last: dict[str, Turn] = {}
    for turn in turns:
        if turn.at <= settled_at:
            last[turn.bolt] = turn
    for turn in last.values():
        if turn.is_closed and turn.at < authorised_at - LONGEST_WAIT:
            return turn.bolt
    return None


def turns_of(action: str, new: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The bolts that an audited act moved, with whether it closed them."""
    found: list[tuple[str, bool]] = []
    if action == "customer.segment_changed":
        found.append(("segment", new.get("segment") != Segment.C.value))
    if action in ("customer.suspended", "customer.resumed"):
        found.append(("suspension", action == "customer.suspended"))
    if action == "customer.moved_up":
        found.append(("move to the main brand", True))
    if "screening" in new:
        found.append(("screening", new["screening"] != "clear"))
        # Who passes and had no segment becomes C; who had A or B is not let in by it.
        if new["screening"] == "clear":
            found.append(("segment", False))
    return found


def _captured_in_spite_of_the_gate(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    turns: dict[int, list[Turn]] = defaultdict(list)
    entries = session.exec(
        select(AuditEntry.object_id, AuditEntry.action, AuditEntry.new, AuditEntry.at)
        .where(col(AuditEntry.object_kind) == "customer", col(AuditEntry.action).in_(GATE_ACTIONS))
        .order_by(col(AuditEntry.id))
    )
    for customer_id, action, new, at in entries:
        turns[customer_id or 0] += [
            Turn(bolt, is_closed, at) for bolt, is_closed in turns_of(action, new or {})
        ]
    closing = [customer_id for customer_id, moved in turns.items() if any(turn.is_closed for turn in moved)]
    for start in range(0, len(closing), 500):
        payments = session.execute(
            select_columns(
                col(Payment.id),
                col(Order.number),
                col(Order.customer_id),
                col(Payment.authorised_at),
                col(Payment.settled_at),
            )
            .join(Order, col(Order.id) == col(Payment.order_id))
            .where(
                col(Order.customer_id).in_(closing[start : start + 500]),
                col(Payment.state) == PaymentState.CAPTURED,
            )
            .order_by(col(Payment.id))
        )
        for payment_id, number, customer_id, authorised_at, settled_at in payments:
            bolt = (
                closed_before(turns[customer_id], authorised_at=authorised_at, settled_at=settled_at)
                if authorised_at and settled_at
                else None
            )
            if bolt:
                yield payment_id, f"Order {number} was charged, although the gate was closed ({bolt})."
    yield from _captured_from_main_accounts(session)


def _captured_from_main_accounts(session: Session) -> Iterator[tuple[object, str]]:
    rows = session.execute(
        select_columns(
            col(Payment.id),
            col(Order.number),
            col(MainAccount.segment),
            col(MainAccount.rated_at),
            col(Payment.authorised_at),
        )
        .join(Order, col(Order.id) == col(Payment.order_id))
        .join(Customer, col(Customer.id) == col(Order.customer_id))
        .join(MainAccount, col(MainAccount.id) == col(Customer.main_account_id))
        .where(
            col(Payment.state) == PaymentState.CAPTURED,
            col(MainAccount.segment).in_([Segment.A, Segment.B]),
            col(MainAccount.rated_at) < col(Payment.authorised_at),
        )
        .order_by(col(Payment.id))
    )
    for payment_id, number, segment, rated_at, authorised_at in rows:
        if rated_at and authorised_at and rated_at < authorised_at - LONGEST_WAIT:
            yield (
                payment_id,
                f"Order {number} was charged, although the company is rated {segment} at the main brand.",
            )


def _dispatches_without_entry(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    entries: Counter[str] = Counter()
    for new in session.exec(select(AuditEntry.new).where(col(AuditEntry.action) == "order.dispatched")):
        entries.update((new or {}).get("orders", {}).keys())
    dispatched = session.exec(
        select(Order.id, Order.number)
        .join(Payment, col(Payment.order_id) == col(Order.id))
        .where(
            col(Order.dispatched_at).is_not(None),
            col(Order.kind) != OrderKind.SERVICE,
            col(Payment.state) == PaymentState.CAPTURED,
            col(Payment.session_id).not_like("demo#_cs#_%", escape="#"),
        )
        .order_by(col(Order.id))
    )
    for order_id, number in dispatched:
        if entries[number] != 1:
            yield order_id, f"Order {number} was dispatched and has {entries[number]} entries of it."


def _releases_without_entry(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    entries = Counter(
        (new or {}).get("payment_id")
        for new in session.exec(select(AuditEntry.new).where(col(AuditEntry.action) == "payment.released"))
    )
    released = session.exec(
        select(Payment.id).where(col(Payment.state) == PaymentState.RELEASED).order_by(col(Payment.id))
    )
    for payment_id in released:
        if entries[payment_id] != 1:
            yield (
                payment_id,
                f"Payment {payment_id} was released and has {entries[payment_id]} entries of it.",
            )


def _holds_without_entries(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    entries = Counter(
        (action, (new or {}).get("payment_id"))
        for action, new in session.exec(
            select(AuditEntry.action, AuditEntry.new).where(
                col(AuditEntry.action).in_(("payment.held", "payment.hold_decided"))
            )
        )
    )
    holds = session.exec(select(PaymentHold.payment_id, PaymentHold.decided_at).order_by(col(PaymentHold.id)))
    for payment_id, decided_at in holds:
        found = entries["payment.held", payment_id], entries["payment.hold_decided", payment_id]
        if found != (1, int(decided_at is not None)):
            yield payment_id, f"The hold of payment {payment_id} has {found[0]} and {found[1]} audit entries."


def _decisions_without_entry(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    actions = ("screening.admitted", "screening.refused", "screening.blocked")
    entries = Counter(
        session.exec(
            select(AuditEntry.object_id, AuditEntry.at).where(col(AuditEntry.action).in_(actions))
        ).all()
    )
    decided = session.exec(
        select(Screening.id, Screening.customer_id, Screening.decided_at, Screening.decided_by)
        .where(col(Screening.decided_at).is_not(None), col(Screening.decided_by) != "schlicht")
        .order_by(col(Screening.id))
    )
    for screening_id, customer_id, decided_at, decided_by in decided:
        if decided_at and entries[customer_id, decided_at] != 1:
            yield (
                screening_id,
                f"Screening {screening_id} was decided by {decided_by} without an entry of it.",
            )


def _refused_without_a_person(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    newest = (
        select_columns(func.max(col(Screening.id)))
        .where(col(Screening.customer_id) == col(Customer.id))
        .correlate(Customer)
        .scalar_subquery()
    )
    rows = session.execute(
        select_columns(col(Customer.id), col(Customer.number))
        .outerjoin(Screening, col(Screening.id) == newest)
        .where(
            col(Customer.screening) == ScreeningState.REFUSED,
            or_(
                col(Screening.id).is_(None),
                col(Screening.decision).is_(None),
                col(Screening.decision) != ScreeningState.REFUSED,
                col(Screening.decided_by).in_(("", "schlicht")),
                col(Screening.reason) == "",
            ),
        )
        .order_by(col(Customer.id))
    )
    for customer_id, number in rows:
        yield customer_id, f"Customer {number} is refused, but no person decided it for a reason."


# What the demo brings along was never an act of a person.
NOT_OF_THE_DEMO = (
    "NOT EXISTS (SELECT 1 FROM audit_entries d WHERE d.action = 'demo.filled' AND d.at >= {moment})"
)

TRACES = (
    Invariant(
        "charged_only_who_was_admitted",
        "No payment was captured from a company that the gate had refused before the card was charged.",
        _captured_in_spite_of_the_gate,
    ),
    Invariant(
        "a_dispatch_has_its_audit_entry",
        "Each dispatched order stands in exactly one audit entry.",
        _dispatches_without_entry,
    ),
    Invariant(
        "a_release_has_its_audit_entry",
        "Each released payment stands in exactly one audit entry, where staff see it.",
        _releases_without_entry,
    ),
    Invariant(
        "a_hold_has_its_audit_entries",
        "Each hold stands in exactly one audit entry, and each decision about one in another.",
        _holds_without_entries,
    ),
    Invariant(
        "a_decision_has_its_audit_entry",
        "Each screening that a person decided stands in exactly one audit entry.",
        _decisions_without_entry,
    ),
    Invariant(
        "only_a_person_refuses",
        "Each refused company was refused by a person, for a reason that was kept.",
        _refused_without_a_person,
    ),
    Invariant(
        "an_answered_objection_has_its_audit_entry",
        "Each objection that was answered stands in exactly one audit entry.",
        rows_of(
            "SELECT * FROM (SELECT o.id, o.answered_by, (SELECT count(*) FROM audit_entries e"
            " WHERE e.action IN ('objection.upheld', 'objection.dismissed') AND e.object_kind = 'customer'"
            " AND e.object_id = o.customer_id AND e.at = o.answered_at) AS entry_count"
            " FROM objections o WHERE o.answered_at IS NOT NULL) AS s WHERE entry_count <> 1 ORDER BY id",
            "Objection {id} was answered by {answered_by} and has {entry_count} audit entries.",
        ),
    ),
    Invariant(
        "a_policy_has_its_audit_entry",
        "Each version of the policy stands in exactly one audit entry.",
        rows_of(
            "SELECT * FROM (SELECT v.id, v.changed_by, (SELECT count(*) FROM audit_entries e"
            " WHERE e.action = 'policy.changed' AND e.object_id = v.id) AS entry_count"
            " FROM policy_versions v WHERE "
            + NOT_OF_THE_DEMO.format(moment="v.created_at")
            + ") AS s WHERE entry_count <> 1 ORDER BY id",
            "Policy version {id} by {changed_by} has {entry_count} audit entries.",
        ),
    ),
    Invariant(
        "a_closed_door_has_its_audit_entry",
        "Each suspended or moved-up company has the audit entry of that moment.",
        rows_of(
            "SELECT c.id, c.number, k.action FROM customers c CROSS JOIN (SELECT 'customer.suspended' AS action"
            " UNION ALL SELECT 'customer.moved_up') k WHERE"
            " CASE WHEN k.action = 'customer.suspended' THEN c.suspended_at ELSE c.moved_up_at END IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.action = k.action"
            " AND e.object_kind = 'customer' AND e.object_id = c.id AND e.at ="
            " CASE WHEN k.action = 'customer.suspended' THEN c.suspended_at ELSE c.moved_up_at END)"
            " AND "
            + NOT_OF_THE_DEMO.format(
                moment="CASE WHEN k.action = 'customer.suspended' THEN c.suspended_at ELSE c.moved_up_at END"
            )
            + " ORDER BY c.id, k.action",
            "Customer {number} is shut out, but there is no entry {action} of it.",
        ),
    ),
    Invariant(
        "a_publication_has_its_audit_entry",
        "Each bundle version that a person published has an audit entry; bulk loads publish in the same moment.",
        rows_of(
            "SELECT v.id, v.bundle_id, v.version_number FROM bundle_versions v"
            " WHERE v.published_at IS NOT NULL AND v.published_at <> v.created_at AND NOT EXISTS ("
            "SELECT 1 FROM audit_entries e WHERE e.action = 'bundle.published' AND e.object_kind = 'bundle'"
            " AND e.object_id = v.bundle_id AND CAST(e.new ->> 'version_id' AS INTEGER) = v.id) ORDER BY v.id",
            "Version {version_number} of bundle {bundle_id} was published without an audit entry.",
        ),
    ),
)
"""All invariants of the audit log."""

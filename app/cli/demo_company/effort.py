"""The demo's customers that take much effort: what happened, and how each came to its level, step by step."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.care.models import EffortEvent
from app.care.queries_effort import standing_of, year_of
from app.care.rules.effort import EffortCause, EffortKind
from app.core.db import Database
from app.customers.models import Contact, Customer
from app.customers.rules.reviewing import is_sole_trader
from app.flows.decide_effort import decide_step
from app.flows.fill_demo import hasten_jobs
from app.flows.review_effort import review_all_efforts, review_effort
from app.flows.write_effort import LONGEST_MINUTES, Touch, write_effort
from app.ordering.models import Order
from app.policy.queries import current_policy

FORM_KEY = "demo-effort"
LEAD = Actor(ActorKind.STAFF, "Lina Harms")
PHONE = Actor(ActorKind.STAFF, "Ole Brandt")
MOST_REVIEWED = 1_000
CALLS = (
    "Fragt, wo das Paket ist; der Liefertag steht in der Bestätigung.",
    "Will andere Artikel ins Paket; Pakete sind fest.",
    "Bittet um Rechnung und Zahlungsziel; es gibt nur Karte.",
    "Fragt nach einer Beratung vor Ort.",
)
OURS = "Unser Etikett war falsch."
REASONS = (
    "Fünf Anrufe zu einer kleinen Bestellung, alle aus der Bestätigung zu beantworten.",
    "Nach dem Hinweis vier weitere Vorgänge, einmal stand das Tor zu.",
    "Vierzehn Vorgänge in sechzig Tagen bei kleinen Bestellungen; zweimal darauf hingewiesen.",
)


@dataclass(frozen=True)
class Phase:
    """Some touches that begin so many days ago; with them all effort so far comes to this share of the contribution."""

    days_ago: int
    percent: int
    count: int


@dataclass(frozen=True)
class Story:
    """How one company comes to its level; it ordered so many days ago. `is_decided`: a person confirms each step."""

    order_days_ago: int
    phases: tuple[Phase, ...]
    is_decided: bool = False


REFUSED = Story(96, (Phase(74, 60, 5), Phase(46, 130, 4), Phase(18, 180, 5)), is_decided=True)
WARNED = Story(58, (Phase(24, 65, 3),))
FEE = Story(88, (Phase(60, 60, 5), Phase(23, 110, 6)))
WAITING = Story(90, (Phase(66, 60, 3), Phase(37, 100, 3), Phase(7, 170, 5)))
OF_LOG_INS = {"suspended@demo.example": REFUSED, "c2@demo.example": WARNED}
OF_OTHERS = (FEE, WAITING)
"""For two of the other companies; no sole traders, whose every step would wait for a person."""


def tell_effort(database: Database, *, now: datetime) -> None:
    """Writes down what these companies caused and leads each to its level; told before, it changes nothing."""
    with database.session() as session:
        told = select(EffortEvent.id).where(col(EffortEvent.source_key).contains(FORM_KEY))
        if session.exec(told.limit(1)).first() is not None:
            return
        cast = _cast(session)
        session.rollback()
        for customer_id, number, story in cast:
            _tell(session, customer_id, number, story, now=now)
        if not cast:
            return
        if len(session.exec(select(Order.id).limit(MOST_REVIEWED + 1)).all()) <= MOST_REVIEWED:
            session.rollback()
            review_all_efforts(session, now=now)
        hasten_jobs(session, now=now)


def _cast(session: Session) -> list[tuple[int, str, Story]]:
    """The companies by id and number with their stories."""
    named = session.exec(
        select(Customer, Contact.email)
        .join(Contact, col(Contact.customer_id) == col(Customer.id))
        .where(col(Contact.email).in_(OF_LOG_INS))
        .order_by(col(Customer.id))
    )
    found = [(customer.id or 0, customer.number, OF_LOG_INS[email]) for customer, email in named]
    others = session.exec(
        select(Customer).where(col(Customer.number).like("K-DEMOB%")).order_by(col(Customer.id)).limit(20)
    )
    firms = [one for one in others if not is_sole_trader(one.legal_form)]
    return found + [(firm.id or 0, firm.number, story) for firm, story in zip(firms, OF_OTHERS, strict=False)]


def _tell(session: Session, customer_id: int, number: str, story: Story, *, now: datetime) -> None:
    first = now - timedelta(days=story.phases[0].days_ago + 4)
    _write(session, number, 0, Touch(EffortKind.PHONE_HELP, EffortCause.OURS, None, OURS), at=first)
    told = 1
    for place, phase in enumerate(story.phases):
        begun_at = (now - timedelta(days=phase.days_ago)).replace(hour=9, minute=20)
        minutes = _minutes(session, customer_id, phase, now=begun_at)
        for step in range(phase.count):
            call = Touch(
                EffortKind.PHONE_HELP, EffortCause.THEIRS, minutes, CALLS[(place + step) % len(CALLS)]
            )
            _write(session, number, told, call, at=begun_at + timedelta(days=step))
            told += 1
        reviewed_at = begun_at + timedelta(days=phase.count - 1, hours=1)
        review_effort(session, customer_id=customer_id, now=reviewed_at)
        if story.is_decided:
            _confirm(session, customer_id, REASONS[place], at=reviewed_at + timedelta(days=1))


def _minutes(session: Session, customer_id: int, phase: Phase, *, now: datetime) -> int:
    """How long each touch of a phase takes, so that its share is reached and the least cost with it."""
    policy = current_policy(session)
    year = year_of(session, customer_id, policy=policy, now=now)
    session.rollback()
    figures = year.figures(policy)
    wanted = max(policy.effort_least_cost_cents + 100, figures.contribution_cents * phase.percent // 100)
    missing = max(0, wanted - figures.cost_cents)
    each = missing * 60 // max(1, policy.effort_hour_cents * phase.count) + 1
    return min(each, LONGEST_MINUTES)


def _write(session: Session, number: str, place: int, touch: Touch, *, at: datetime) -> None:
    form_key = f"{FORM_KEY}-{number}-{place}"
    write_effort(session, touch, customer_number=number, form_key=form_key, actor=PHONE, now=at)


def _confirm(session: Session, customer_id: int, reason: str, *, at: datetime) -> None:
    standing = standing_of(session, customer_id)
    proposed = standing.proposed_level if standing is not None else None
    session.rollback()
    if proposed is not None:
        decide_step(
            session,
            customer_id,
            decision="confirm",
            proposed=proposed.value,
            reason=reason,
            actor=LEAD,
            now=at,
        )

"""A company with one accepted order and touches that cost time: what the tests of effort start from."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count

from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.care.models import EffortEvent, EffortLevelChange, EffortStanding
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_effort import note_effort
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.flows.review_effort import review_effort
from app.mail.models import Mail
from app.ordering.rules.states import OrderState
from tests import make

LINA = Actor(ActorKind.STAFF, "Lina Harms", 3)
CONTRIBUTION = 8_676
WARNING, FEE, REFUSAL = 70, 100, 180
"""Minutes at which one order's company comes to each level, by the policy's defaults (45 euros an hour)."""
_keys = count(1)


@dataclass
class Care:
    """One company, by what happens to it."""

    session: Session
    customer_id: int
    order_id: int
    order_number: str

    def touch(self, minutes: int, *, at: datetime, cause: EffortCause = EffortCause.THEIRS) -> int:
        """Somebody telephones for so long; the event's id."""
        key = f"test:{next(_keys)}"
        with transaction(self.session):
            note_effort(
                self.session,
                customer_id=self.customer_id,
                kind=EffortKind.PHONE_HELP,
                cause=cause,
                minutes=minutes,
                source_key=key,
                now=at,
            )
        return self.session.exec(select(EffortEvent.id).where(col(EffortEvent.source_key) == key)).one() or 0

    def review(self, now: datetime, *, is_lighter: bool = False) -> EffortLevel:
        """What the job does; the level that counts afterwards."""
        review_effort(self.session, customer_id=self.customer_id, is_lighter=is_lighter, now=now)
        return self.customer().effort_level

    def customer(self) -> Customer:
        self.session.rollback()
        return self.session.get_one(Customer, self.customer_id, populate_existing=True)

    def standing(self) -> EffortStanding:
        self.session.rollback()
        return self.session.get_one(EffortStanding, self.customer_id, populate_existing=True)

    def changes(self) -> list[tuple[EffortLevel, EffortLevel]]:
        self.session.rollback()
        rows = self.session.exec(
            select(EffortLevelChange)
            .where(col(EffortLevelChange.customer_id) == self.customer_id)
            .order_by(col(EffortLevelChange.id))
        )
        return [(row.old_level, row.new_level) for row in rows]

    def mails(self) -> list[Mail]:
        self.session.rollback()
        return list(self.session.exec(select(Mail).order_by(col(Mail.id))))

    def acts(self) -> list[str]:
        self.session.rollback()
        return [entry.action for entry in self.session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]


def company_with_an_order(session: Session, now: datetime, **values: object) -> Care:
    """An admitted company whose one accepted order of 100 euros contributes 86.76 euros."""
    with transaction(session):
        customer = make.customer(session, **values)
        contact = make.contact(session, of=customer)
        order = make.order(
            session,
            of=customer,
            by=contact,
            bundle=make.bundle(session),
            goods_net_cents=10_000,
            vat_cents=1_900,
            gross_cents=11_900,
            state=OrderState.ACCEPTED,
            accepted_at=now,
        )
        session.flush()
        return Care(session, customer.id or 0, order.id or 0, order.number)


def faults(database: Database, *, now: datetime) -> list[str]:
    """What the invariants of effort find wrong."""
    from app.insights.invariants_effort import EFFORT

    with database.read_session() as session:
        return [found.sentence for one in EFFORT for found in one.findings(session, now=now)]

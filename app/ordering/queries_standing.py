"""Reading standing orders: a company's own, those that are to be asked for, and runs that are over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Executable
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.core.errors import N_, NotFound
from app.customers.gate import admission_now
from app.customers.rules.admission import Admission
from app.ordering.models import CartLine, Order, OrderLine, StandingOrder, StandingOrderLine, StandingOrderRun
from app.ordering.rules.standing import RunState, StandingState, notice_days
from app.policy.queries import current_policy


@dataclass(frozen=True, slots=True)
class StandingLine:
    """A bundle and its count, at the version that is sold now; `is_sold` tells whether it is."""

    bundle_id: int
    quantity: int
    name_de: str
    name_en: str
    is_sold: bool

    def name(self, language: str) -> str:
        """The bundle's name in a language."""
        return self.name_de if language == "de" else self.name_en


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run with the number of the order that came of it; empty for none."""

    run: StandingOrderRun
    order_number: str


@dataclass(frozen=True, slots=True)
class WholeStanding:
    """A standing order with its lines, and its newest runs, newest first.

    `next_on` is the day of the next order that it will ask for; None while it asks for nothing.
    """

    standing: StandingOrder
    next_on: date | None
    lines: tuple[StandingLine, ...]
    runs: tuple[PastRun, ...]

    @property
    def waiting(self) -> StandingOrderRun | None:
        """The run that waits for its answer."""
        return next((past.run for past in self.runs if past.run.state is RunState.ASKED), None)


def standing_orders_of(session: Session, customer_id: int, *, limit: int = 50) -> list[WholeStanding]:
    """The newest standing orders of a company, those that ended last."""
    query = select(StandingOrder).where(col(StandingOrder.customer_id) == customer_id)
    rows = session.exec(query.order_by(col(StandingOrder.id).desc()).limit(limit)).all()
    found = _whole(session, rows)
    return sorted(found, key=lambda one: one.standing.state is StandingState.ENDED)


def whole_standing(session: Session, standing_order_id: int, *, customer_id: int) -> WholeStanding:
    """One standing order of the company. Raises NotFound for a missing one and for another company's alike."""
    row = session.exec(
        select(StandingOrder).where(
            col(StandingOrder.id) == standing_order_id, col(StandingOrder.customer_id) == customer_id
        )
    ).first()
    if row is None:
        raise no_such_standing_order()
    return _whole(session, [row])[0]


def no_such_standing_order() -> NotFound:
    """The error for a standing order that does not exist, or that is another company's."""
    return NotFound(N_("There is no such standing order."), code="standing.unknown")


def run_by_token(session: Session, token_hash: str, *, customer_id: int) -> PastRun:
    """The run behind a link. Raises NotFound for an unknown one and for another company's alike."""
    row = session.exec(
        select(StandingOrderRun, Order.number)
        .join(StandingOrder, col(StandingOrder.id) == col(StandingOrderRun.standing_order_id))
        .outerjoin(Order, col(Order.id) == col(StandingOrderRun.order_id))
        .where(col(StandingOrderRun.token_hash) == token_hash, col(StandingOrder.customer_id) == customer_id)
    ).first()
    if row is None:
        raise no_such_standing_order()
    return PastRun(row[0], row[1] or "")


def lines_of_cart(session: Session, customer_id: int) -> list[StandingLine]:
    """What a standing order made of the company's cart would hold, bundles that are sold only."""
    return _as_lines(
        session,
        select(CartLine.bundle_id, CartLine.quantity)
        .where(col(CartLine.customer_id) == customer_id)
        .order_by(col(CartLine.id)),
    )


def lines_of_order(session: Session, number: str, *, customer_id: int) -> list[StandingLine]:
    """What a standing order made of an own order would hold, bundles that are sold only; empty for an unknown one."""
    return _as_lines(
        session,
        select(BundleVersion.bundle_id, OrderLine.quantity)
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleVersion.id))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(col(Order.number) == number, col(Order.customer_id) == customer_id)
        .order_by(col(OrderLine.id)),
    )


def names_on_sale(session: Session, bundle_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """The German and the English name of those of the bundles that are on sale."""
    rows = session.exec(
        select(Bundle.id, BundleVersion.name_de, BundleVersion.name_en)
        .join(BundleVersion, col(Bundle.current_version_id) == col(BundleVersion.id))
        .where(col(Bundle.id).in_(bundle_ids), col(Bundle.state) == BundleState.PUBLISHED)
    )
    return {bundle_id or 0: (name_de, name_en) for bundle_id, name_de, name_en in rows}


def due_standing_orders(session: Session, *, today: date, limit: int) -> Sequence[StandingOrder]:
    """Active standing orders whose question is due, longest due first."""
    query = select(StandingOrder).where(
        col(StandingOrder.state) == StandingState.ACTIVE, col(StandingOrder.asks_on) <= today
    )
    return session.exec(query.order_by(col(StandingOrder.asks_on), col(StandingOrder.id)).limit(limit)).all()


def overdue_runs(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, StandingOrder]]:
    """Runs that nobody answered in time: their ids and standing orders, longest overdue first."""
    rows = session.exec(
        select(StandingOrderRun.id, StandingOrder)
        .join(StandingOrder, col(StandingOrder.id) == col(StandingOrderRun.standing_order_id))
        .where(col(StandingOrderRun.state) == RunState.ASKED, col(StandingOrderRun.expires_at) <= now)
        .order_by(col(StandingOrderRun.expires_at), col(StandingOrderRun.id))
        .limit(limit)
    )
    return [(run_id or 0, standing) for run_id, standing in rows]


def last_run(session: Session, standing_order_id: int) -> StandingOrderRun | None:
    """The newest run of a standing order."""
    query = select(StandingOrderRun).where(col(StandingOrderRun.standing_order_id) == standing_order_id)
    return session.exec(query.order_by(col(StandingOrderRun.run_on).desc()).limit(1)).first()


def is_reader_admitted(session: Session, standing_order_id: int) -> bool:
    """Whether the gate lets in the company and the person that a standing order asks; they stay locked."""
    standing = session.get_one(StandingOrder, standing_order_id)
    answer = admission_now(session, standing.customer_id, contact_id=standing.contact_id)
    return answer is Admission.ADMITTED


def lines_of(session: Session, standing_order_ids: Sequence[int]) -> dict[int, list[StandingLine]]:
    """The lines of each standing order, those no longer sold included."""
    rows = session.exec(
        select(StandingOrderLine, Bundle.state, BundleVersion.name_de, BundleVersion.name_en)
        .join(Bundle, col(Bundle.id) == col(StandingOrderLine.bundle_id))
        .join(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .where(col(StandingOrderLine.standing_order_id).in_(standing_order_ids))
        .order_by(col(StandingOrderLine.id))
    )
    found: dict[int, list[StandingLine]] = {standing_id: [] for standing_id in standing_order_ids}
    for line, state, name_de, name_en in rows:
        is_sold = state is BundleState.PUBLISHED
        found[line.standing_order_id].append(
            StandingLine(line.bundle_id, line.quantity, name_de, name_en, is_sold)
        )
    return found


def _whole(session: Session, rows: Sequence[StandingOrder], *, runs: int = 6) -> list[WholeStanding]:
    ids = [row.id or 0 for row in rows]
    lines = lines_of(session, ids)
    past: dict[int, list[PastRun]] = {standing_id: [] for standing_id in ids}
    for run, number in session.exec(
        select(StandingOrderRun, Order.number)
        .outerjoin(Order, col(Order.id) == col(StandingOrderRun.order_id))
        .where(col(StandingOrderRun.standing_order_id).in_(ids))
        .order_by(col(StandingOrderRun.run_on).desc())
    ):
        past[run.standing_order_id].append(PastRun(run, number or ""))
    ask_days = current_policy(session).standing_ask_days
    return [
        WholeStanding(
            row,
            row.asks_on and row.asks_on + timedelta(days=notice_days(row.every_days, ask_days)),
            tuple(lines[row.id or 0]),
            tuple(past[row.id or 0][:runs]),
        )
        for row in rows
    ]


def _as_lines(session: Session, query: Executable) -> list[StandingLine]:
    wanted: dict[int, int] = {}
    for bundle_id, quantity in session.execute(query):
        wanted[bundle_id] = wanted.get(bundle_id, 0) + quantity
    sold = names_on_sale(session, wanted)
    return [
        StandingLine(bundle_id, quantity, *sold[bundle_id], True)
        for bundle_id, quantity in wanted.items()
        if bundle_id in sold
    ]

"""Issuing the invoices of dispatched orders by the worker, as the shop does it: checked, printed, numbered, mailed."""

import time
from dataclasses import dataclass

from sqlmodel import col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.invoices.models import InvoiceDraft
from app.invoices.rules.document import DraftState
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.vat import VatCase
from tests.bench.cpu import cpu_ms
from tests.bench.stage import Stage
from tests.processes import WorkerProcess

ISSUED_WITHIN_SECONDS = 120
WANTED_PER_MINUTE = 200


@dataclass(frozen=True)
class InvoiceCost:
    """What one invoice costs in CPU milliseconds, and how many a second became documents."""

    cpu_ms: float
    per_second: float


def issue_invoices(stage: Stage, *, warm_count: int = 5) -> InvoiceCost:
    """Dispatches all accepted orders, a few of them first so that the checking process runs, and waits for the rest.

    Raises RuntimeError where a draft does not become a document in time.
    """
    with stage.database.read_session() as session:
        # Those without VAT would wait until a service confirms the buyer's VAT id.
        is_due = (
            col(Order.state) == OrderState.ACCEPTED,
            col(Order.kind) == OrderKind.GOODS,
            col(Order.vat_case) == VatCase.DOMESTIC,
        )
        numbers = list(session.exec(select(Order.number).where(*is_due).order_by(col(Order.id))))
    count = len(numbers) - warm_count
    with WorkerProcess(
        stage.database.url,
        base_url=stage.shop.url,
        log=stage.folder / f"{stage.name}-invoices.log",
        settings=stage.settings,
        kinds=["issue_invoice"],
    ) as worker:
        pids = [worker.pid, *stage.database_pids]
        _dispatch(stage, numbers[:warm_count])
        _wait(stage, numbers[:warm_count])
        before, started = cpu_ms(pids), time.perf_counter()
        _dispatch(stage, numbers[warm_count:])
        _wait(stage, numbers[warm_count:])
        seconds = time.perf_counter() - started
        return InvoiceCost((cpu_ms(pids) - before) / count, count / seconds)


def _dispatch(stage: Stage, numbers: list[str]) -> None:
    now = utc_now()
    actor = Actor(ActorKind.STAFF, "Bench", 1)
    with stage.database.session() as session:
        parcels = [Parcel(number) for number in numbers]
        dispatch_orders(session, parcels, carrier="Post", today=now.date(), actor=actor, now=now)


def _wait(stage: Stage, numbers: list[str]) -> None:
    is_one = col(InvoiceDraft.order_id).in_(select(Order.id).where(col(Order.number).in_(numbers)))
    give_up_at = time.monotonic() + ISSUED_WITHIN_SECONDS
    while True:
        with stage.database.read_session() as session:
            states = set(session.exec(select(InvoiceDraft.state).where(is_one).distinct()))
        if states <= {DraftState.ISSUED}:
            return
        if DraftState.BLOCKED in states or time.monotonic() > give_up_at:
            raise RuntimeError(f"{stage.name}: the invoices were not issued ({states})")
        time.sleep(0.05)

"""A worker that is killed while a standing order asks its company asks once all the same."""

import pytest
from sqlmodel import col, select

from app.core.clock import utc_now
from app.core.failpoints import ALL
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.mail.models import Mail
from app.ordering.models import StandingOrder, StandingOrderLine, StandingOrderRun
from app.worker import run_until_idle
from tests import make
from tests.faults.conftest import World
from tests.faults.test_imports import let_the_lease_run_out
from tests.faults.test_killed_at_each_point import _assert_killed


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith("ask_standing_orders.")])
def test_a_worker_killed_while_it_asks_asks_once(name: str, world: World) -> None:
    run_until_idle(world.shop)
    with world.db.session() as session:
        with transaction(session):
            company = make.customer(session)
            standing = make.saved(
                session,
                StandingOrder(
                    customer_id=company.id,
                    contact_id=make.contact(session, of=company).id,
                    every_days=42,
                    asks_on=utc_now().date(),
                    created_at=utc_now(),
                    changed_at=utc_now(),
                ),
            )
            standing_id, bundle = standing.id, make.bundle(session)
            line = StandingOrderLine(standing_order_id=standing_id, bundle_id=bundle.id, quantity=2)
            make.saved(session, line)
            put_job(session, "ask_standing_orders", now=utc_now())

        def outcome() -> tuple[int, int]:
            session.rollback()
            runs = select(StandingOrderRun).where(col(StandingOrderRun.standing_order_id) == standing_id)
            about = col(Mail.object_kind) == "standing_order", col(Mail.object_id) == standing_id
            return len(session.exec(runs).all()), len(session.exec(select(Mail).where(*about)).all())

        armed = world.work(name)
        try:
            _assert_killed(armed)
        finally:
            armed.kill9()
        is_asked = name == "ask_standing_orders.after_commit"
        assert outcome() == ((1, 1) if is_asked else (0, 0))
        let_the_lease_run_out(world)
        run_until_idle(world.shop)

        assert outcome() == (1, 1)
    assert world.faults() == []

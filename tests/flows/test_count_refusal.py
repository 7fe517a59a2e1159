import threading
from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.core.db import Database
from app.customers.models import BlockedAttempt
from app.flows.count_refusal import count_refusal
from app.mainbrand.rules.segments import Segment
from tests import make


def test_a_company_counts_once_for_each_place_and_hour(session: Session, now: datetime) -> None:
    one, other = (make.customer(session, segment=Segment.A).id or 0 for _ in range(2))
    moment = now.replace(minute=5)

    for customer_id, place, at in [
        (one, "/catalogue", moment),
        (one, "/catalogue", moment + timedelta(minutes=50)),
        (one, "/cart", moment),
        (other, "/catalogue", moment),
        (one, "/catalogue", moment + timedelta(minutes=60)),
    ]:
        count_refusal(session, customer_id=customer_id, place=place, now=at)

    kept = session.exec(select(BlockedAttempt)).all()
    assert [(row.customer_id, row.place) for row in kept] == [
        (one, "/catalogue"),
        (one, "/cart"),
        (other, "/catalogue"),
        (one, "/catalogue"),
    ]
    assert {row.reason for row in kept} == {"main_brand"}


def test_processes_that_count_at_once_count_once(database: Database, session: Session, now: datetime) -> None:
    customer_id = make.customer(session, segment=Segment.A).id or 0
    start = threading.Barrier(4)

    def act() -> None:
        with database.session() as own:
            start.wait()
            count_refusal(own, customer_id=customer_id, place="/catalogue", now=now)

    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.rollback()
    assert len(session.exec(select(BlockedAttempt)).all()) == 1

"""What touches one customer's effort at the same moment happens one after the other, and once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlmodel import Session

from app.care.rules.effort import EffortCause, EffortKind
from app.care.rules.levels import LADDER
from app.core.db import Database
from app.core.errors import Refused
from app.flows.decide_effort import decide_step
from app.flows.review_effort import review_effort
from app.flows.write_effort import Touch, write_effort
from tests.flows.effort import LINA, WARNING, company_with_an_order, faults

NORMAL, WARNED, FEE, _ = LADDER
WHY = "Seventy minutes for one small order."


def test_reviews_at_the_same_moment_take_one_step_and_tell_it_once(
    session: Session, database: Database, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    care.touch(10 * WARNING, at=now)

    def review(_: int) -> bool:
        with database.session() as own:
            return review_effort(own, customer_id=care.customer_id, now=now)

    with ThreadPoolExecutor(4) as pool:
        changed = list(pool.map(review, range(8)))

    assert sorted(changed) == [False] * 7 + [True]
    assert care.changes() == [(NORMAL, WARNED)]
    assert len(care.mails()) == 1
    assert faults(database, now=now) == []


def test_of_people_who_decide_and_note_at_the_same_moment_each_act_happens_once(
    session: Session, database: Database, now: datetime
) -> None:
    care = company_with_an_order(session, now, legal_form="e.K.")
    care.touch(WARNING, at=now)
    care.review(now)
    later = now + timedelta(hours=1)
    call = Touch(EffortKind.PHONE_HELP, EffortCause.THEIRS, None, "")

    def act(number: int) -> str:
        with database.session() as own:
            if number % 2:
                key = "form-key-1"
                is_new = write_effort(
                    own, call, order_number=care.order_number, form_key=key, actor=LINA, now=later
                )
                return "noted" if is_new else "known"
            try:
                return decide_step(
                    own,
                    care.customer_id,
                    decision="confirm",
                    proposed="warned",
                    reason=WHY,
                    actor=LINA,
                    now=later,
                ).value
            except Refused:
                return "late"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(act, range(8)))

    assert answers == ["known"] * 3 + ["late"] * 3 + ["noted", "warned"]
    assert care.changes() == [(NORMAL, WARNED)]

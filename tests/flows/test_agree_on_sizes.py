"""Exceptions of sizes for one company: made with reason and end, over by themselves, ended by a person."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.core.errors import Invalid, NotFound
from app.customers.models import Customer
from app.flows.agree_on_sizes import agree_on_sizes, end_agreement
from app.insights.invariants import check_invariants
from app.ordering.models import Agreement
from app.ordering.queries_agreements import agreements_of, count_agreements
from tests import make
from tests.catalogue.written import STAFF

BERLIN = ZoneInfo("Europe/Berlin")


def agree(session: Session, company: Customer, **values: Any) -> int:
    defaults: dict[str, Any] = {
        "slug": "kit",
        "minimum_quantity": 12,
        "order_step": None,
        "ends_on": date(2026, 3, 31),
        "reason": " a small shelf ",
        "zone": BERLIN,
        "actor": STAFF,
        "now": make.NOW,
    }
    return agree_on_sizes(session, company.id or 0, **defaults | values)


def kept(session: Session) -> list[Agreement]:
    session.rollback()
    session.expire_all()
    return list(session.exec(select(Agreement).order_by(col(Agreement.id))))


def audited(session: Session) -> list[tuple[str, str]]:
    query = select(AuditEntry).where(col(AuditEntry.action).startswith("agreement."))
    rows = session.exec(query.order_by(col(AuditEntry.id)))
    return [(row.action, row.reason) for row in rows]


def test_an_exception_ends_with_its_last_day_where_the_shop_is(session: Session) -> None:
    company, _ = make.customer(session), make.bundle(session, slug="kit", minimum_quantity=48, order_step=24)

    agree(session, company)

    (agreement,) = kept(session)
    # Summer time began on 29 March.
    assert agreement.ends_at == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert (agreement.minimum_quantity, agreement.order_step, agreement.reason) == (12, None, "a small shelf")
    assert audited(session) == [("agreement.made", "a small shelf")]
    last = agreement.ends_at - timedelta(seconds=1)
    assert [count_agreements(session, company.id or 0, now=at) for at in (last, agreement.ends_at)] == [1, 0]


def test_a_new_exception_for_the_same_bundle_ends_the_one_before_it(session: Session) -> None:
    company, _ = make.customer(session), make.bundle(session, slug="kit", minimum_quantity=48, order_step=24)
    other = make.customer(session)
    agree(session, company)
    agree(session, other)

    agree(session, company, minimum_quantity=None, order_step=6)

    first, of_other, second = kept(session)
    assert (first.ended_at, of_other.ended_at, second.ended_at) == (make.NOW, None, None)
    assert [one.agreement.id for one in agreements_of(session, company.id or 0)] == [second.id, first.id]
    assert check_invariants(session, now=make.NOW) == []


def test_a_person_ends_an_exception_once_and_no_other_companys(session: Session) -> None:
    company, _ = make.customer(session), make.bundle(session, slug="kit")
    other = make.customer(session)
    agreement_id = agree(session, company)

    with pytest.raises(NotFound):
        end_agreement(session, other.id or 0, agreement_id, actor=STAFF, now=make.NOW)
    assert kept(session)[0].ended_at is None
    ended = [
        end_agreement(session, company.id or 0, agreement_id, actor=STAFF, now=make.NOW) for _ in range(2)
    ]

    assert ended == [True, False]
    assert [action for action, _ in audited(session)] == ["agreement.made", "agreement.ended"]


@pytest.mark.parametrize(
    "values, field",
    [
        ({"slug": "no-such-kit"}, "slug"),
        ({"minimum_quantity": None}, "minimum_quantity"),
        ({"minimum_quantity": 0}, "minimum_quantity"),
        ({"order_step": 10_000}, "order_step"),
        ({"minimum_quantity": 101}, "minimum_quantity"),
        ({"ends_on": date(2026, 3, 1)}, "ends_on"),
        ({"ends_on": date(2027, 3, 3)}, "ends_on"),
        ({"reason": "  "}, "reason"),
    ],
)
def test_an_exception_that_makes_no_sense_is_not_made(
    session: Session, values: dict[str, Any], field: str
) -> None:
    company, _ = make.customer(session), make.bundle(session, slug="kit", maximum_quantity=100)

    with pytest.raises(Invalid) as invalid:
        agree(session, company, **values)

    assert [fault.field for fault in invalid.value.fields] == [field]
    assert (kept(session), audited(session)) == ([], [])

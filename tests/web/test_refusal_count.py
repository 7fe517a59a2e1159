"""Refusals of A- and B-customers at the gate are counted, and never in the way of the refusal."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.customers.models import BlockedAttempt, Contact
from app.customers.rules.admission import ScreeningState
from app.flows.audit_gate import plant_probes, remove_probes
from app.mainbrand.rules.segments import Segment
from app.web import refusal_count
from tests import make
from tests.web.conftest import Browser


def attempts(session: Session) -> list[tuple[int, str, str]]:
    session.rollback()
    rows = session.exec(select(BlockedAttempt).order_by(BlockedAttempt.id))  # type: ignore[arg-type]
    return [(row.customer_id, row.reason, row.place) for row in rows]


@pytest.fixture
def of_the_main_brand(session: Session) -> Contact:
    account = make.main_account(session, segment=Segment.B)
    return make.contact(session, of=make.customer(session, main_account_id=account.id))


def test_a_refused_main_brand_customer_is_counted_once_for_each_place(
    browser: Callable[..., Browser], session: Session, of_the_main_brand: Contact
) -> None:
    visitor = browser(of_the_main_brand)

    for path in ("/catalogue", "/catalogue?q=x", "/bundles/a", "/bundles/b/image", "/orders", "/catalogue"):
        assert visitor.get(path).status_code == 403
    assert visitor.get("/status").status_code == 200

    customer_id = of_the_main_brand.customer_id
    assert attempts(session) == [
        (customer_id, "main_brand", "/catalogue"),
        (customer_id, "main_brand", "/bundles"),
        (customer_id, "main_brand", "/orders"),
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"screening": ScreeningState.REVIEW, "segment": Segment.UNRATED},
        {"screening": ScreeningState.REFUSED},
        {"suspended_at": make.NOW},
        {"moved_up_at": make.NOW},
    ],
)
def test_who_is_kept_out_for_another_reason_is_no_cannibalisation(
    browser: Callable[..., Browser], session: Session, values: dict[str, object]
) -> None:
    visitor = browser(make.contact(session, of=make.customer(session, **values)))

    assert visitor.get("/catalogue").status_code == 403
    assert browser().get("/catalogue").status_code == 303

    assert attempts(session) == []


def test_a_database_that_cannot_write_fails_no_refusal_and_the_next_one_counts(
    browser: Callable[..., Browser],
    session: Session,
    of_the_main_brand: Contact,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = browser(of_the_main_brand)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(refusal_count, "count_refusal", fail)
        assert visitor.get("/catalogue").status_code == 403
    assert attempts(session) == []
    assert visitor.get("/catalogue").status_code == 403

    assert len(attempts(session)) == 1


def test_a_probe_of_the_gate_audit_is_not_counted_and_goes_without_a_trace(
    browser: Callable[..., Browser], session: Session
) -> None:
    probes = plant_probes(session, now=utc_now())
    visitor = browser()
    for persona in ("a", "b"):
        cookies = {"cookie": f"schlicht={probes.tokens[persona]}"}
        assert visitor.get("/catalogue", headers=cookies).status_code == 403

    assert attempts(session) == []
    remove_probes(session)

"""The gate's page shows the last audit and its signature, and who was kept out."""

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, GateAudit
from app.flows.audit_gate import note_audit
from app.mainbrand.rules.segments import Segment
from tests import make
from tests.web.conftest import Browser

KEY = "test-" * 10
CELLS = {"GET /catalogue": {"a": "refused", "b": "refused"}}
FINDING = {"route": "GET /catalogue", "persona": "b", "fault": "shows a name"}


def walked(session: Session, findings: list[dict[str, str]], *, requests: int = 1234) -> None:
    note_audit(
        session,
        cells=CELLS,
        findings=findings,
        request_count=requests,
        control_sightings=9,
        secret_key=KEY,
        now=make.NOW,
    )


def plain(text: str) -> str:
    return " ".join(text.split())


def test_the_page_shows_each_route_and_cries_when_one_is_open(
    browser: Callable[..., Browser], session: Session
) -> None:
    page = browser(make.staff_member(session))
    assert "not walked yet" in page.get("/admin/gate").text

    walked(session, [])
    tight = page.get("/admin/gate").text
    assert "1,234 requests" in tight
    assert "GET /catalogue" in tight
    assert "signed by this shop, unchanged" in tight

    walked(session, [FINDING], requests=1)
    opened = plain(page.get("/admin/gate").text)
    assert "The gate is open" in opened
    assert "Earlier audits" in opened
    assert "the gate held" in opened


def test_an_audit_that_was_changed_says_so_and_proves_nothing(
    browser: Callable[..., Browser], session: Session
) -> None:
    walked(session, [FINDING])
    with transaction(session):
        session.execute(update(GateAudit).values(findings=[]))

    page = plain(browser(make.staff_member(session)).get("/admin/gate").text)

    assert "This audit proves nothing" in page
    assert "CHANGED after it was signed" in page
    assert "The gate holds" not in page


def test_the_page_draws_the_attempts_of_a_year_and_says_what_they_are_worth(
    browser: Callable[..., Browser], session: Session
) -> None:
    account = make.main_account(session, segment=Segment.A, revenue_12m_cents=1_234_500)
    customer = make.customer(session, main_account_id=account.id)
    now = utc_now()
    for place, at in [("/catalogue", now), ("screening", now), ("/cart", now - timedelta(days=400))]:
        make.saved(session, BlockedAttempt(customer_id=customer.id, reason="main_brand", place=place, at=at))

    page = plain(browser(make.staff_member(session)).get("/admin/gate").text)

    assert re.search(r"<b>2</b> blocked attempts", page)
    assert "€12,345.00" in page
    chart = page[page.index('<svg class="chart"') : page.rindex("</svg>")]
    assert 'role="img"' in chart
    assert "Blocked attempts a month" in chart
    assert chart.count("<rect") == 1
    table = page[page.index('id="chart-table"') :]
    assert table.count("<tr>") >= 13
    assert "when it was compared" in page
    assert "1 accounts, each counted once" in page

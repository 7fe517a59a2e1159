"""The gate's page shows the last audit."""

from collections.abc import Callable

from sqlmodel import Session

from app.flows.audit_gate import note_audit
from tests import make
from tests.web.conftest import Browser

KEY = "test-" * 10


def test_the_page_shows_each_route_and_cries_when_one_is_open(
    browser: Callable[..., Browser], session: Session
) -> None:
    page = browser(make.staff_member(session))
    assert "not walked yet" in page.get("/admin/gate").text

    cells = {"GET /catalogue": {"a": "refused", "b": "refused"}}
    note_audit(
        session,
        cells=cells,
        findings=[],
        request_count=1234,
        control_sightings=9,
        secret_key=KEY,
        now=make.NOW,
    )
    tight = page.get("/admin/gate").text
    assert "1,234 requests" in tight
    assert "GET /catalogue" in tight

    finding = {"route": "GET /catalogue", "persona": "b", "fault": "shows a name"}
    note_audit(
        session,
        cells=cells,
        findings=[finding],
        request_count=1,
        control_sightings=9,
        secret_key=KEY,
        now=make.NOW,
    )
    assert "The gate is open" in page.get("/admin/gate").text

"""Objections on the staff's desk."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from app.customers.models import Objection
from app.customers.rules.objections import Outcome
from app.mail.models import Mail
from app.staff.rules.roles import Role
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser


def plain(text: str) -> str:
    return " ".join(text.split())


def test_an_open_objection_waits_in_the_inbox_and_is_answered_by_mail(
    admin: Browser, things: Desk, session: Session
) -> None:
    url = f"/admin/objections/{things.objection.id}"
    assert "<b>1</b> objections to answer" in plain(admin.get("/admin").text)
    page = plain(admin.get(url).text)
    assert "Die Anrufe galten Ihrem eigenen Fehler." in page
    assert "kept out: suspended" in page

    answer = admin.submit(url, {"outcome": "upheld", "answer": "Sie haben recht, wir öffnen wieder."})

    assert answer.headers["location"] == "/admin/objections?done=objection"
    kept: Objection = fresh(session, things.objection)
    assert (kept.outcome, kept.answered_by) == (Outcome.UPHELD, "Robin admin")
    assert session.exec(select(Mail).where(Mail.kind == "objection_answered")).one()
    assert "<b>0</b> objections to answer" in plain(admin.get("/admin").text)
    assert "Stör Metall GmbH" in admin.get("/admin/objections?state=answered").text
    assert "Stör Metall GmbH" not in admin.get("/admin/objections").text
    assert 'name="answer"' not in admin.get(url).text


def test_a_missing_answer_is_told_at_its_field_and_nothing_is_lost(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit(f"/admin/objections/{things.objection.id}", {"answer": "Half an answer."})

    assert answer.status_code == 422
    assert "Please choose whether the company is right." in answer.text
    assert "Half an answer." in answer.text
    assert fresh(session, things.objection).answered_at is None


def test_a_colleague_who_is_slower_is_told(
    admin: Browser, things: Desk, sign_in: Callable[[Role], Browser]
) -> None:
    url = f"/admin/objections/{things.objection.id}"
    sign_in(Role.LEAD).submit(url, {"outcome": "dismissed", "answer": "We looked at it: it stays."})

    answer = admin.submit(url, {"outcome": "upheld", "answer": "You are right after all."})

    assert answer.status_code == 409
    assert "Robin lead has answered this objection in the meantime." in plain(answer.text)


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.FINANCE, Role.VIEWER])
def test_who_may_not_answer_reads_without_a_form(
    things: Desk, sign_in: Callable[[Role], Browser], role: Role
) -> None:
    page = sign_in(role).get(f"/admin/objections/{things.objection.id}").text

    assert "Die Anrufe galten" in page
    assert 'name="answer"' not in page

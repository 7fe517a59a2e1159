"""The desk on which the terms are written and published."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.ordering.models import Order, TermsVersion
from app.staff.rules.roles import Role
from tests import make
from tests.papers import text_of
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser

NEW = {
    "name": "2026-02",
    "text_de": "1. Zahlung\r\nBezahlt wird mit Karte.",
    "text_en": "1. Payment\r\nPayment is by card.",
    "based_on": "2026-01",
}


def _names(session: Session) -> list[str]:
    session.expire_all()
    return sorted(session.exec(select(TermsVersion.name)))


def test_a_version_is_looked_at_beside_the_one_in_force_before_it_is_published(
    admin: Browser, things: Desk, session: Session
) -> None:
    writing = admin.get("/admin/terms?new=1").text
    looked_at = admin.submit("/admin/terms", {**NEW, "act": "preview"}).text

    assert "It holds.</textarea>" in writing
    assert 'value="publish"' not in writing
    assert "<mark>Payment is by card.</mark>" in looked_at
    assert 'value="publish"' in looked_at
    assert _names(session) == ["2026-01"]


def test_publishing_puts_a_version_in_force_says_who_did_it_and_keeps_the_old_one(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit("/admin/terms", {**NEW, "act": "publish"})

    shown = admin.get(answer.headers["location"]).text
    listed = admin.get("/admin/terms").text
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "terms.published")).one()
    assert "every order from now on is under this version" in shown
    assert "differ from version 2026-01" in shown
    assert f">{entry.actor_name}</td>" in listed
    assert listed.index("2026-02") < listed.index("2026-01")
    accepted = len(session.exec(select(Order)).all())
    assert accepted > 0
    cells = [f'<td data-label="Orders" class="num nowrap">{count}</td>' for count in (0, accepted)]
    assert listed.index(cells[0]) < listed.index(cells[1])
    assert "Payment is by card." in admin.get("/terms").text
    assert "It holds." in admin.get("/terms?version=2026-01").text


def test_two_people_who_publish_at_once_see_each_other(
    admin: Browser, things: Desk, session: Session
) -> None:
    admin.submit("/admin/terms", {**NEW, "act": "publish"})

    late = admin.submit("/admin/terms", {**NEW, "name": "2026-03", "text_en": "1. Other", "act": "publish"})

    assert late.status_code == 409
    assert "Somebody else has published a version meanwhile." in late.text
    assert 'name="based_on" value="2026-02"' in late.text
    assert "1. Other</textarea>" in late.text
    assert _names(session) == ["2026-01", "2026-02"]


def test_what_cannot_be_terms_comes_back_with_every_fault_named(
    admin: Browser, things: Desk, session: Session
) -> None:
    wrong = {"name": "../x", "text_de": " ", "text_en": "<b>kept</b>", "based_on": "2026-01"}
    for act in ("preview", "publish"):
        answer = admin.submit("/admin/terms", {**wrong, "act": act})

        assert answer.status_code == 422
        assert "Use up to 32 letters" in answer.text
        assert "The text is empty." in answer.text
        assert "&lt;b&gt;kept&lt;/b&gt;</textarea>" in answer.text
    taken = admin.submit("/admin/terms", {**NEW, "name": "2026-01", "act": "publish"})
    assert taken.status_code == 409
    assert "exists with other words" in taken.text
    assert _names(session) == ["2026-01"]


def test_only_who_may_change_the_policy_is_offered_a_new_version(
    browser: Callable[..., Any], session: Session, things: Desk
) -> None:
    lead = browser(make.staff_member(session, role=Role.LEAD))
    clerk = browser(make.staff_member(session, role=Role.OPERATIONS))

    assert "/admin/terms?new=1" in lead.get("/admin/terms").text
    assert "/admin/terms?new=1" not in clerk.get("/admin/terms").text
    assert clerk.submit("/admin/terms", {**NEW, "act": "publish"}).status_code == 403
    assert _names(session) == ["2026-01"]


def test_hostile_words_are_words_on_every_page_and_paper(admin: Browser, things: Desk) -> None:
    text = "1. <script>alert(1)</script>\n{{7*7}} ${7*7} \u202eevil"
    admin.submit("/admin/terms", {**NEW, "text_en": text, "act": "publish"})

    for path in ("/terms", "/admin/terms/2026-02"):
        page = admin.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "{{7*7}} ${7*7}" in page
    paper = admin.get("/terms/2026-02.pdf?lang=en")
    assert "1. <script>alert(1)</script>" in text_of(paper.content)
    assert "{{7*7}} ${7*7} �evil" in text_of(paper.content)

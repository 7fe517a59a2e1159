"""The review desk: what a case shows, what each button does, and what the queue says."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.mail.models import Mail
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.keys import name_key
from app.mainbrand.rules.segments import Segment
from app.staff.rules.roles import Role
from app.web.admin.opening import opened_mark, seconds_looked
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser

KEY = "test-" * 10


def plain(text: str) -> str:
    return " ".join(text.split())


def case_url(desk: Desk) -> str:
    return f"/admin/screening/{desk.screening.id}"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def second_case(
    session: Session, *, name: str = "Zweit GmbH", matches: list[object] | None = None
) -> Screening:
    other = make.customer(
        session,
        company_name=name,
        name_key=name_key(name),
        screening=ScreeningState.REVIEW,
        segment=Segment.UNRATED,
    )
    make.contact(session, of=other)
    return make.saved(
        session,
        Screening(
            customer_id=other.id,
            trigger="import",
            outcome=ScreeningState.REVIEW,
            screened_at=utc_now() - timedelta(days=2),
            reason="likeness",
            matches=matches or [],
        ),
    )


def test_a_case_marks_the_words_and_characters_that_differ_and_says_them_too(
    admin: Browser, things: Desk, session: Session
) -> None:
    with transaction(session):
        account = session.get_one(MainAccount, things.account.id)
        account.company_name, account.city = "Sauter Anlagen AG", "LEIPZIG-Plagwitz"

    page = plain(admin.get(case_url(things)).text)

    assert "Anlagen Sauer <mark>GmbH</mark>" in page
    assert "Sau<mark>t</mark>er Anlagen <mark>AG</mark>" in page
    assert "Sauer GmbH ≠ Sauter AG" in page
    assert "LEIPZIG-<mark>Plagwitz</mark>" in page


def test_the_strongest_evidence_stands_first_with_its_points(
    admin: Browser, things: Desk, session: Session
) -> None:
    weak, strong = (make.main_account(session, company_name=name) for name in ("Schwach AG", "Stark AG"))
    evidence = [
        {"field": "phone", "own": "1", "other": "1", "points": 10},
        {"field": "address", "own": "x", "other": "x", "points": 45},
        {"field": "a_new_signal", "own": "y", "other": "z"},
    ]
    rows = [
        {"account_id": one.id, "account_number": one.account_number, "company_name": one.company_name,
         "segment": "A", "is_hard": False, "score": score, "evidence": evidence}
        for one, score in ((weak, 41), (strong, 87))
    ]  # fmt: skip
    with transaction(session):
        session.get_one(Screening, things.screening.id).matches = rows

    page = plain(admin.get(case_url(things)).text)

    assert page.index("Stark AG") < page.index("87 of 100 points") < page.index("Schwach AG")
    assert page.index("45 points") < page.index("10 points") < page.index("a_new_signal")


@pytest.mark.parametrize("segment, state", [("C", ScreeningState.CLEAR), ("B", ScreeningState.BLOCKED)])
def test_same_company_takes_the_chosen_account_or_the_number_that_was_typed(
    admin: Browser, things: Desk, session: Session, segment: str, state: ScreeningState
) -> None:
    account = make.main_account(session, account_number="K 77/1", segment=Segment(segment))

    answer = admin.submit(
        case_url(things),
        {
            "decision": "same",
            "same_account_id": str(things.account.id),
            "account_number": " K 77/1 ",
            "reason_same": "branch",
        },
    )

    assert answer.headers["location"] == "/admin/screening?done=no_more_cases"
    decided: Customer = fresh(session, things.applicant)
    assert (decided.main_account_id, decided.screening) == (account.id, state)


def test_a_candidate_that_stands_chosen_in_the_form_is_not_linked_by_admitting(
    admin: Browser, things: Desk, session: Session
) -> None:
    page = admin.get(case_url(things)).text
    assert f'<option value="{things.account.id}" selected>' in page
    sent = {"same_account_id": str(things.account.id), "reason_clear": "called", "reason_same": "branch"}

    answer = admin.submit(case_url(things), {"decision": "clear", **sent})

    assert answer.status_code == 303
    decided: Customer = fresh(session, things.applicant)
    assert (decided.main_account_id, decided.screening) == (None, ScreeningState.CLEAR)


def test_an_account_that_does_not_exist_is_told_at_its_field_and_nothing_typed_is_lost(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit(
        case_url(things),
        {"decision": "same", "account_number": "NOWHERE", "reason": "looks the same to me"},
    )

    assert answer.status_code == 422
    assert "There is no such main account." in answer.text
    assert 'value="NOWHERE"' in answer.text
    assert "looks the same to me" in answer.text
    assert fresh(session, things.applicant).screening is ScreeningState.REVIEW


def test_asking_for_proof_opens_the_next_case_and_the_case_waits_with_its_date(
    admin: Browser, things: Desk, session: Session
) -> None:
    other = second_case(session)

    answer = admin.submit(case_url(things), {"decision": "proof", "reason_proof": "vat_certificate"})

    assert answer.headers["location"] == f"/admin/screening/{other.id}?done=proof_asked"
    session.rollback()
    assert session.exec(select(Mail).where(Mail.kind == "proof_wanted")).one().values["proof"] == (
        "vat_certificate"
    )
    assert "Anlagen Sauer GmbH" not in admin.get("/admin/screening").text
    resting = plain(admin.get("/admin/screening?state=proof").text)
    assert "Anlagen Sauer GmbH" in resting
    assert "waits for proof until" in resting
    assert "<b>1</b> registrations to review" in plain(admin.get("/admin").text)

    back = admin.submit(case_url(things), {"decision": "proof_arrived"})

    assert back.headers["location"] == f"{case_url(things)}?done=proof_arrived"
    assert "proof arrived on" in plain(admin.get("/admin/screening").text)


def test_a_colleague_who_is_slower_reads_who_decided_and_changes_nothing(
    things: Desk, session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    first, second = sign_in(Role.OPERATIONS), sign_in(Role.LEAD)
    seen = hidden(second.get(case_url(things)).text, "seen")

    first.submit(case_url(things), {"decision": "blocked", "reason_blocked": "served", "seen": seen})
    answer = second.submit(case_url(things), {"decision": "clear", "reason_clear": "called", "seen": seen})

    assert answer.status_code == 409
    assert "Robin operations has decided this case in the meantime." in plain(answer.text)
    assert hidden(answer.text, "seen") == "decided"
    assert fresh(session, things.applicant).screening is ScreeningState.BLOCKED
    kinds = [mail.kind for mail in session.exec(select(Mail).where(Mail.object_kind == "customer"))]
    assert kinds == ["decision_main_brand"]

    again = second.submit(
        case_url(things), {"decision": "clear", "reason_clear": "called", "seen": "decided"}
    )

    assert again.status_code == 303
    assert fresh(session, things.applicant).screening is ScreeningState.CLEAR


def test_a_sole_trader_is_not_refused_by_a_standard_reason(
    admin: Browser, things: Desk, session: Session
) -> None:
    with transaction(session):
        session.get_one(Customer, things.applicant.id).legal_form = "Einzelunternehmen"

    answer = admin.submit(case_url(things), {"decision": "refused", "reason_refused": "no_business"})

    assert answer.status_code == 422
    assert "A sole trader is refused only for a reason that a person states" in plain(answer.text)
    assert fresh(session, things.applicant).screening is ScreeningState.REVIEW


def test_the_time_from_opening_to_deciding_is_shown_on_the_queue(
    admin: Browser, things: Desk, session: Session
) -> None:
    opened = hidden(admin.get(case_url(things)).text, "opened")
    assert "Nobody has decided a case" in admin.get("/admin/screening").text

    admin.submit(case_url(things), {"decision": "clear", "reason_clear": "called", "opened": opened})

    row: Screening = fresh(session, things.screening)
    assert row.decision_seconds is not None
    assert row.decision_seconds < 60
    page = plain(admin.get("/admin/screening").text)
    assert f"Median of a decision: {row.decision_seconds} s" in page
    assert "In the last 14 days people decided 1 case." in page


def test_a_moment_of_opening_that_was_made_up_is_not_measured() -> None:
    now = utc_now()
    mark = opened_mark(KEY, screening_id=5, staff_member_id=7, now=now - timedelta(seconds=90))

    def looked(
        text: str, *, screening_id: int = 5, member: int = 7, later: timedelta = timedelta()
    ) -> int | None:
        return seconds_looked(text, KEY, screening_id=screening_id, staff_member_id=member, now=now + later)

    assert looked(mark) in (90, 91)
    assert looked(mark, screening_id=6) is None
    assert looked(mark, member=8) is None
    assert looked(mark, later=timedelta(minutes=30)) is None
    for forged in ("", "1", "1.x", f"9{mark}", mark[:-1], "٣.x", "9" * 400 + ".x"):
        assert looked(forged) is None


def test_earlier_decisions_about_this_company_and_its_doubles_are_shown(
    admin: Browser, things: Desk, session: Session
) -> None:
    match = {"account_id": things.account.id, "account_number": things.account.account_number,
             "company_name": "x", "segment": "A", "is_hard": False, "evidence": []}  # fmt: skip
    double = second_case(session, name="Sauer Service GmbH", matches=[match])
    admin.submit(f"/admin/screening/{double.id}", {"decision": "clear", "reason": "their former driver"})
    make.saved(
        session,
        Screening(
            customer_id=things.applicant.id,
            trigger="change",
            outcome=ScreeningState.REVIEW,
            screened_at=make.NOW,
            reason="likeness",
            matches=[match],
        ),
    )
    newest = max(row.id or 0 for row in session.exec(select(Screening)))

    page = plain(admin.get(f"/admin/screening/{newest}").text)

    assert "Earlier about this company" in page
    assert f'href="/admin/screening/{things.screening.id}"' in page
    elsewhere = page[page.index("Decided about other companies") :]
    assert "Sauer Service GmbH" in elsewhere
    assert "their former driver" in elsewhere


def test_the_queue_filters_and_searches_by_link(admin: Browser, things: Desk, session: Session) -> None:
    second_case(session, name="Öhler Bau KG")

    def found(query: str) -> list[bool]:
        page = admin.get(f"/admin/screening?{query}").text
        return ["Anlagen Sauer GmbH" in page, "Öhler Bau KG" in page]

    assert found("") == [True, True]
    assert found("q=oehler") == [False, True]
    assert found("trigger=import") == [False, True]
    assert found("age=7") == [True, False]
    assert found("state=decided") == [False, False]
    assert found("q=%25&age=x&state=nonsense&trigger=%27") == [False, False]
    assert "No case fits" in admin.get("/admin/screening?q=zzzz").text


@pytest.mark.parametrize("role", [Role.FINANCE, Role.VIEWER])
def test_who_may_not_decide_sees_the_case_without_a_form(
    things: Desk, sign_in: Callable[[Role], Browser], role: Role
) -> None:
    page = sign_in(role).get(case_url(things)).text

    assert "Sauer Anlagen AG" in page or "Anlagen" in page
    assert 'name="decision"' not in page


@pytest.mark.parametrize("decision", ["", "pending", "review", "SAME", "proof", "x" * 5_000])
def test_what_is_not_offered_decides_nothing(
    admin: Browser, things: Desk, session: Session, decision: str
) -> None:
    answer = admin.submit(case_url(things), {"decision": decision, "reason": "because I can"})

    assert answer.status_code == 422
    assert fresh(session, things.screening).decision is None

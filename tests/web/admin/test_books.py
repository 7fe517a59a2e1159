"""The pages of the books: who opens them, what they add up, and what their files hold."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from app.books.models import BookExport, MonthClose
from app.books.rules.months import Month
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.flows.export_books import make_export
from app.handlers.books import supplier_of
from app.invoices.rules.document import DocumentKind
from app.ordering.models import Order
from app.settings import Settings
from app.staff.rules.roles import Role
from tests.make_invoices import issued, paid_order, refund
from tests.web.conftest import Browser

BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER = "/admin/books/2025-10"
FILES = ("documents.csv", "money.csv", "datev.csv")


def at(day: int) -> datetime:
    return datetime(2025, 10, day, 9, tzinfo=UTC)


@pytest.fixture
def sold(session: Session) -> Order:
    """Paid, dispatched and invoiced in October 2025; 11.90 went back."""
    with transaction(session):
        order = paid_order(session, paid_at=at(3), dispatched_at=at(10), company_name="=Lahn GmbH")
        invoice = issued(session, order, issued_at=at(10))
        back = refund(session, order, 1_190, at=at(20))
        issued(
            session,
            order,
            kind=DocumentKind.CORRECTION,
            issued_at=at(20),
            rates=((1900, 1_000),),
            corrects=invoice,
            of_refund=back,
        )
    return order


@pytest.fixture
def finance(sign_in: Callable[[Role], Browser]) -> Browser:
    return sign_in(Role.FINANCE)


def test_a_month_shows_its_sums_in_both_languages(finance: Browser, sold: Order) -> None:
    german = finance.get(OCTOBER, headers={"accept-language": "de"}).text
    english = finance.get(OCTOBER, headers={"accept-language": "en"}).text

    assert "Oktober 2025" in german
    assert "107,10" in german
    assert "Nichts ist offen" in german
    assert "€107.10" in english
    assert "Nothing is open" in english
    assert english.count("<rect") == 4


def test_a_year_leads_to_its_months(finance: Browser, sold: Order) -> None:
    page = finance.get("/admin/books?year=2025", headers={"accept-language": "en"}).text

    assert f'href="{OCTOBER}"' in page
    assert "€107.10" in page
    assert "is over and can be closed" not in page


@pytest.mark.parametrize("year", ["1999", "9999", "-1", "x", "²", "20255555555555555555"])
def test_a_year_that_is_none_shows_this_one(finance: Browser, year: str) -> None:
    page = finance.get("/admin/books", params={"year": year}, headers={"accept-language": "en"})

    assert page.status_code == 200
    assert f"Books of {utc_now().year}" in page.text


@pytest.mark.parametrize("month", ["2025-13", "2999-01", "october", "2025-1", "%00"])
def test_a_month_that_is_none_is_not_found(finance: Browser, month: str) -> None:
    assert finance.get(f"/admin/books/{month}").status_code == 404
    for name in FILES:
        assert finance.get(f"/admin/books/{month}/{name}").status_code == 404


def test_what_is_open_leads_to_its_order(finance: Browser, session: Session) -> None:
    order = paid_order(session, paid_at=at(3))

    page = finance.get(OCTOBER, headers={"accept-language": "en"}).text

    assert f'href="/admin/orders/{order.number}"' in page
    assert "paid, no document in this month" in page
    assert "1 thing still waits for its document" in page


def test_a_month_is_closed_by_hand_and_says_so(finance: Browser, sold: Order, session: Session) -> None:
    answer = finance.submit(f"{OCTOBER}/close", {"reason": ""}, page=OCTOBER)

    assert answer.headers["location"] == f"{OCTOBER}?done=month_closed"
    session.rollback()
    assert session.exec(select(MonthClose)).one().closed_by == "Robin finance"
    page = finance.get(OCTOBER, headers={"accept-language": "en"}).text
    assert "Closed on" in page
    assert "Close this month for good" not in page
    again = finance.submit(f"{OCTOBER}/close", {"reason": ""}, page="/admin/books/2025-11")
    assert again.headers["location"] == f"{OCTOBER}?done=unchanged"


def test_a_reason_that_is_missing_is_named_and_nothing_is_closed(finance: Browser, session: Session) -> None:
    paid_order(session, paid_at=at(3))

    answer = finance.submit(f"{OCTOBER}/close", {"reason": " "}, page=OCTOBER)

    assert answer.status_code == 422
    assert 'href="#f-reason"' in answer.text
    session.rollback()
    assert session.exec(select(MonthClose)).all() == []


def test_the_running_month_cannot_be_closed(finance: Browser, sold: Order, session: Session) -> None:
    running = f"/admin/books/{Month.at(utc_now(), BERLIN)}"

    answer = finance.submit(f"{running}/close", {"reason": "now"}, page=OCTOBER)

    assert answer.status_code == 409
    session.rollback()
    assert session.exec(select(MonthClose)).all() == []


def test_the_files_hold_documents_money_and_postings(finance: Browser, sold: Order) -> None:
    found = {name: finance.get(f"{OCTOBER}/{name}") for name in FILES}

    assert [answer.status_code for answer in found.values()] == [200, 200, 200]
    documents = list(
        csv.DictReader(io.StringIO(found["documents.csv"].content.decode("utf-8-sig")), delimiter=";")
    )
    assert [(row["gross"], row["buyer_name"]) for row in documents] == [
        ("119,00", "'=Lahn GmbH"),
        ("11,90", "'=Lahn GmbH"),
    ]
    money = list(csv.DictReader(io.StringIO(found["money.csv"].content.decode("utf-8-sig")), delimiter=";"))
    assert [row["held"] for row in money] == ["0,00", "119,00", "-11,90"]
    assert found["datev.csv"].content.startswith(b'"EXTF";700;21;"Buchungsstapel";13;')
    assert 'filename="EXTF_Buchungsstapel_2025-10.csv"' in found["datev.csv"].headers["content-disposition"]


def test_an_export_is_asked_for_made_and_downloaded(
    finance: Browser,
    sold: Order,
    session: Session,
    read_session: Session,
    settings: Settings,
) -> None:
    answer = finance.submit(f"{OCTOBER}/export", {}, page=OCTOBER)
    assert answer.headers["location"] == f"{OCTOBER}?done=export_asked#exports"
    session.rollback()
    export = session.exec(select(BookExport)).one()
    address = f"/admin/books/exports/{export.id}"
    assert finance.get(address).status_code == 404

    make_export(
        session,
        read_session,
        export.id or 0,
        folder=settings.export_folder,
        zone=BERLIN,
        supplier=supplier_of(settings),
        now=utc_now(),
    )

    got = finance.get(address)
    assert got.status_code == 200
    assert got.content[:2] == b"PK"
    assert 'filename="gobd-2025-10.zip"' in got.headers["content-disposition"]
    assert f'href="{address}"' in finance.get(OCTOBER).text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATIONS])
def test_nobody_else_reads_the_books(
    sign_in: Callable[[Role], Browser], sold: Order, session: Session, role: Role
) -> None:
    visitor = sign_in(role)

    for path in ("/admin/books", OCTOBER, *(f"{OCTOBER}/{name}" for name in FILES), "/admin/books/exports/1"):
        answer = visitor.get(path)
        assert (path, answer.status_code) == (path, 403)
        assert "Lahn" not in answer.text


def test_the_page_of_an_order_tells_its_ledger(finance: Browser, sold: Order) -> None:
    page = finance.get(f"/admin/orders/{sold.number}", headers={"accept-language": "en"}).text

    ledger = page[page.index('id="ledger"') :].split("</section>")[0]
    for words in ("Reserved on the card", "Taken", "Paid back", "€119.00", "€107.10", "re_made_"):
        assert words in ledger


def test_what_may_be_deleted_is_told_before_it_goes(finance: Browser, session: Session) -> None:
    old = datetime(2015, 6, 15, 9, tzinfo=UTC)
    order = paid_order(session, paid_at=old, dispatched_at=old)
    number = issued(session, order, issued_at=old).number

    page = finance.get("/admin/books/retention", headers={"accept-language": "en"}).text

    assert f"{number} – {number}" in page
    assert "31 Dec 2023" in page

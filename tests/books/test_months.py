"""A month of the books in sums and postings, from rows as the shop writes them."""

from collections import Counter
from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from app.books.models import MonthClose
from app.books.queries_month import sum_days, sum_month, sum_taxed
from app.books.queries_open import list_open
from app.books.queries_postings import each_money, each_paper, each_posting, each_supply
from app.books.rules.accounts import CHARTS
from app.books.rules.months import Month, months_of
from app.books.rules.postings import Posting, lines_of
from app.books.rules.totals import OpenItem, RateSum
from app.core.transaction import transaction
from app.invoices.queries_recapitulative import read_statement
from app.invoices.rules.document import DocumentKind
from app.ordering.models import Order
from app.ordering.rules.vat import VatCase
from app.payments.rules.ledger import MoneyKind
from app.policy.rules.policy import ChartOfAccounts
from tests.make import saved
from tests.make_invoices import issued, money, paid_order, refund

BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)
SKR04 = CHARTS[ChartOfAccounts.SKR04]


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def balances(postings: list[Posting]) -> Counter[int | str]:
    found: Counter[int | str] = Counter()
    for posting in postings:
        for line in lines_of(posting, SKR04):
            found[line.account] += line.debit_cents - line.credit_cents
    return Counter({account: cents for account, cents in found.items() if cents})


def closed(session: Session, month: Month, *, up_to: int) -> MonthClose:
    return saved(
        session,
        MonthClose(
            month=month.first_on,
            closed_at=month.ends_at(BERLIN),
            closed_by="Robin",
            open_count=0,
            document_count=0,
            last_money_event_id=up_to,
            sums={},
            sha256="0" * 64,
        ),
    )


@pytest.fixture
def sold(session: Session) -> Order:
    """Paid on 3 November, dispatched and invoiced on the 10th, of two rates; 11.90 went back on the 20th."""
    rates = ((1900, 10_000), (700, 500))
    order = paid_order(session, rates=rates, paid_at=at(11, 3), dispatched_at=at(11, 10))
    invoice = issued(session, order, issued_at=at(11, 10), rates=rates)
    back = refund(session, order, 1_190, at=at(11, 20))
    issued(
        session,
        order,
        kind=DocumentKind.CORRECTION,
        issued_at=at(11, 20),
        rates=((1900, 1_000),),
        corrects=invoice,
        of_refund=back,
    )
    return order


def test_a_month_adds_documents_by_rate_and_money_by_kind(session: Session, sold: Order) -> None:
    sums = sum_month(session, NOVEMBER, BERLIN)

    assert sums.rates == (
        RateSum(VatCase.DOMESTIC, 1900, 10_000, 1_900, 1_000, 190),
        RateSum(VatCase.DOMESTIC, 700, 500, 35),
    )
    assert (sums.net_cents, sums.vat_cents, sums.gross_cents) == (9_500, 1_745, 11_245)
    assert (sums.document_count, sums.correction_count) == (2, 1)
    assert sums.money.taken_cents == sold.gross_cents == 12_435
    assert sums.money.paid_back_cents == -1_190
    assert (sums.opening_cents, sums.difference_cents, sums.closing_cents) == (0, 0, 0)
    assert list_open(session, NOVEMBER, BERLIN) == []


def test_money_without_a_document_is_open_until_the_document_comes(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 30), dispatched_at=at(11, 4), company_name="Lahn GmbH")
    issued(session, order, issued_at=at(11, 4))

    october, november = (sum_month(session, month, BERLIN) for month in (OCTOBER, NOVEMBER))

    assert (october.opening_cents, october.difference_cents, october.closing_cents) == (0, 11_900, 11_900)
    assert (november.opening_cents, november.difference_cents, november.closing_cents) == (11_900, -11_900, 0)
    assert october.is_explained
    assert november.is_explained
    assert list_open(session, OCTOBER, BERLIN) == [
        OpenItem(order.number, "Lahn GmbH", 11_900, is_settled=True)
    ]
    assert list_open(session, NOVEMBER, BERLIN) == []


def test_a_document_without_its_money_is_open_too(session: Session) -> None:
    order = paid_order(session, paid_at=at(11, 3), dispatched_at=at(11, 10))
    invoice = issued(session, order, issued_at=at(11, 10))
    issued(
        session,
        order,
        kind=DocumentKind.CORRECTION,
        issued_at=at(11, 20),
        rates=((1900, 1_000),),
        corrects=invoice,
    )

    assert [item.cents for item in list_open(session, NOVEMBER, BERLIN)] == [1_190]
    money(session, order, MoneyKind.REFUNDED, 2_000, at=at(11, 21))
    assert [item.cents for item in list_open(session, NOVEMBER, BERLIN)] == [-810]


def test_disputes_and_fees_stand_beside_what_documents_are_about(session: Session, sold: Order) -> None:
    money(session, sold, MoneyKind.DISPUTED, 5_000, at=at(11, 22))
    money(session, sold, MoneyKind.FEE, 211, at=at(11, 22))

    sums = sum_month(session, NOVEMBER, BERLIN)

    assert (sums.money.charged_back_cents, sums.money.fee_cents) == (-5_000, -211)
    assert sums.money.left_cents == 12_435 - 1_190 - 5_000 - 211
    assert sums.closing_cents == 0


def test_an_evening_belongs_to_the_month_that_the_shops_clocks_show(session: Session) -> None:
    paid_order(session, paid_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))

    assert sum_month(session, OCTOBER, BERLIN).money.taken_cents == 0
    assert sum_month(session, NOVEMBER, BERLIN).money.taken_cents == 11_900
    assert [day for day, _, cents in sum_days(session, NOVEMBER, BERLIN) if cents] == [date(2026, 11, 1)]


def test_money_that_is_heard_of_after_the_close_belongs_to_the_next_month(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 5))
    known = money(session, order, MoneyKind.FEE, 100, at=at(10, 6))
    closed(session, OCTOBER, up_to=known.id or 0)
    money(session, order, MoneyKind.FEE, 30, at=at(10, 7))

    fees = {
        month: sum_month(session, month, BERLIN).money.fee_cents for month in (OCTOBER, NOVEMBER, DECEMBER)
    }

    assert fees == {OCTOBER: -100, NOVEMBER: -30, DECEMBER: 0}
    late = [one for one in each_money(session, NOVEMBER, BERLIN) if one.kind is MoneyKind.FEE]
    assert [(one.on, one.amount_cents) for one in late] == [(date(2026, 11, 1), 30)]


def test_the_days_of_a_month_show_documents_and_money(session: Session, sold: Order) -> None:
    days = {day.day: (written, taken) for day, written, taken in sum_days(session, NOVEMBER, BERLIN)}

    assert len(days) == 30
    assert {day: both for day, both in days.items() if any(both)} == {
        3: (0, 12_435),
        10: (12_435, 0),
        20: (-1_190, -1_190),
    }


def test_papers_come_with_what_the_books_need_of_them(session: Session, sold: Order) -> None:
    invoice, correction = sorted(each_paper(session, NOVEMBER), key=lambda one: one.number)

    assert (invoice.order_number, invoice.gross_cents, invoice.supplied_on) == (
        sold.number,
        12_435,
        date(2026, 11, 10),
    )
    assert [tax.vat_rate_bp for tax in invoice.taxes] == [1900, 700]
    assert (correction.corrects, correction.gross_cents, correction.is_of_prepaid) == (
        invoice.number,
        1_190,
        False,
    )


def test_prepaid_goods_are_revenue_in_the_month_in_which_they_leave(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 30), dispatched_at=at(11, 3))
    paper = issued(session, order, kind=DocumentKind.PREPAYMENT, issued_at=at(10, 31, 18))
    back = refund(session, order, 1_190, at=at(11, 1))
    issued(
        session,
        order,
        kind=DocumentKind.CORRECTION,
        issued_at=at(11, 1),
        rates=((1900, 1_000),),
        corrects=paper,
        of_refund=back,
    )

    october, november = (list(each_posting(session, month, BERLIN, SKR04)) for month in (OCTOBER, NOVEMBER))

    assert balances(october) == {3272: -10_000, "vat_1900": -1_900, 1460: 11_900}
    assert balances(october + november) == {4400: -9_000, "vat_1900": -1_710, 1460: 10_710}
    (supply,) = each_supply(session, NOVEMBER, BERLIN)
    assert (supply.on, supply.number, supply.taxes[0].net_cents) == (date(2026, 11, 3), paper.number, 9_000)
    assert list(each_supply(session, OCTOBER, BERLIN)) == []


def test_a_prepayment_written_after_the_goods_left_is_revenue_on_its_own_day(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 30), dispatched_at=at(11, 1, 8))
    issued(session, order, kind=DocumentKind.PREPAYMENT, issued_at=at(11, 1, 12))

    (supply,) = each_supply(session, NOVEMBER, BERLIN)

    assert supply.on == date(2026, 11, 1)
    assert balances(list(each_posting(session, NOVEMBER, BERLIN, SKR04)))[4400] == -10_000


def test_the_vat_of_a_month_is_that_of_payments_in_it_whenever_documents_came(session: Session) -> None:
    order = paid_order(session, paid_at=at(10, 30), dispatched_at=at(11, 4))
    issued(session, order, issued_at=at(11, 4))
    late = paid_order(session, paid_at=at(10, 31))
    issued(session, late, kind=DocumentKind.PREPAYMENT, issued_at=at(11, 1), rates=((700, 10_000),))

    assert [(rate.rate_bp, rate.vat_cents) for rate in sum_taxed(session, OCTOBER)] == [
        (1900, 1_900),
        (700, 700),
    ]
    assert sum_taxed(session, NOVEMBER) == ()


def test_debit_equals_credit_in_a_month_with_everything(session: Session, sold: Order) -> None:
    for kind in (MoneyKind.DISPUTED, MoneyKind.DISPUTE_LOST, MoneyKind.FEE):
        money(session, sold, kind, 500, at=at(11, 25))
    exported = paid_order(session, rates=((0, 7_700),), paid_at=at(11, 5), dispatched_at=at(11, 6))
    issued(session, exported, issued_at=at(11, 6), rates=((0, 7_700),), vat_case=VatCase.EXPORT)

    found = balances(list(each_posting(session, NOVEMBER, BERLIN, SKR04)))
    sums = sum_month(session, NOVEMBER, BERLIN)

    assert sum(found.values()) == 0
    assert found[1460] == sums.money.left_cents
    assert -sum(found[account] for account in (4400, 4300, 4120)) == sums.net_cents
    assert -(found["vat_1900"] + found["vat_700"]) == sums.vat_cents
    assert found[10000] == 0


def test_month_page_and_recapitulative_statement_agree_on_random_documents(session: Session) -> None:
    chance = Random(18)
    cases = (VatCase.INTRA_COMMUNITY, VatCase.REVERSE_CHARGE)
    with transaction(session):
        for _ in range(25):
            paid, sent, written = (at(chance.randint(9, 12), chance.randint(1, 28)) for _ in range(3))
            order = paid_order(session, paid_at=paid, dispatched_at=sent)
            case, rates = chance.choice(cases), ((0, chance.randint(1, 90_000)),)
            issued(session, order, issued_at=written, rates=rates, vat_case=case, vat_id="ATU12345675")

    for month in months_of(2026):
        reported = read_statement(session, month.first_on, month.following.first_on)
        assert sorted(row.net_cents for row in reported) == sorted(
            row.net_cents for row in sum_taxed(session, month)
        )
    assert sum(row.net_cents for month in months_of(2026) for row in sum_taxed(session, month)) == sum(
        paper.net_cents for month in months_of(2026) for paper in each_paper(session, month)
    )

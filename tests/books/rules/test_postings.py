"""Each booking is double entry; a month's postings add up, account by account."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.books.rules.accounts import CHARTS, Accounts, accounts_of
from app.books.rules.postings import (
    Money,
    Paper,
    Posting,
    Supply,
    Tax,
    book_money,
    book_paper,
    book_supply,
    lines_of,
    vat_within,
)
from app.core.money import share_bp
from app.invoices.rules.document import DocumentKind
from app.ordering.rules.vat import VatCase
from app.payments.rules.ledger import MoneyKind, held_cents
from app.policy.rules.policy import ChartOfAccounts, Policy

SKR04 = CHARTS[ChartOfAccounts.SKR04]
DAY = date(2026, 11, 10)


def paper(*taxes: Tax, **values: object) -> Paper:
    defaults: dict[str, object] = {
        "number": "RE-2026-000001",
        "kind": DocumentKind.INVOICE,
        "issued_on": DAY,
        "order_number": "B7K2M",
        "company_name": "Probst GmbH",
        "vat_case": VatCase.DOMESTIC,
        "vat_id": "",
        "taxes": taxes or (tax(1900, 10_000), tax(700, 500)),
        "supplied_on": DAY,
        "paid_on": date(2026, 11, 3),
    }
    return Paper(**{**defaults, **values})  # type: ignore[arg-type]


def tax(rate_bp: int, net_cents: int) -> Tax:
    return Tax(rate_bp, net_cents, share_bp(net_cents, rate_bp))


def balances(postings: list[Posting], accounts: Accounts = SKR04) -> Counter[int | str]:
    """Debit less credit of each account."""
    found: Counter[int | str] = Counter()
    for posting in postings:
        for line in lines_of(posting, accounts):
            found[line.account] += line.debit_cents - line.credit_cents
    return found


def test_an_invoice_is_owed_by_the_debtor_and_splits_into_revenue_and_vat() -> None:
    postings = list(book_paper(paper(), SKR04))

    assert [(one.debit, one.credit, one.amount_cents) for one in postings] == [
        (10000, 4400, 11_900),
        (10000, 4300, 535),
    ]
    assert balances(postings) == {
        10000: 12_435,
        4400: -10_000,
        "vat_1900": -1_900,
        4300: -500,
        "vat_700": -35,
    }


def test_a_correction_takes_back_what_its_invoice_booked() -> None:
    postings = list(book_paper(paper(), SKR04))
    postings += book_paper(
        paper(number="RK-2026-000001", kind=DocumentKind.CORRECTION, corrects="RE-2026-000001"), SKR04
    )

    assert not any(balances(postings).values())
    assert postings[-1].text == "RE-2026-000001 Probst GmbH"


def test_a_prepayment_becomes_revenue_when_the_goods_leave_and_the_vat_stays() -> None:
    taken = paper(kind=DocumentKind.PREPAYMENT, supplied_on=None)
    before = list(book_paper(taken, SKR04))
    left = Supply(date(2026, 12, 2), taken.number, taken.order_number, taken.vat_case, "", taken.taxes)

    after = before + list(book_supply(left, SKR04))

    assert balances(before)[3272] == -10_000
    assert balances(before)[4400] == 0
    assert {account: cents for account, cents in balances(after).items() if cents} == balances(
        list(book_paper(paper(), SKR04))
    )
    assert balances(before)["vat_1900"] == balances(after)["vat_1900"] == -1_900


def test_a_supply_of_which_too_much_was_corrected_goes_back_and_still_balances() -> None:
    over = Supply(DAY, "RE-2026-000001", "B7K2M", VatCase.DOMESTIC, "", (Tax(1900, -100, -19),))

    (posting,) = book_supply(over, SKR04)

    assert (posting.debit, posting.credit, posting.amount_cents) == (4400, 3272, 119)


def test_a_correction_of_what_has_not_left_takes_from_the_prepayments() -> None:
    taken = paper(kind=DocumentKind.PREPAYMENT, supplied_on=None)
    back = paper(kind=DocumentKind.CORRECTION, is_of_prepaid=True)

    assert not any(balances([*book_paper(taken, SKR04), *book_paper(back, SKR04)]).values())


@pytest.mark.parametrize(
    "case, account",
    [
        (VatCase.INTRA_COMMUNITY, 4125),
        (VatCase.REVERSE_CHARGE, 4336),
        (VatCase.EXPORT, 4120),
        (VatCase.OUTSIDE, 4338),
        (VatCase.DOMESTIC, 4200),
    ],
)
def test_sales_without_vat_have_accounts_of_their_own(case: VatCase, account: int) -> None:
    (posting,) = book_paper(paper(Tax(0, 10_000, 0), vat_case=case, vat_id="ATU12345675"), SKR04)

    assert (posting.credit, posting.amount_cents) == (account, 10_000)
    assert posting.vat_id == ("ATU12345675" if account in (4125, 4336) else "")


def test_money_stands_on_the_clearing_account_until_it_is_settled() -> None:
    story = [
        Money(DAY, MoneyKind.AUTHORISED, 12_435, "B7K2M"),
        Money(DAY, MoneyKind.CAPTURED, 12_435, "B7K2M"),
        Money(DAY, MoneyKind.FEE, 211, "B7K2M"),
        Money(DAY, MoneyKind.REFUNDED, 1_000, "B7K2M"),
    ]
    postings = [posting for money in story for posting in book_money(money, SKR04)]

    assert balances(postings) == {1460: 12_435 - 211 - 1_000, 10000: -12_435 + 1_000, 6855: 211}


def test_a_lost_dispute_is_a_loss_and_a_won_one_is_nothing() -> None:
    disputed = Money(DAY, MoneyKind.DISPUTED, 12_435, "B7K2M")

    def of(end: MoneyKind) -> Counter[int | str]:
        return balances([*book_money(disputed, SKR04), *book_money(replace(disputed, kind=end), SKR04)])

    assert not any(of(MoneyKind.DISPUTE_WON).values())
    assert +of(MoneyKind.DISPUTE_LOST) == {6930: 12_435}
    assert of(MoneyKind.DISPUTE_LOST)[1300] == 0


def test_money_that_is_only_reserved_is_not_booked() -> None:
    for kind in (MoneyKind.AUTHORISED, MoneyKind.RELEASED):
        assert list(book_money(Money(DAY, kind, 100, "B7K2M"), SKR04)) == []


def test_the_vat_belongs_to_the_month_of_the_payment_where_that_came_first() -> None:
    assert paper(paid_on=date(2026, 10, 30)).taxed_on == date(2026, 10, 30)
    assert paper(paid_on=None).taxed_on == DAY
    assert paper(kind=DocumentKind.PREPAYMENT, supplied_on=None, paid_on=date(2026, 10, 30)).taxed_on == date(
        2026, 10, 30
    )
    assert paper(kind=DocumentKind.CORRECTION, paid_on=date(2026, 10, 30)).taxed_on == DAY


def test_both_charts_have_a_number_for_everything_and_no_number_twice() -> None:
    for chart in ChartOfAccounts:
        accounts = accounts_of(Policy(chart_of_accounts=chart))
        numbers = [getattr(accounts, name) for name in accounts.__dataclass_fields__]

        assert accounts == CHARTS[chart]
        assert len(set(numbers)) == len(numbers)


def test_the_policy_names_another_account() -> None:
    accounts = accounts_of(Policy(account_card_fees=6856))

    assert accounts == replace(SKR04, card_fees=6856)


@settings(max_examples=300)
@given(net_cents=st.integers(0, 10**9), rate_bp=st.sampled_from([700, 1900]))
def test_the_vat_that_datev_takes_out_is_the_vat_of_the_document(net_cents: int, rate_bp: int) -> None:
    vat_cents = share_bp(net_cents, rate_bp)

    assert vat_within(net_cents + vat_cents, rate_bp) == vat_cents


TAXES = st.lists(
    st.builds(tax, st.sampled_from([0, 700, 1900]), st.integers(0, 10**7)),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.vat_rate_bp,
).map(tuple)
PAPERS = st.builds(
    lambda kind, case, taxes, is_of_prepaid: paper(
        *(taxes if case is VatCase.DOMESTIC else (Tax(0, taxes[0].net_cents, 0),)),
        kind=kind,
        vat_case=case,
        is_of_prepaid=is_of_prepaid and kind is DocumentKind.CORRECTION,
    ),
    st.sampled_from(DocumentKind),
    st.sampled_from(VatCase),
    TAXES,
    st.booleans(),
)
MOVES = st.builds(Money, st.just(DAY), st.sampled_from(MoneyKind), st.integers(1, 10**7), st.just("B7K2M"))


@settings(max_examples=100)
@given(
    papers=st.lists(PAPERS, max_size=6),
    moves=st.lists(MOVES, max_size=6),
    chart=st.sampled_from(ChartOfAccounts),
)
def test_debit_equals_credit_for_each_document_and_the_month(
    papers: list[Paper], moves: list[Money], chart: ChartOfAccounts
) -> None:
    accounts = CHARTS[chart]
    month: list[Posting] = []
    for one in papers:
        postings = list(book_paper(one, accounts))
        lines = [line for posting in postings for line in lines_of(posting, accounts)]
        month += postings

        assert sum(line.debit_cents for line in lines) == sum(line.credit_cents for line in lines)
        assert balances(postings, accounts)[accounts.debtor] == one.sign * one.gross_cents
        vat_cents = sum(
            line.credit_cents - line.debit_cents for line in lines if isinstance(line.account, str)
        )
        assert vat_cents == one.sign * one.vat_cents
    for move in moves:
        month += book_money(move, accounts)

    found = balances(month, accounts)
    assert sum(found.values()) == 0
    held = sum(held_cents(move.kind, move.amount_cents) for move in moves)
    assert found[accounts.card_clearing] == held

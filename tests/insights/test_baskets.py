"""Baskets from purchase lines, with what came back taken out."""

from datetime import timedelta

from app.insights.baskets import baskets_of, of_accounts, without_returns
from tests.insights.shopping import UNTIL, line, lines


def kept(*rows: dict[str, object]) -> list[tuple[str, int, int]]:
    frame = without_returns(lines(*rows)).sort("invoice_number", "sku")
    return list(frame.select("invoice_number", "quantity_milli", "net_cents").iter_rows())


def test_a_return_is_taken_off_the_latest_purchase_before_it() -> None:
    left = kept(
        line("X", "R1", "A", count=10, cents=1000, days_ago=30),
        line("X", "R2", "A", count=4, cents=400, days_ago=20),
        line("X", "R3", "A", count=-6, cents=600, days_ago=10),
        line("X", "R4", "A", count=5, cents=500, days_ago=5),
    )

    assert left == [("R1", 8000, 800), ("R4", 5000, 500)]


def test_a_return_touches_no_other_account_or_article() -> None:
    left = kept(
        line("X", "R1", "A", count=2),
        line("Y", "R2", "A", count=2),
        line("X", "R3", "B", count=2),
        line("X", "R4", "A", count=-2, days_ago=1),
    )

    assert [invoice for invoice, _, _ in left] == ["R2", "R3"]


def test_a_return_without_a_purchase_and_a_gift_count_for_nothing() -> None:
    left = kept(
        line("X", "R1", "A", count=-2, days_ago=40),
        line("X", "R2", "A", count=2, days_ago=30),
        line("X", "R3", "B", count=2, cents=0),
    )

    assert left == [("R2", 2000, 100)]


def test_no_purchase_at_all_leaves_nothing() -> None:
    assert kept(line("X", "R1", "A", count=-2)) == []
    assert without_returns(lines()).is_empty()


def test_lines_of_one_invoice_are_one_basket_and_equal_articles_add_up() -> None:
    bought = lines(
        line("X", "R1", "A", count=2, cents=200, days_ago=9),
        line("X", "R1", "A", count=1, cents=100, days_ago=9),
        line("X", "R1", "B", cents=50, days_ago=9),
        line("Y", "R1", "B", cents=70, days_ago=3),
    )

    mine, others = baskets_of(bought, until=UNTIL)

    assert (mine.account_number, mine.age_days) == ("X", 9)
    assert mine.cents == {"A": 300, "B": 50}
    assert mine.quantities == {"A": 3000, "B": 1000}
    assert mine.value_cents == 350
    assert (others.account_number, others.cents) == ("Y", {"B": 70})


def test_ages_are_counted_to_the_day_given() -> None:
    (basket,) = baskets_of(lines(line("X", "R1", "A", days_ago=1)), until=UNTIL + timedelta(days=1))

    assert basket.age_days == 2


def test_accounts_are_told_from_others() -> None:
    theirs, others = of_accounts(lines(line("X", "R1", "A"), line("Y", "R2", "A")), ["X"])

    assert theirs["account_number"].to_list() == ["X"]
    assert others["account_number"].to_list() == ["Y"]

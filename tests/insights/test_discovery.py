"""What is proposed from a small shop's purchases, and how an unseen year judges it."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from app.cli.discovery_evaluation import read_goods
from app.core.errors import Invalid
from app.insights.baskets import LINES
from app.insights.discovery import Discovery, discover
from app.insights.discovery_evaluation import evaluate
from app.insights.rules.proposing import Aims
from app.mainbrand.buying import DAYS
from tests.architecture.tree import ROOT
from tests.insights.shopping import UNTIL, line, lines

DATA = ROOT.parent / "shared" / "data" / "online_retail_ii.parquet"
SMALL = Aims(minimum_support=0.05, certainty=1.0)
LOW = [f"C{number}" for number in range(20)]


def pairs(
    count: int, *skus: str, days_ago: int = 30, prefix: str = "R", cents: int = 100
) -> list[dict[str, object]]:
    """`count` invoices of as many C-accounts, each with one of every article in sixes."""
    return [
        line(f"C{number}", f"{prefix}{number}", sku, count=6, cents=cents, days_ago=days_ago)
        for number in range(count)
        for sku in skus
    ]


def found(*rows: dict[str, object], aims: Aims = SMALL) -> Discovery:
    return discover(lines(*rows), LOW, until=UNTIL, aims=aims)


def sets(result: Discovery) -> set[frozenset[str]]:
    return {one.skus for one in result.found if len(one.items) > 1}


def test_what_is_ordered_together_is_proposed_with_its_evidence_quantities_and_prices() -> None:
    result = found(
        *pairs(10, "SEAL", "GREASE"),
        *(line(f"C{n}", f"S{n}", "SEAL", count=6) for n in range(10, 15)),
        *(line(f"C{n}", f"T{n}", "TAPE") for n in range(10, 20)),
        line("A1", "R99", "SEAL", count=6, cents=130),
    )

    (one,) = [one for one in result.found if len(one.items) > 1]
    assert one.skus == {"SEAL", "GREASE"}
    # 25 baskets of C: 10 hold both, 15 the seal.
    assert one.evidence.support == pytest.approx(0.4)
    assert one.evidence.confidence == pytest.approx(10 / 15)
    assert one.evidence.lift == pytest.approx(0.4 / (0.6 * 0.4))
    assert (one.evidence.order_count, one.evidence.buyer_count, one.evidence.recency_days) == (10, 10, 30)
    assert (one.evidence.expected_orders, one.evidence.expected_buyers) == (10, 10)
    assert one.evidence.value_cents == 2000
    assert [(item.sku, item.quantity_milli, item.pack_milli) for item in one.items] == [
        ("GREASE", 6000, 6000),
        ("SEAL", 6000, 6000),
    ]
    assert [(item.name, item.c_price_cents, item.ab_price_cents) for item in one.items] == [
        ("name of GREASE", 100, None),
        ("name of SEAL", 100, 130),
    ]
    assert (result.basket_count, result.buyer_count, result.line_count) == (25, 20, 36)


def test_purchases_of_others_make_no_proposal() -> None:
    mine = pairs(10, "SEAL")
    theirs = [line(f"A{n}", f"X{n}", sku) for n in range(200) for sku in ("PUMP", "MOTOR")]

    assert {sku for one in found(*mine, *theirs).found for sku in one.skus} == {"SEAL"}


def test_old_orders_count_less_than_new_ones() -> None:
    old, new = pairs(10, "OLD", "PAIR", days_ago=360), pairs(10, "NEW", "TWIN", days_ago=5, prefix="N")

    evidence = {one.skus: one.evidence for one in found(*old, *new).found}

    assert evidence[frozenset(("OLD", "PAIR"))].support == evidence[frozenset(("NEW", "TWIN"))].support
    ratio = (
        evidence[frozenset(("OLD", "PAIR"))].recent_support
        / evidence[frozenset(("NEW", "TWIN"))].recent_support
    )
    assert ratio == pytest.approx(0.5 ** (355 / 270))


def test_what_is_older_than_a_year_or_was_sent_back_counts_for_nothing() -> None:
    old = pairs(10, "OLD", "PAIR", days_ago=366)
    sent_back = [
        *pairs(10, "BAD", "LUCK"),
        *(line(f"C{n}", f"B{n}", "BAD", count=-6, days_ago=20) for n in range(10)),
    ]

    assert sets(found(*old, *sent_back)) == set()


def test_a_set_needs_several_buyers_and_to_be_more_than_chance() -> None:
    by_one = [line("C1", f"R{n}", sku, days_ago=n + 1) for n in range(20) for sku in ("A", "B")]
    everywhere = pairs(20, "X", "Y", prefix="E")

    # X and Y are in each of their baskets and in no other's: with A and B in the other half the lift is 2.
    assert sets(found(*by_one, *everywhere)) == {frozenset("XY")}
    # In every basket there is no lift.
    assert sets(found(*everywhere)) == set()


def test_a_set_that_only_might_be_often_enough_is_not_proposed() -> None:
    rows = [*pairs(10, "A", "B"), *(line(f"C{n}", f"Z{n}", "Z") for n in range(20))] * 1
    strict = replace(SMALL, minimum_support=0.25)

    assert sets(found(*rows, aims=replace(strict, certainty=0.0))) == {frozenset("AB")}
    assert sets(found(*rows, aims=replace(strict, certainty=2.33))) == set()


def test_sets_of_nearly_the_same_blocks_are_one_proposal_that_says_so() -> None:
    rows = [
        *pairs(10, "A", "B", "C"),
        *(line(f"C{n}", f"P{n}", sku) for n in range(10, 14) for sku in ("A", "B")),
        *(line(f"C{n}", f"Z{n}", "Z") for n in range(20)),
    ]

    result = found(*rows)

    (one,) = [one for one in result.found if len(one.items) > 1]
    assert one.skus == {"A", "B", "C"}
    assert one.folded_count == 1


def test_the_catalogue_takes_first_what_supplies_most_and_counts_no_line_twice() -> None:
    rows = [
        *pairs(12, "A", cents=1000),
        *pairs(10, "B", prefix="S", cents=500),
        *pairs(10, "C", prefix="S", cents=400),
    ]

    result = found(*rows, aims=replace(SMALL, catalogue_size=2))

    ranked = {one.rank: one.skus for one in result.found if one.rank}
    # 10 × 900 for the pair is less than 12 × 1000, and B alone adds nothing to it.
    assert ranked == {1: frozenset("A"), 2: frozenset("BC")}


def test_a_second_look_finds_the_same() -> None:
    rows = [*pairs(10, "A", "B"), *pairs(8, "B", "C", prefix="T"), *pairs(5, "D", prefix="U")]

    assert found(*rows) == found(*reversed(rows))


def test_no_purchase_and_no_c_customer_propose_nothing() -> None:
    assert found().found == ()
    assert found(line("A1", "R1", "SEAL")).found == ()


def test_a_file_of_one_year_cannot_be_evaluated() -> None:
    with pytest.raises(Invalid) as refused:
        evaluate(pl.DataFrame(schema=LINES), pl.DataFrame(schema=DAYS), aims=Aims())

    assert refused.value.code == "evaluation.too_short"


def test_a_year_that_repeats_itself_is_foretold_whole() -> None:
    year = [
        *pairs(12, "A", "B", cents=300),
        *(line(f"C{n}", f"Z{n}", "Z", cents=50) for n in range(20)),
        *(line(f"A{n}", f"A{n}", "BIG", cents=900_000) for n in range(5)),
        line("C0", "F", "FIRST", days_ago=365),
    ]
    again = [
        {**row, "day": row["day"] + timedelta(days=365), "invoice_number": f"2{row['invoice_number']}"}
        for row in year
    ]
    again.append({**line("C0", "L", "LAST"), "day": UNTIL + timedelta(days=364)})
    frame = lines(*year, *again)
    days = frame.group_by("account_number", "day").agg(
        gross_cents=pl.col("net_cents").sum(),
        return_cents=pl.lit(0, pl.Int64),
        line_count=pl.len().cast(pl.Int64),
        quantity_milli=pl.col("quantity_milli").sum(),
    )

    judged = evaluate(frame, days.select(*DAYS), aims=replace(SMALL, catalogue_size=2))

    assert judged.cut_on == UNTIL
    assert (judged.set_count, judged.recurring_share) == (1, 1.0)
    assert judged.customer_count == 20
    # A + B in 12 orders at 600 and Z in 20 at 50, of these and two orders of 100.
    assert judged.coverage.whole == pytest.approx((7200 + 1000) / (7200 + 1000 + 200))
    assert judged.coverage.in_packs == judged.coverage.whole
    # Two single items reach A and B only.
    assert judged.by_revenue.whole == pytest.approx(7200 / (7200 + 1000 + 200))


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here: discovery was not evaluated")
def test_sets_found_in_the_first_year_of_a_real_wholesaler_come_again_and_supply_more_than_its_best_sellers() -> (
    None
):
    lines_, days, _ = read_goods(DATA)

    judged = evaluate(lines_, days, aims=Aims())

    assert judged.set_count >= 60
    assert judged.recurring_share >= 0.72
    assert judged.pack_recurring_share >= 0.9
    assert judged.coverage.whole > judged.by_revenue.whole > judged.by_orders.whole > judged.by_units.whole
    assert judged.coverage.in_packs > judged.by_revenue.in_packs > judged.by_orders.in_packs
    # Complete sets of two blocks and more supply much less than single blocks do (docs/discovery.md).
    assert judged.sets_alone.whole < judged.by_orders.whole

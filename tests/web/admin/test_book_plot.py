from datetime import date

from app.web.admin.book_plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, marks, plot_of

DAYS = [(date(2026, 11, day), 10_000 * day, -5_000 if day == 2 else 7_000) for day in range(1, 31)]


def test_the_highest_bar_fills_the_drawing_and_none_leaves_it() -> None:
    plot = plot_of(DAYS)

    assert plot.pairs[-1].documents.y == TOP
    for pair in plot.pairs:
        for bar in (pair.documents, pair.money):
            assert bar.x >= LEFT
            assert bar.x + bar.width <= WIDTH - RIGHT
            assert bar.y >= TOP
            assert bar.y + bar.height <= HEIGHT - BOTTOM + 0.1


def test_what_is_below_zero_hangs_from_the_line() -> None:
    below = plot_of(DAYS).pairs[1].money

    assert below.y == plot_of(DAYS).zero
    assert below.height > 0


def test_a_month_without_anything_has_flat_bars() -> None:
    plot = plot_of([(date(2026, 11, day), 0, 0) for day in range(1, 31)])

    assert all(pair.documents.height == pair.money.height == 0 for pair in plot.pairs)
    assert plot.marks[0] == (plot.zero, 0)


def test_marks_are_round_few_and_hold_nothing() -> None:
    for low, high in ((0, 10_000), (-3_000, 123_456), (0, 99_999_999), (-500_000, 0), (0, 10_001)):
        found = marks(low, high)

        assert 0 in found
        assert 1 <= len(found) <= 10
        assert low <= min(found)
        assert max(found) <= high
    assert marks(0, 123_456) == [0, 50_000, 100_000]


def test_only_some_days_are_named() -> None:
    assert [pair.on.day for pair in plot_of(DAYS, named_every=10).pairs if pair.is_named] == [1, 11, 21]

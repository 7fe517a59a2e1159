from hypothesis import given, settings
from hypothesis import strategies as st

from app.care.rules.levels import LADDER, Bounds
from app.web.admin.effort_plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, marks, plot_of

BOUNDS = Bounds(50, 80, 150, 20, 5_000)
amounts = st.integers(-(10**7), 10**8)


@settings(max_examples=50)
@given(st.lists(st.tuples(amounts, st.integers(0, 10**7), st.sampled_from(LADDER)), max_size=20))
def test_every_dot_line_and_mark_lies_inside_the_drawing(rows: list[tuple[int, int, object]]) -> None:
    plot = plot_of(rows, BOUNDS)  # type: ignore[arg-type]

    places = [(dot.x, dot.y) for dot in plot.dots] + [(line.x, line.y) for line in plot.lines]
    assert all(LEFT <= x <= WIDTH - RIGHT and TOP <= y <= HEIGHT - BOTTOM for x, y in places)
    assert len(plot.dots) == len(rows)
    assert all(LEFT <= at <= WIDTH - RIGHT for at, _ in plot.x_marks)


def test_a_bound_runs_through_the_customers_that_lie_on_it() -> None:
    plot = plot_of([(40_000, 20_000, LADDER[0]), (10_000, 5_000, LADDER[0])], BOUNDS)

    (far, near), half = plot.dots, plot.lines[0]
    slope = (HEIGHT - BOTTOM - half.y) / (half.x - LEFT)
    for dot in (far, near):
        assert abs((HEIGHT - BOTTOM - dot.y) / (dot.x - LEFT) - slope) < 0.01


def test_an_axis_has_five_round_amounts_at_most() -> None:
    assert marks(10_000) == [0, 1_000, 2_000, 5_000, 10_000]
    assert marks(99) == [0]

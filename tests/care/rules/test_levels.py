import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.care.rules.cost_to_serve import YearFigures
from app.care.rules.levels import LADDER, Bounds, falls_below_percent, is_up, needs_a_person, next_level
from app.customers.rules.effort_levels import EffortLevel

NORMAL, WARNED, FEE, REFUSED = LADDER
BOUNDS = Bounds(warn_percent=30, fee_percent=60, refuse_percent=100, fall_percent=10, least_cost_cents=2_000)

cents = st.integers(0, 2_000)
contributions = st.integers(-500, 3_000)
levels = st.sampled_from(LADDER)


@st.composite
def any_bounds(draw: st.DrawFn) -> Bounds:
    warn, fee, refuse = sorted(draw(st.tuples(*[st.integers(1, 200)] * 3)))
    return Bounds(warn, fee, refuse, draw(st.integers(0, 60)), draw(st.integers(0, 300)))


def year(percent: int) -> YearFigures:
    """A year in which effort cost so many percent of 100 euros contributed."""
    return YearFigures(contribution_cents=10_000, cost_cents=percent * 100)


@pytest.mark.parametrize(
    "present, percent, expected",
    [
        (NORMAL, 29, NORMAL),
        (NORMAL, 30, WARNED),
        (NORMAL, 500, WARNED),
        (WARNED, 59, WARNED),
        (WARNED, 60, FEE),
        (WARNED, 500, FEE),
        (FEE, 99, FEE),
        (FEE, 100, REFUSED),
        (REFUSED, 500, REFUSED),
    ],
)
def test_a_level_begins_at_its_bound_and_is_climbed_to_by_one_step(
    present: EffortLevel, percent: int, expected: EffortLevel
) -> None:
    assert next_level(present, year(percent), BOUNDS, has_new_effort=True) is expected


@pytest.mark.parametrize(
    "present, percent, expected",
    [
        (REFUSED, 90, REFUSED),
        (REFUSED, 89, FEE),
        (FEE, 50, FEE),
        (FEE, 49, WARNED),
        (WARNED, 20, WARNED),
        (WARNED, 19, NORMAL),
        (REFUSED, 19, NORMAL),
        (NORMAL, 19, NORMAL),
    ],
)
def test_a_level_ends_only_the_fall_below_its_bound(
    present: EffortLevel, percent: int, expected: EffortLevel
) -> None:
    figures = YearFigures(contribution_cents=100_000, cost_cents=percent * 1_000)

    assert next_level(present, figures, BOUNDS, has_new_effort=False) is expected


def test_nobody_climbs_without_effort_since_the_last_step() -> None:
    assert next_level(WARNED, year(500), BOUNDS, has_new_effort=False) is WARNED
    assert next_level(NORMAL, year(500), BOUNDS, has_new_effort=False) is NORMAL


def test_below_the_least_cost_everything_is_normal() -> None:
    tiny = YearFigures(contribution_cents=1, cost_cents=1_999)

    assert [next_level(level, tiny, BOUNDS, has_new_effort=True) for level in LADDER] == [NORMAL] * 4


def test_effort_without_any_contribution_reaches_every_bound_and_none_reaches_none() -> None:
    busy = YearFigures(contribution_cents=-50, cost_cents=2_000)
    idle = YearFigures(contribution_cents=-50, cost_cents=0)

    assert next_level(FEE, busy, BOUNDS, has_new_effort=True) is REFUSED
    assert next_level(REFUSED, idle, BOUNDS, has_new_effort=True) is NORMAL


def test_no_level_stands_on_nothing_even_with_no_least_cost_and_a_wide_fall() -> None:
    bounds = Bounds(10, 20, 30, fall_percent=60, least_cost_cents=0)

    assert falls_below_percent(WARNED, bounds) == 0
    assert next_level(WARNED, YearFigures(1_000, 0), bounds, has_new_effort=True) is NORMAL
    assert next_level(WARNED, YearFigures(1_000, 1), bounds, has_new_effort=True) is WARNED


@settings(max_examples=150)
@given(levels, cents, cents, contributions, any_bounds(), st.booleans())
def test_more_effort_never_gives_a_lower_level(
    present: EffortLevel, cost: int, more: int, contribution: int, bounds: Bounds, has_new: bool
) -> None:
    before = next_level(present, YearFigures(contribution, cost), bounds, has_new_effort=has_new)
    after = next_level(present, YearFigures(contribution, cost + more), bounds, has_new_effort=has_new)

    assert not is_up(after, before)


@settings(max_examples=150)
@given(levels, cents, cents, contributions, any_bounds(), st.booleans())
def test_more_contribution_never_gives_a_higher_level(
    present: EffortLevel, cost: int, more: int, contribution: int, bounds: Bounds, has_new: bool
) -> None:
    before = next_level(present, YearFigures(contribution, cost), bounds, has_new_effort=has_new)
    after = next_level(present, YearFigures(contribution + more, cost), bounds, has_new_effort=has_new)

    assert not is_up(before, after)


@settings(max_examples=150)
@given(levels, cents, contributions, any_bounds())
def test_equal_figures_never_flap(present: EffortLevel, cost: int, contribution: int, bounds: Bounds) -> None:
    figures = YearFigures(contribution, cost)
    path = [present]
    for _ in range(5):
        path.append(next_level(path[-1], figures, bounds, has_new_effort=True))

    places = [LADDER.index(level) for level in path]
    assert places in (sorted(places), sorted(places, reverse=True))
    assert path[-1] is path[-2]
    assert all(abs(one - other) <= 1 or other < one for one, other in itertools.pairwise(places))


@settings(max_examples=150)
@given(st.sampled_from(LADDER[:3]), st.integers(1_000, 100_000), any_bounds(), st.data())
def test_who_climbed_falls_only_after_the_share_fell_by_the_whole_fall(
    present: EffortLevel, contribution: int, bounds: Bounds, data: st.DataObject
) -> None:
    cost = data.draw(st.integers(0, 2 * contribution))
    higher = next_level(present, YearFigures(contribution, cost), bounds, has_new_effort=True)
    later = data.draw(st.integers(0, 2 * contribution))
    fell = next_level(higher, YearFigures(contribution, later), bounds, has_new_effort=False)

    if is_up(present, higher) and is_up(fell, higher):
        is_tiny = later < max(1, bounds.least_cost_cents)
        assert is_tiny or later * 100 < (bounds.of(higher) - bounds.fall_percent) * contribution


@pytest.mark.parametrize(
    "old, new, legal_form, expected",
    [
        (NORMAL, WARNED, "GmbH", False),
        (WARNED, FEE, "GmbH", False),
        (FEE, REFUSED, "GmbH", True),
        (NORMAL, WARNED, "e.K.", True),
        (NORMAL, WARNED, "Einzelunternehmen", True),
        (WARNED, FEE, "Freiberufler", True),
        (NORMAL, WARNED, "foreign", True),
        (NORMAL, WARNED, "", True),
        (FEE, WARNED, "e.K.", False),
        (REFUSED, FEE, "GmbH", False),
        (FEE, FEE, "e.K.", False),
    ],
)
def test_refusals_and_steps_up_of_natural_persons_wait_for_a_person(
    old: EffortLevel, new: EffortLevel, legal_form: str, expected: bool
) -> None:
    assert needs_a_person(old, new, legal_form=legal_form) is expected

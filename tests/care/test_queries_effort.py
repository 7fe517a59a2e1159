from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from app.care.queries_effort import Year
from app.care.rules.cost_to_serve import Contribution
from app.care.rules.effort import EffortCause
from app.care.rules.levels import LADDER, bounds_of, next_level
from app.policy.rules.policy import Policy

POLICY = Policy()
minutes = st.integers(0, 2_000)


@settings(max_examples=100)
@given(
    st.sampled_from(LADDER),
    minutes,
    minutes,
    minutes,
    minutes,
    st.integers(-5_000, 50_000),
    st.integers(0, 60_000),
)
def test_faults_of_ours_never_matter_in_minutes_or_in_money(
    present: object, theirs: int, ours: int, paid: int, undecided: int, goods_cents: int, refund_cents: int
) -> None:
    alone = Year(Contribution(goods_cents=goods_cents), {EffortCause.THEIRS: theirs})
    beside = Year(
        replace(alone.contribution, refunds_cents=refund_cents, refunds_for_us_cents=refund_cents),
        {
            EffortCause.THEIRS: theirs,
            EffortCause.OURS: ours,
            EffortCause.PAID: paid,
            EffortCause.UNDECIDED: undecided,
        },
    )

    assert beside.figures(POLICY) == alone.figures(POLICY)
    levels = {
        next_level(present, year.figures(POLICY), bounds_of(POLICY), has_new_effort=True)  # type: ignore[arg-type]
        for year in (alone, beside)
    }
    assert len(levels) == 1
    assert beside.total_cost(POLICY) >= alone.total_cost(POLICY)

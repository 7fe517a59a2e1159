from dataclasses import fields, replace

import pytest

from app.policy.rules.policy import BOUNDS, CHOICES, Policy, UnknownCompany, faults, from_values, to_values

BOUND_TO_EACH_OTHER = {"a_threshold_cents", "b_threshold_cents", "a_share_percent", "b_share_percent"}
STEPS = ("effort_warn_percent", "effort_fee_percent", "effort_refuse_percent")
"""They come one after the other: each reaches its bound when all of them do."""


def test_the_defaults_are_within_their_bounds() -> None:
    assert faults(Policy()) == []


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_one_step_beyond_a_bound_is_a_fault_of_that_field(name: str) -> None:
    bound = BOUNDS[name]

    for value in (bound.least - 1, bound.greatest + 1):
        assert name in [fault.field for fault in faults(replace(Policy(), **{name: value}))]


@pytest.mark.parametrize("name", sorted(set(BOUNDS) - BOUND_TO_EACH_OTHER))
def test_the_bounds_themselves_are_allowed(name: str) -> None:
    names = STEPS if name in STEPS else (name,)

    assert faults(replace(Policy(), **{one: BOUNDS[one].least for one in names})) == []
    assert faults(replace(Policy(), **{one: BOUNDS[one].greatest for one in names})) == []


def test_the_steps_of_the_effort_come_one_after_the_other() -> None:
    steps = Policy(effort_warn_percent=50, effort_fee_percent=51, effort_refuse_percent=52)
    wrong = {
        "effort_warn_percent": (51, ["effort_fee_percent"]),
        "effort_fee_percent": (52, ["effort_refuse_percent"]),
        "effort_refuse_percent": (51, ["effort_refuse_percent"]),
    }

    assert faults(steps) == []
    for name, (value, fields_named) in wrong.items():
        assert [fault.field for fault in faults(replace(steps, **{name: value}))] == fields_named


def test_b_begins_below_a() -> None:
    assert faults(Policy(a_threshold_cents=100, b_threshold_cents=99)) == []
    assert [fault.field for fault in faults(Policy(a_threshold_cents=100, b_threshold_cents=100))] == [
        "b_threshold_cents"
    ]


def test_the_shares_of_a_and_b_leave_something_for_c() -> None:
    assert faults(Policy(a_share_percent=1, b_share_percent=98)) == []
    assert faults(Policy(a_share_percent=98, b_share_percent=1)) == []
    assert [fault.field for fault in faults(Policy(a_share_percent=60, b_share_percent=40))] == [
        "b_share_percent"
    ]


def test_bounds_of_amounts_are_told_in_euros() -> None:
    (fault,) = faults(Policy(low_quantity_surcharge_cents=-1))

    assert fault.values == {"least": "0.00", "greatest": "100000.00"}


def test_every_whole_number_has_bounds_and_every_value_survives_storing() -> None:
    policy = Policy(unknown_company=UnknownCompany.REVIEW, transit_days=9)

    assert {field.name for field in fields(Policy)} - set(CHOICES) == set(BOUNDS)
    assert from_values(to_values(policy)) == policy
    assert from_values({"transit_days": 9, "abolished": 1}) == Policy(transit_days=9)

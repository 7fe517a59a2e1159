"""The gate's rule: one standing of all passes, and each single thing that is wrong refuses."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from app.customers.rules.admission import Admission, ScreeningState, Standing, admission
from app.mainbrand.rules.segments import Segment

ADMITTED = Standing(
    is_email_verified=True,
    is_business_verified=True,
    screening=ScreeningState.CLEAR,
    segment=Segment.C,
    main_segment=None,
    is_suspended=False,
    is_moved_up=False,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Admission.ADMITTED),
        ({"main_segment": Segment.C}, Admission.ADMITTED),
        ({"is_email_verified": False}, Admission.UNVERIFIED),
        ({"is_business_verified": False}, Admission.IN_REVIEW),
        ({"screening": ScreeningState.PENDING}, Admission.IN_REVIEW),
        ({"screening": ScreeningState.REVIEW}, Admission.IN_REVIEW),
        ({"screening": ScreeningState.BLOCKED}, Admission.MAIN_BRAND),
        ({"screening": ScreeningState.REFUSED}, Admission.REFUSED),
        ({"segment": Segment.A}, Admission.MAIN_BRAND),
        ({"segment": Segment.B}, Admission.MAIN_BRAND),
        ({"segment": Segment.UNRATED}, Admission.UNRATED),
        ({"main_segment": Segment.A}, Admission.MAIN_BRAND),
        ({"main_segment": Segment.B}, Admission.MAIN_BRAND),
        ({"main_segment": Segment.UNRATED}, Admission.UNRATED),
        ({"is_suspended": True}, Admission.SUSPENDED),
        ({"is_moved_up": True}, Admission.MOVED_UP),
    ],
)
def test_each_thing_that_is_wrong_refuses_with_its_reason(
    changes: dict[str, Any], expected: Admission
) -> None:
    assert admission(replace(ADMITTED, **changes)) is expected


def test_of_all_standings_only_the_clear_verified_c_customer_passes() -> None:
    both = (True, False)
    passing = [
        standing
        for values in itertools.product(both, both, ScreeningState, Segment, (None, *Segment), both, both)
        if admission(standing := Standing(*values)) is Admission.ADMITTED
    ]

    assert passing == [ADMITTED, replace(ADMITTED, main_segment=Segment.C)]

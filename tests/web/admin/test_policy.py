"""The policy editor."""

import re
from collections.abc import Callable
from dataclasses import fields

import pytest
from sqlmodel import Session

from app.policy.queries import current_policy
from app.policy.rules.policy import Policy
from app.staff.rules.roles import Role
from app.web.admin.policy_words import SECTIONS
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser

POLICY = {
    "a_threshold_cents": "50.000,00", "b_threshold_cents": "10000", "unknown_company": "review",
    "minimum_order_value_cents": "40", "low_quantity_surcharge_cents": "12,50", "dispatch_weekday": "3",
    "cut_off_weekday": "2", "cut_off_hour": "10", "handling_days": "2", "transit_days": "1",
    "later_than_main_brand_days": "6", "review_answer_days": "3", "proof_wait_days": "10",
    "card_hold_hours": "48", "review_from_score": "50",
    "rating_mode": "absolute", "a_share_percent": "80", "b_share_percent": "15",
    "growth_bound_percent": "100", "prospect_bound_percent": "15", "judgement_factor_percent": "200",
    "growth_model_days": "30", "automatic_rating": "apply", "nightly_rating_hour": "3", "override_approval": "two",
    "margin_floor_bp": "20", "margin_floor_cents": "2", "below_floor": "flag", "packing_per_bundle_cents": "0,40",
    "shipping_base_cents": "5", "shipping_per_kg_cents": "0,60", "bundles_per_parcel": "3", "card_fee_bp": "1,6",
    "card_fee_fixed_cents": "0,30", "cost_to_serve_per_order_cents": "3", "cannibalisation_limit_cents": "500",
    "override_longest_days": "365", "growing_from_cents": "5000", "publishing_approval": "two", "few_left_count": "5",
    "discovery_minimum_support_bp": "1.5", "discovery_half_life_days": "200", "reason": "spring", "based_on": "0",
}  # fmt: skip


def test_the_policy_is_changed_with_a_reason_and_its_versions_are_listed(
    admin: Browser, things: Desk, read_session: Session
) -> None:
    assert admin.submit("/admin/policy", POLICY).headers["location"] == "/admin/policy?done=policy"

    policy = current_policy(read_session)
    assert policy.low_quantity_surcharge_cents == 1250
    assert (policy.margin_floor_bp, policy.card_fee_bp) == (2_000, 160)
    page = admin.get("/admin/policy").text
    assert "spring" in page
    assert 'value="12.50"' in page


@pytest.mark.parametrize(
    "changes, field, sentence",
    [
        ({"transit_days": "61"}, "transit_days", "Please enter a value from 0 to 60."),
        (
            {"low_quantity_surcharge_cents": "200000"},
            "low_quantity_surcharge_cents",
            "from 0.00 to 100000.00",
        ),
        ({"b_threshold_cents": "50000"}, "b_threshold_cents", "below the A threshold"),
        ({"margin_floor_bp": "80,01"}, "margin_floor_bp", "Please enter a value from 0.00 to 80.00."),
        ({"cut_off_hour": ""}, "cut_off_hour", "Please enter a whole number."),
        ({"unknown_company": "perhaps"}, "unknown_company", "Please"),
        ({"reason": ""}, "reason", "Please say why."),
    ],
)
def test_a_policy_out_of_bounds_is_named_and_not_in_force(
    admin: Browser, things: Desk, read_session: Session, changes: dict[str, str], field: str, sentence: str
) -> None:
    before = current_policy(read_session)

    answer = admin.submit("/admin/policy", {**POLICY, **changes})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert current_policy(read_session) == before


def test_a_policy_form_that_is_out_of_date_overwrites_nothing(
    admin: Browser, things: Desk, read_session: Session
) -> None:
    admin.submit("/admin/policy", POLICY)

    answer = admin.submit("/admin/policy", {**POLICY, "transit_days": "5"})

    assert answer.status_code == 409
    assert "Somebody else changed the policy meanwhile" in answer.text
    assert current_policy(read_session).transit_days == 1


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.FINANCE, Role.VIEWER])
def test_who_may_not_change_the_policy_reads_it_without_a_form_and_why(
    sign_in: Callable[[Role], Browser], things: Desk, role: Role
) -> None:
    page = sign_in(role).get("/admin/policy").text
    rules = page.split("<main")[1]

    assert "Changing them needs the right to it" in rules
    assert "Minimum order value" in rules
    assert 'action="/admin/policy"' not in page
    assert not re.search(r"<(input|select|textarea)[^>]*name=\"(transit_days|dispatch_weekday|reason)", rules)


def test_each_value_of_the_policy_stands_under_one_heading() -> None:
    names = [name for labels in SECTIONS.values() for name in labels]

    assert sorted(names) == sorted(field.name for field in fields(Policy))


def test_a_share_is_typed_and_shown_in_percent(admin: Browser, things: Desk, read_session: Session) -> None:
    admin.submit("/admin/policy", POLICY | {"margin_floor_bp": "17,5 %"})

    assert current_policy(read_session).margin_floor_bp == 1_750
    assert 'value="17.50"' in admin.get("/admin/policy").text
    assert "Please enter a value from 0.00 to 80.00." in (
        admin.submit("/admin/policy", POLICY | {"margin_floor_bp": "81", "based_on": "1"}).text
    )

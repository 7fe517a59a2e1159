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
from tests.web.admin.policy_form import POLICY_FORM
from tests.web.conftest import Browser

POLICY = {**POLICY_FORM, "a_threshold_cents": "50.000,00", "b_threshold_cents": "10000"}


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

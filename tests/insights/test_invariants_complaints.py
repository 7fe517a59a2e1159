"""Each invariant of complaints and refunds holds for one case that went its way, and notices when it is broken."""

import pytest
from sqlmodel import Session

from app.insights.invariants import ALL
from app.insights.invariants_complaints import COMPLAINTS
from tests.insights.conftest import CleanShop, Hand

MOMENT = "(SELECT dispatched_at FROM orders WHERE id = :dispatched)"
CASE = (
    "INSERT INTO orders (id, number, customer_id, contact_id, checkout_key, state, language, currency,"
    " goods_net_cents, charges_net_cents, vat_cents, gross_cents, company_name, contact_name, street, postal_code,"
    " city, country, purchase_reference, terms_version_id, terms_accepted_at, business_confirmed_at, dispatch_on,"
    " promised_on, placed_at, accepted_at, kind, for_order_id) SELECT 9001, 'S-AGAIN', customer_id, contact_id,"
    " 'complaint:R-1', 'accepted', language, currency, 0, 0, 0, 0, company_name, contact_name, street, postal_code,"
    " city, country, '', terms_version_id, terms_accepted_at, business_confirmed_at, dispatch_on, promised_on,"
    " dispatched_at, dispatched_at, 'replacement', id FROM orders WHERE id = :dispatched",
    "INSERT INTO refunds (id, payment_id, order_id, amount_cents, cause, state, token, retry_count, refund_id,"
    " failure, asked_by, asked_at, done_at) SELECT 9001, id, order_id, 1000, 'complaint:9002', 'done', 'x', 0, 're_1',"
    f" '', 'Ole', {MOMENT}, {MOMENT} FROM payments WHERE order_id = :dispatched AND state = 'captured'",
    "INSERT INTO refund_lines (id, refund_id, order_line_id, quantity, amount_cents) SELECT 9001, 9001, id, 1, 1000"
    " FROM order_lines WHERE order_id = :dispatched",
    *(
        "INSERT INTO complaints (id, number, customer_id, contact_id, order_id, form_key, reason, state, fault,"
        " outcome, rejection, answer, answer_due_on, created_at, decided_by, decided_at, replacement_order_id,"
        f" refund_id) SELECT {row_id}, 'R-{row_id}', customer_id, contact_id, id, 'f-{row_id}', {values}, '',"
        f" promised_on, dispatched_at, {decided} FROM orders WHERE id = :dispatched"
        for row_id, values, decided in (
            (9001, "'damaged', 'decided', 'ours', 'replacement', ''", "'Ole', dispatched_at, 9001, NULL"),
            (9002, "'other', 'decided', 'ours', 'refund_lines', ''", "'Ole', dispatched_at, NULL, 9001"),
            (9003, "'other', 'open', 'undecided', NULL, ''", "'', NULL, NULL, NULL"),
        )
    ),
    *(
        "INSERT INTO complaint_lines (id, complaint_id, order_line_id, quantity, open_key)"
        f" SELECT {row_id}, {row_id}, id, 1, {key} FROM order_lines WHERE order_id = :dispatched"
        for row_id, key in ((9001, "NULL"), (9003, "'x:other'"))
    ),
    "INSERT INTO effort_events (customer_id, order_id, kind, minutes, cause, note, source_key, noted_by, at,"
    " corrected_by, correction_reason) SELECT customer_id, order_id, 'complaint', 20, fault, '',"
    " 'complaint:' || CAST(id AS VARCHAR(20)), '', created_at, '', '' FROM complaints",
)
BREAKS = {
    "a_complaint_is_about_an_order_of_its_company": (
        "UPDATE complaints SET customer_id = :suspended WHERE id = 9001",
        "Complaint R-9001 is about order",
    ),
    "a_complaint_is_about_lines_of_its_order": (
        "UPDATE complaint_lines SET quantity = 2 WHERE id = 9003",
        "Complaint R-9003 is about 2 of a line of which 1 were bought",
    ),
    "no_piece_is_complained_of_twice": (
        "UPDATE complaints SET reason = 'missing' WHERE id = 9003",
        "there are 2 in complaints",
    ),
    "a_complaint_is_as_far_as_its_state_says": (
        "UPDATE complaints SET outcome = 'refund_order' WHERE id = 9001",
        "Complaint R-9001 is decided and lacks",
    ),
    "only_open_complaints_hold_their_lines": (
        "UPDATE complaint_lines SET open_key = NULL WHERE id = 9003",
        "Complaint R-9003 is open",
    ),
    "each_complaint_is_one_effort_event": (
        "UPDATE effort_events SET cause = 'theirs' WHERE source_key = 'complaint:9001'",
        "Complaint R-9001 is not noted as effort",
    ),
    "each_replacement_names_its_complaint": (
        "UPDATE complaints SET replacement_order_id = NULL WHERE id = 9001",
        "Replacement S-AGAIN costs something",
    ),
    "no_more_goes_back_than_was_paid": (
        "UPDATE refunds SET amount_cents = 2976 WHERE id = 9001",
        "took 2975 cents, and 2976 go back",
    ),
    "no_piece_goes_back_twice": (
        "UPDATE refund_lines SET quantity = 2 WHERE id = 9001",
        "2 are paid back",
    ),
    "no_piece_is_paid_back_and_replaced": (
        "INSERT INTO order_lines (order_id, bundle_version_id, name, quantity, unit_price_cents, net_cents)"
        " SELECT 9001, bundle_version_id, name, 1, 0, 0 FROM order_lines WHERE order_id = :dispatched",
        "Of 1 pieces of a line of order",
    ),
    "a_refund_is_as_far_as_its_state_says": (
        "UPDATE refunds SET refund_id = NULL WHERE id = 9001",
        "Refund 9001 is done and lacks",
    ),
    "no_refund_is_left_lying": (
        "UPDATE refunds SET state = 'asked', asked_at = (SELECT min(placed_at) FROM orders) WHERE id = 9001",
        "Refund 9001 of 1000 cents was asked for",
    ),
}


@pytest.fixture
def case(hand: Hand) -> Hand:
    """One complaint replaced, one paid back, one open."""
    for statement in CASE:
        hand.run(statement)
    return hand


def test_a_case_that_went_its_way_breaks_none_of_them(clean_shop: CleanShop, case: Hand) -> None:
    with Session(case.connection) as session:
        found = [finding for one in COMPLAINTS for finding in one.findings(session, now=clean_shop.now)]

    assert found == []


def test_each_of_them_is_checked_and_broken_here() -> None:
    assert set(BREAKS) == {one.name for one in COMPLAINTS}
    assert set(COMPLAINTS) <= set(ALL)


@pytest.mark.parametrize("name", list(BREAKS))
def test_what_is_broken_is_reported_under_its_name(name: str, clean_shop: CleanShop, case: Hand) -> None:
    statement, words = BREAKS[name]
    invariant = next(one for one in COMPLAINTS if one.name == name)

    case.run(statement)
    with Session(case.connection) as session:
        findings = invariant.findings(session, now=clean_shop.now)

    assert any(words in finding.sentence for finding in findings), findings

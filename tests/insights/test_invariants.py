import dataclasses
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.core.db import open_database
from app.insights.findings import Finding
from app.insights.invariants import ALL, check_invariants
from app.insights.invariants_traces import Turn, closed_before
from tests.databases import Databases, migrate
from tests.insights import breaks_of_features, test_invariants_complaints
from tests.insights.conftest import CleanShop, Hand
from tests.make import NOW

BY_NAME = {invariant.name: invariant for invariant in ALL}
COPY_MAIL = (
    'INSERT INTO mails (kind, key, message_id, to_address, language, "values", object_kind, object_id, state,'
    " attempt_count, created_at) SELECT kind, key || '-2', message_id || '-2', to_address, language, \"values\","
    " object_kind, object_id, state, attempt_count, created_at FROM mails WHERE kind = 'order_accepted'"
    " AND object_id = :accepted"
)
LONG_AGO = "changed_at = (SELECT min(placed_at) FROM orders)"
COPY_AUDIT = (
    "INSERT INTO audit_entries (at, actor_kind, actor_name, action, object_kind, object_id, object_name, reason, new)"
    " SELECT at, actor_kind, actor_name, action, object_kind, object_id, object_name, reason, new"
    " FROM audit_entries WHERE action = '{action}'"
)


def _two_orders_of_one_key(hand: Hand) -> None:
    hand.forget_constraints("orders", unique="uq_orders_customer_id_checkout_key")
    hand.run("UPDATE orders SET checkout_key = 'the-same'")


def _two_payments(hand: Hand) -> None:
    hand.run("DROP INDEX uq_payments_one_captured_per_order")
    hand.run("UPDATE payments SET order_id = :accepted, intent_id = 'pi_2' WHERE order_id = :received")
    hand.run("UPDATE payments SET state = 'capturing' WHERE intent_id = 'pi_2'")


def _unenforced_check(hand: Hand, sql: str) -> None:
    """A row that a check constraint of the table would refuse."""
    if hand.is_sqlite:
        hand.run("PRAGMA ignore_check_constraints=ON")
        hand.run(sql)
        hand.run("PRAGMA ignore_check_constraints=OFF")
    else:
        hand.run("ALTER TABLE orders DROP CONSTRAINT ck_orders_sum")
        hand.run(sql)


def _changed_version(hand: Hand) -> None:
    hand.drop_triggers("bundle_versions")
    hand.run("UPDATE bundle_versions SET price_cents = 1 WHERE bundle_id = :bundle")


def _unpublished_version(hand: Hand) -> None:
    hand.drop_triggers("bundle_versions")
    hand.run("UPDATE bundle_versions SET published_at = NULL WHERE bundle_id = :bundle")


def _forgotten_date(hand: Hand) -> None:
    hand.drop_triggers("bundle_versions")
    hand.run(
        "UPDATE bundle_versions SET stage = 'scheduled', publish_at = (SELECT min(placed_at) FROM orders)"
        " WHERE bundle_id = :bundle"
    )


def _emptied_version(hand: Hand) -> None:
    hand.drop_triggers("bundle_items")
    hand.run(
        "DELETE FROM bundle_items WHERE bundle_version_id = (SELECT current_version_id FROM bundles WHERE id = :bundle)"
    )


def _forgotten_entry(action: str) -> Callable[[Hand], None]:
    def break_(hand: Hand) -> None:
        hand.drop_triggers("audit_entries")
        hand.run(f"DELETE FROM audit_entries WHERE action = '{action}'")

    return break_


def _closed_before_the_charge(hand: Hand) -> None:
    hand.drop_triggers("audit_entries")
    hand.run(
        "INSERT INTO audit_entries (at, actor_kind, actor_name, action, object_kind, object_id, object_name, reason)"
        " SELECT placed_at, 'staff', 'Ole', 'customer.suspended', 'customer', customer_id, '', ''"
        " FROM orders WHERE id = :accepted"
    )


ACCOUNT = (
    "INSERT INTO main_accounts (id, account_number, company_name, legal_form, name_key, street, postal_code, city,"
    " country, phone, sales_contact, industry, segment, segment_reason, row_hash, imported_at, override_id)"
    " SELECT 7001, 'K-7001', 'Kolkbruch', '', '', '', '', '', 'DE', '', '', '', 'C', '', '', min(placed_at), {override}"
    " FROM orders"
)


def _override_of_nobody(hand: Hand) -> None:
    hand.run(ACCOUNT.format(override="99999"))


def _history_of_something_else(hand: Hand) -> None:
    hand.run(ACCOUNT.format(override="NULL"))
    hand.run(
        "INSERT INTO segment_changes (main_account_id, at, old_segment, new_segment, cause, reason, changed_by)"
        " SELECT 7001, min(placed_at), 'C', 'B', 'rating', '', 'nobody' FROM orders"
    )


def _other_move(hand: Hand) -> None:
    hand.drop_triggers("stock_moves")
    hand.run("UPDATE stock_moves SET delta_milli = -2000 WHERE order_id = :dispatched")


def _lost_trigger(hand: Hand) -> None:
    if hand.is_sqlite:
        hand.run("DROP TRIGGER audit_entries_no_update")
    else:
        hand.run("ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only")


def _lost_constraint(hand: Hand) -> None:
    hand.forget_constraints("shipments", unique="uq_shipments_order_id")


def _sql(*statements: str) -> Callable[[Hand], None]:
    def break_(hand: Hand) -> None:
        for statement in statements:
            hand.run(statement)

    return break_


# How each invariant is broken, and the words by which its finding is known.
BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "one_order_per_checkout_key": (_two_orders_of_one_key, "has 5 orders for the checkout key the-same"),
    "an_order_belongs_to_one_company": (
        _sql("UPDATE orders SET customer_id = :suspended WHERE id = :received"),
        "but its contact is customer",
    ),
    "lines_charges_and_vat_make_the_gross": (
        _sql("UPDATE order_lines SET quantity = 2, net_cents = 5000 WHERE order_id = :received"),
        "its 1 lines sum up to 5000",
    ),
    "vat_is_rounded_half_up_per_rate": (
        _sql("UPDATE order_taxes SET vat_cents = 474 WHERE order_id = :received"),
        "475 would be right",
    ),
    "states_have_their_moments": (
        _sql("UPDATE orders SET accepted_at = NULL WHERE id = :accepted"),
        "is accepted, and its moments",
    ),
    "the_timeline_tells_each_step_once": (
        _sql("DELETE FROM order_events WHERE kind = 'accepted' AND order_id = :dispatched"),
        "is dispatched and has 0 entries 'accepted'",
    ),
    "a_shipment_for_each_dispatched_order": (_sql("DELETE FROM shipments"), "dispatched and has 0 shipments"),
    "a_kept_margin_is_that_of_today": (
        _sql("UPDATE bundle_margins SET lowest_price_cents = 1"),
        "is not what it contributes today",
    ),
    "an_approval_has_two_people": (
        _sql(
            "INSERT INTO bundle_approvals (bundle_version_id, figures, reason, requested_by, requested_by_id,"
            " requested_at, is_approved, decision_reason, decided_by, decided_by_id) SELECT current_version_id,"
            " '{}', 'so', 'Ole', 1, created_at, true, 'so', 'Ole', 1 FROM bundles WHERE id = :bundle"
        ),
        "was asked for and given by one person",
    ),
    "what_was_ordered_was_on_sale": (_unpublished_version, "which was never published"),
    "an_order_is_paid_at_most_once": (_two_payments, "has 2 payments captured or about to be"),
    "an_accepted_order_is_paid_in_full": (
        _sql("UPDATE payments SET amount_cents = 1 WHERE order_id = :accepted"),
        "has 0 captured payments of 2975 cents EUR",
    ),
    "captured_money_has_an_accepted_order": (
        _sql("UPDATE orders SET state = 'cancelled' WHERE id = :accepted"),
        "is cancelled",
    ),
    "every_attempt_asks_for_the_gross": (
        _sql("UPDATE payments SET currency = 'USD' WHERE order_id = :received"),
        "asks for 2975 cents USD",
    ),
    "a_payment_is_as_far_as_its_state_says": (
        _sql("UPDATE payments SET session_id = NULL WHERE order_id = :received"),
        "is open and lacks",
    ),
    "one_open_card_page_per_order": (
        _sql(f"UPDATE payments SET order_id = :accepted, {LONG_AGO} WHERE order_id = :received"),
        "is accepted and has 1 undecided",
    ),
    "no_payment_is_stuck": (
        _sql(f"UPDATE payments SET state = 'releasing', {LONG_AGO} WHERE order_id = :received"),
        "is stuck in releasing",
    ),
    "no_card_page_outlives_its_end": (
        _sql(
            "UPDATE payments SET expires_at = (SELECT min(placed_at) FROM orders) WHERE order_id = :received"
        ),
        "is still open, though its card page has closed",
    ),
    "held_money_has_its_hold": (
        _sql("DELETE FROM payment_holds WHERE payment_id = :held_payment"),
        "is held without a reason to be",
    ),
    "no_hold_outlasts_its_end": (
        _sql("UPDATE payment_holds SET release_by_at = (SELECT min(placed_at) FROM orders)"),
        "is still held",
    ),
    "a_hold_ends_before_its_authorisation": (
        _sql("UPDATE payments SET capture_before_at = changed_at WHERE id = :held_payment"),
        "may be held for longer",
    ),
    "only_a_person_lets_a_held_payment_go_on": (
        _sql("UPDATE payments SET state = 'capturing' WHERE id = :held_payment"),
        "was held and is capturing, though nobody let it go on",
    ),
    "no_event_is_left_unread": (
        _sql("UPDATE stripe_events SET handled_at = NULL, received_at = (SELECT min(placed_at) FROM orders)"),
        "evt_1",
    ),
    "each_mail_of_an_order_once": (
        _sql(COPY_MAIL),
        "is accepted and has 2 mails 'order_accepted' instead of 1",
    ),
    "a_mail_of_an_end_only_at_that_end": (
        _sql(
            "UPDATE mails SET kind = 'order_cancelled' WHERE kind = 'order_received' AND object_id = :accepted"
        ),
        "is accepted and has 1 mails 'order_cancelled'",
    ),
    "a_sent_mail_has_its_answer": (
        _sql("UPDATE mails SET provider_answer = '' WHERE state = 'sent'"),
        "is sent without an answer",
    ),
    "a_waiting_mail_has_its_job": (
        _sql("UPDATE jobs SET state = 'dead' WHERE id = (SELECT max(id) FROM jobs WHERE kind = 'send_mail')"),
        "and no job will send it",
    ),
    "no_job_is_left_lying": (
        _sql("UPDATE jobs SET run_at = (SELECT min(placed_at) FROM orders) WHERE state = 'ready'"),
        "nobody has worked on it for a quarter of an hour",
    ),
    "a_job_in_hand_has_a_lease": (
        _sql("UPDATE jobs SET state = 'running' WHERE state = 'ready'"),
        "is running, and its lease says something else",
    ),
    "a_published_version_has_blocks": (_emptied_version, "was published without a block"),
    "a_published_bundle_sells_its_published_version": (
        _sql("UPDATE bundles SET current_version_id = current_version_id + 1 WHERE id = :bundle"),
        "is on sale without a published version of its own",
    ),
    "a_stage_tells_what_was_published": (_unpublished_version, "its publication says otherwise"),
    "a_date_for_publishing_is_kept": (_forgotten_date, "has a date that nobody will keep"),
    "nothing_dangerous_or_restricted_is_on_sale": (
        _sql("UPDATE blocks SET is_restricted = true"),
        "which is dangerous or restricted",
    ),
    "the_list_is_what_is_published": (
        _sql("UPDATE bundles SET state = 'retired' WHERE id = :bundle"),
        "is retired and in the list",
    ),
    "the_list_says_what_the_version_says": (_changed_version, "The list shows something else of bundle"),
    "the_list_has_no_gap": (
        _sql("UPDATE listings SET position = position + 1"),
        "there is a gap or a double before it",
    ),
    "reserved_is_what_orders_hold": (
        _sql("UPDATE blocks SET reserved_milli = reserved_milli + 1 WHERE id = :block"),
        "thousandths reserved; orders hold",
    ),
    "a_reservation_is_as_far_as_its_order": (
        _sql("UPDATE stock_reservations SET state = 'used' WHERE order_id = :accepted"),
        "is accepted, and its reservation of block",
    ),
    "the_stock_is_the_sum_of_its_moves": (
        _sql("UPDATE blocks SET stock_milli = stock_milli + 30000 WHERE id = :block"),
        "; its moves make 9000",
    ),
    "an_open_order_holds_its_counted_blocks": (
        _sql("DELETE FROM stock_reservations WHERE order_id = :accepted"),
        "and holds 0",
    ),
    "a_dispatch_moves_what_its_order_used": (_other_move, "its moves say -2000"),
    "a_level_is_what_the_blocks_allow": (
        _sql("UPDATE listings SET stock_level = 'plenty' WHERE bundle_id = :bundle"),
        "its blocks say 'none'",
    ),
    "a_block_knows_its_largest_need": (
        _sql("UPDATE blocks SET largest_need_milli = 2999 WHERE id = :block"),
        "which is known for 2999",
    ),
    "charged_only_who_was_admitted": (
        _closed_before_the_charge,
        "was charged, although the gate was closed (suspension)",
    ),
    "a_dispatch_has_its_audit_entry": (_forgotten_entry("order.dispatched"), "has 0 entries of it"),
    "a_release_has_its_audit_entry": (
        _sql(COPY_AUDIT.format(action="payment.released")),
        "was released and has 2 entries of it",
    ),
    "a_hold_has_its_audit_entries": (
        _sql(COPY_AUDIT.format(action="payment.held")),
        "has 2 and 0 audit entries",
    ),
    "a_decision_has_its_audit_entry": (
        _forgotten_entry("screening.refused"),
        "was decided by Ole Brandt without an entry",
    ),
    "only_a_person_refuses": (
        _sql("UPDATE screenings SET decided_by = 'schlicht', decided_at = NULL WHERE decision = 'refused'"),
        "is refused, but no person decided it",
    ),
    "an_answered_objection_has_its_audit_entry": (
        _forgotten_entry("objection.dismissed"),
        "was answered by Ole Brandt and has 0 audit entries",
    ),
    "a_policy_has_its_audit_entry": (_forgotten_entry("policy.changed"), "by Ole Brandt has 0 audit entries"),
    "a_closed_door_has_its_audit_entry": (
        _forgotten_entry("customer.suspended"),
        "there is no entry customer.suspended of it",
    ),
    "a_publication_has_its_audit_entry": (
        _forgotten_entry("bundle.published"),
        "was published without an audit entry",
    ),
    "an_override_in_force_is_the_segment": (_override_of_nobody, "its overrides say something else"),
    "the_history_of_a_segment_ends_with_the_present": (
        _history_of_something_else,
        "is C, and its history ends with B",
    ),
    **breaks_of_features.BREAKS,
    "every_reference_leads_somewhere": (
        _sql("UPDATE order_events SET order_id = 99999 WHERE order_id = :received"),
        "leads to no row of orders",
    ),
    "append_only_and_frozen_rows_are_guarded": (_lost_trigger, "audit_entries"),
    "uniqueness_and_references_are_guarded": (_lost_constraint, "Nothing keeps order_id of shipments unique"),
}


def test_a_clean_shop_breaks_no_invariant(clean_shop: CleanShop) -> None:
    with clean_shop.db.read_session() as session:
        findings = check_invariants(session, now=clean_shop.now)

    assert findings == []


def test_every_invariant_is_broken_once_in_these_tests() -> None:
    assert set(BREAKS) | set(test_invariants_complaints.BREAKS) | {"the_file_is_intact"} == set(BY_NAME)
    assert len(BY_NAME) == len(ALL)


@pytest.mark.parametrize("name", list(BREAKS))
def test_what_is_broken_is_reported_under_its_name(name: str, clean_shop: CleanShop, hand: Hand) -> None:
    break_, words = BREAKS[name]

    break_(hand)
    with Session(hand.connection) as session:
        findings = BY_NAME[name].findings(session, now=clean_shop.now)

    assert any(words in finding.sentence for finding in findings), findings
    assert {finding.invariant for finding in findings} == {name}
    assert all(finding.id for finding in findings)


@pytest.mark.parametrize("column", ["category_id = 7", "pictogram = 'bearing'", "maximum_quantity = 5"])
def test_the_list_shows_each_value_of_the_version(column: str, clean_shop: CleanShop, hand: Hand) -> None:
    hand.run(f"UPDATE listings SET {column} WHERE bundle_id = :bundle")

    with Session(hand.connection) as session:
        findings = BY_NAME["the_list_says_what_the_version_says"].findings(session, now=clean_shop.now)

    assert [finding.id for finding in findings] == [str(clean_shop.bundle)]


def test_a_check_leaves_the_database_as_it_is(clean_shop: CleanShop) -> None:
    before = _fingerprint(clean_shop)

    with clean_shop.db.read_session() as session:
        check_invariants(session, now=clean_shop.now + timedelta(days=1))

    assert _fingerprint(clean_shop) == before


def test_what_waits_for_less_than_a_quarter_of_an_hour_is_not_stuck(
    clean_shop: CleanShop, hand: Hand
) -> None:
    hand.run("UPDATE payments SET state = 'created' WHERE order_id = :received")
    changed_at = NOW + timedelta(minutes=10)

    with Session(hand.connection) as session:
        in_time = BY_NAME["no_payment_is_stuck"].findings(session, now=changed_at + timedelta(minutes=15))
        too_late = BY_NAME["no_payment_is_stuck"].findings(
            session, now=changed_at + timedelta(minutes=15, seconds=1)
        )

    assert in_time == []
    assert len(too_late) == 1


def test_a_mail_sent_once_more_by_a_person_is_no_double(clean_shop: CleanShop, hand: Hand) -> None:
    hand.run(COPY_MAIL)
    hand.run("UPDATE mails SET key = 'order_accepted:1#again:x' WHERE message_id LIKE '%-2'")

    with Session(hand.connection) as session:
        findings = BY_NAME["each_mail_of_an_order_once"].findings(session, now=clean_shop.now)

    assert findings == []


def test_a_damaged_database_file_is_reported(databases: Databases, tmp_path: Path) -> None:
    if databases.kind != "sqlite":
        pytest.skip("PostgreSQL has no such file of ours")
    path = tmp_path / "damaged.db"
    migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'ix_orders_placed_at'"
    ).fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 3)
        file.write(b"\xff\xff")

    findings = _findings_of_file(path)

    assert {(finding.invariant, finding.id) for finding in findings} == {("the_file_is_intact", "database")}


def test_a_whole_database_file_is_not_reported(databases: Databases, tmp_path: Path) -> None:
    if databases.kind != "sqlite":
        pytest.skip("PostgreSQL has no such file of ours")
    whole = databases.new()
    path = tmp_path / "whole.db"
    shutil.copyfile(whole.url.removeprefix("sqlite:///"), path)
    whole.drop()

    assert _findings_of_file(path) == []


BOLT = "suspension"
CLOSED = Turn(BOLT, True, NOW)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([], None),
        ([CLOSED], BOLT),
        ([dataclasses.replace(CLOSED, at=NOW + timedelta(minutes=59, seconds=50))], None),
        ([dataclasses.replace(CLOSED, at=NOW + timedelta(minutes=59, seconds=49))], BOLT),
        ([CLOSED, Turn(BOLT, False, NOW + timedelta(minutes=1))], None),
        ([CLOSED, Turn("segment", False, NOW + timedelta(minutes=1))], BOLT),
        ([CLOSED, Turn(BOLT, False, NOW + timedelta(minutes=60, seconds=5))], None),
        ([CLOSED, Turn(BOLT, False, NOW + timedelta(hours=2))], BOLT),
        ([dataclasses.replace(CLOSED, at=NOW + timedelta(hours=2))], None),
    ],
)
def test_the_gate_counts_as_closed_only_where_it_was_so_from_authorising_to_charging(
    turns: list[Turn], expected: str | None
) -> None:
    bolt = closed_before(
        turns, authorised_at=NOW + timedelta(hours=1), settled_at=NOW + timedelta(hours=1, seconds=30)
    )

    assert bolt == expected


def _findings_of_file(path: Path) -> list[Finding]:
    database = open_database(f"sqlite:///{path}")
    try:
        with database.read_session() as session:
            return BY_NAME["the_file_is_intact"].findings(session, now=NOW)
    finally:
        database.close()


def _fingerprint(shop: CleanShop) -> list[tuple[str, int]]:
    tables = ("orders", "payments", "mails", "jobs", "audit_entries", "order_events", "listings")
    with shop.db.reading.connect() as connection:
        return [
            (name, connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()) for name in tables
        ]

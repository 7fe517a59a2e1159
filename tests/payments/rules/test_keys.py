"""Idempotency keys and deadlines: stable for a retry, different for anything else."""

from datetime import UTC, datetime, timedelta

from app.payments.rules.deadlines import page_expires_at, pay_until
from app.payments.rules.keys import idempotency_key

PLACED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_key_changes_with_attempt_verb_and_counted_retry_only() -> None:
    keys = [
        idempotency_key("tok", 7, "capture"),
        idempotency_key("tok", 8, "capture"),
        idempotency_key("other", 7, "capture"),
        idempotency_key("tok", 7, "release"),
        idempotency_key("tok", 7, "capture", retry_count=1),
    ]

    assert keys[0] == "schlicht-tok-payment-7-capture"
    assert idempotency_key("tok", 7, "capture") == keys[0]
    assert len(set(keys)) == len(keys)


def test_a_card_page_lives_as_long_as_the_order_within_stripes_bounds() -> None:
    first = page_expires_at(placed_at=PLACED_AT, now=PLACED_AT)
    late = page_expires_at(placed_at=PLACED_AT, now=PLACED_AT + timedelta(hours=20))
    last = page_expires_at(placed_at=PLACED_AT, now=PLACED_AT + timedelta(hours=23, minutes=50))

    assert first == PLACED_AT + timedelta(hours=23, minutes=59)
    assert late == pay_until(PLACED_AT)
    assert last == PLACED_AT + timedelta(hours=24, minutes=21)

"""How each invariant of the ledger and the closed months is broken, and the words by which its finding is known."""

from collections.abc import Callable

from tests.insights.conftest import Hand

EVENT = (
    "INSERT INTO money_events (order_id, kind, amount_cents, key, stripe_id, at)"
    " SELECT :accepted, '{kind}', 100, '{kind}:900', 're_9', placed_at FROM orders WHERE id = :accepted"
)
CLOSE = (
    "INSERT INTO month_closes (month, closed_at, closed_by, open_count, reason, document_count, last_money_event_id,"
    " sums, sha256)"
    " SELECT '{month}', placed_at, 'Robin', 0, '', 0, 0, '{sums}', 'none' FROM orders WHERE id = :accepted"
)
BERLIN = '{"timezone": "Europe/Berlin"}'


def _changed_amount(hand: Hand) -> None:
    hand.drop_triggers("money_events")
    hand.run("UPDATE money_events SET amount_cents = 1 WHERE order_id = :accepted")


def _second_capture(hand: Hand) -> None:
    hand.run(EVENT.format(kind="captured"))


def _refund_of_nothing(hand: Hand) -> None:
    hand.run(EVENT.format(kind="refunded"))


def _disputed_by_nobody(hand: Hand) -> None:
    hand.run(EVENT.format(kind="disputed"))


def _won_without_a_dispute(hand: Hand) -> None:
    hand.run(EVENT.format(kind="dispute_won"))


def _closed_with_other_rows(hand: Hand) -> None:
    hand.run(CLOSE.format(month="2026-03-01", sums=BERLIN.replace(":", "\\:")))


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "the_ledger_tells_each_payment_once": (_changed_amount, "and the ledger says otherwise"),
    "the_ledger_tells_of_no_other_payment": (_second_capture, "says captured, but no payment of it is"),
    "the_ledger_gives_back_what_refunds_did": (
        _refund_of_nothing,
        "had 0 cents paid back, and its ledger says 100",
    ),
    "the_ledger_tells_each_dispute_once": (
        _disputed_by_nobody,
        "Dispute re_9 of order",
    ),
    "no_dispute_ends_that_did_not_begin": (_won_without_a_dispute, "ended with more than they began"),
    "closed_months_have_not_changed": (_closed_with_other_rows, "Month 2026-03 was closed with 0 documents"),
}

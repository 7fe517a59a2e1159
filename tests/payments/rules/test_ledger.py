"""What each money event does to what we hold."""

import pytest

from app.payments.rules.ledger import SIGNS, MoneyKind, held_cents


def test_every_kind_of_event_says_what_it_does_to_what_we_hold() -> None:
    assert set(SIGNS) == set(MoneyKind)


@pytest.mark.parametrize(
    "story, held",
    [
        (["authorised", "released"], 0),
        (["authorised", "captured"], 1_000),
        (["authorised", "captured", "refunded"], 0),
        (["authorised", "captured", "refunded", "refund_failed"], 1_000),
        (["authorised", "captured", "disputed", "dispute_won"], 1_000),
        (["authorised", "captured", "disputed", "dispute_lost"], 0),
    ],
)
def test_what_we_hold_follows_the_story(story: list[str], held: int) -> None:
    assert sum(held_cents(MoneyKind(kind), 1_000) for kind in story) == held

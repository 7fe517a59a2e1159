"""What was shown against what is true: every difference is found, nothing else is."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ordering.rules.offer import Change, ChangeKind, Offer, OfferLine, changes, read_offer, write_offer
from app.ordering.rules.rhythm import RhythmChoice

SHOWN = Offer(
    lines=(OfferLine(11, 1, 3, 2_500), OfferLine(12, 2, 2, 1_000)),
    charges_net_cents=0,
    gross_cents=11_065,
    promised_on=date(2026, 3, 12),
    terms_version_id=1,
)
WHOLE = st.integers(0, 10**9)
OFFERS = st.builds(
    Offer,
    lines=st.lists(
        st.builds(OfferLine, WHOLE, WHOLE, WHOLE, WHOLE), max_size=100, unique_by=lambda line: line.bundle_id
    ).map(tuple),
    charges_net_cents=WHOLE,
    gross_cents=WHOLE,
    promised_on=st.dates(date(2026, 1, 1), date(2099, 1, 1)),
    terms_version_id=WHOLE,
    rhythm=st.sampled_from(RhythmChoice),
    joins=st.text(max_size=32),
)
JOINED = replace(SHOWN, rhythm=RhythmChoice.JOINED, joins="S-FIRST")
INTERIM = replace(SHOWN, rhythm=RhythmChoice.INTERIM, charges_net_cents=690, gross_cents=11_886)


@given(OFFERS)
def test_an_offer_survives_the_form(offer: Offer) -> None:
    assert read_offer(write_offer(offer)) == offer
    assert changes(offer, offer) == []


def test_a_form_carries_each_way_to_order_and_the_first_holds_without_a_choice() -> None:
    text = write_offer(JOINED, INTERIM)

    assert read_offer(text) == read_offer(text, RhythmChoice.JOINED) == JOINED
    assert read_offer(text, RhythmChoice.INTERIM) == INTERIM
    assert read_offer(text, RhythmChoice.NORMAL) is None


@given(st.text(max_size=200))
def test_any_other_text_is_no_offer_or_a_different_one(text: str) -> None:
    read = read_offer(text)

    assert read is None or changes(read, SHOWN)


@pytest.mark.parametrize(
    "present, expected",
    [
        (replace(SHOWN, lines=SHOWN.lines[:1]), [Change(ChangeKind.LINE_GONE, 12)]),
        (
            replace(SHOWN, lines=(*SHOWN.lines, OfferLine(13, 3, 5, 100))),
            [Change(ChangeKind.LINE_ADDED, 13, new=5)],
        ),
        (
            replace(SHOWN, lines=(OfferLine(11, 1, 4, 2_500), SHOWN.lines[1])),
            [Change(ChangeKind.QUANTITY, 11, 3, 4)],
        ),
        (
            replace(SHOWN, lines=(OfferLine(21, 1, 3, 2_600), SHOWN.lines[1])),
            [Change(ChangeKind.PRICE, 21, 2_500, 2_600)],
        ),
        (
            replace(SHOWN, lines=(OfferLine(21, 1, 3, 2_500), SHOWN.lines[1])),
            [Change(ChangeKind.BUNDLE, 21)],
        ),
        (replace(SHOWN, charges_net_cents=990), [Change(ChangeKind.SURCHARGE, old=0, new=990)]),
        (replace(SHOWN, gross_cents=1), [Change(ChangeKind.TOTAL, old=11_065, new=1)]),
        (
            replace(SHOWN, promised_on=SHOWN.promised_on + timedelta(days=7)),
            [Change(ChangeKind.PROMISE, old="2026-03-12", new="2026-03-19")],
        ),
        (replace(SHOWN, terms_version_id=2), [Change(ChangeKind.TERMS)]),
    ],
)
def test_each_difference_is_named(present: Offer, expected: list[Change]) -> None:
    assert changes(SHOWN, present) == expected


def test_a_parcel_that_can_no_longer_be_joined_is_named_with_what_it_costs() -> None:
    assert changes(JOINED, INTERIM) == [
        Change(ChangeKind.RHYTHM, old="joined", new="interim"),
        Change(ChangeKind.SURCHARGE, old=0, new=690),
        Change(ChangeKind.TOTAL, old=11_065, new=11_886),
    ]
    assert changes(JOINED, replace(JOINED, joins="S-OTHER")) == [
        Change(ChangeKind.RHYTHM, old="S-FIRST", new="S-OTHER")
    ]

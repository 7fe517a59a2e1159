"""Each way in which two books can differ is told once, with the right way to mend it, and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.payments.rules.books import (
    Difference,
    Mend,
    OurBooks,
    OurDispute,
    OurPayment,
    OurRefund,
    TheirBooks,
    TheirCharge,
    TheirDispute,
    TheirIntent,
    TheirRefund,
)
from app.payments.rules.disputes import Course, course_of
from app.payments.rules.facts import IntentStatus
from app.payments.rules.reconciliation import compare
from app.payments.rules.states import PaymentState, RefundState

AT = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
TAKEN = TheirIntent("pi_1", IntentStatus.CAPTURED, 11_900, 11_900, "EUR", "S-1", "1", AT)
HELD = replace(TAKEN, status=IntentStatus.AUTHORISED, received_cents=0)
PAID = OurPayment(1, 7, "S-1", PaymentState.CAPTURED, 11_900, "EUR", "pi_1", AT)
BACK = TheirRefund("re_1", "pi_1", 2_000, False, "tok-3-0", AT)
REFUND = OurRefund(3, "S-1", RefundState.DONE, 2_000, "re_1", "tok-3-", AT)
DISPUTE = TheirDispute("du_1", "pi_1", 11_900, "needs_response", AT)


COURSES = ["warning_needs_response", "needs_response", "under_review", "won", "lost"]
NOTED = OurDispute("du_1", 1, "S-1", 11_900, "needs_response", AT)


def ours(
    *payments: OurPayment, refunds: tuple[OurRefund, ...] = (), disputes: tuple[OurDispute, ...] = ()
) -> OurBooks:
    return OurBooks(payments, refunds, disputes, frozenset({"S-1"}))


def test_equal_books_have_no_difference() -> None:
    here = ours(PAID, refunds=(REFUND,), disputes=(NOTED,))
    there = TheirBooks((TAKEN,), (TheirCharge("ch_1", "pi_1", 11_900, "S-1", AT),), (BACK,), (DISPUTE,))

    assert compare(here, there) == []


CASES = {
    "taken there, open here": (
        ours(replace(PAID, state=PaymentState.OPEN)),
        TheirBooks((TAKEN,)),
        (Difference.CAPTURED_THERE, "pi_1", 0, 11_900, Mend.SETTLE),
    ),
    "taken there, known only by our mark": (
        ours(replace(PAID, state=PaymentState.EXPIRED, intent_id="")),
        TheirBooks((TAKEN,)),
        (Difference.CAPTURED_THERE, "pi_1", 0, 11_900, Mend.SETTLE),
    ),
    "taken there, released here": (
        ours(replace(PAID, state=PaymentState.RELEASED)),
        TheirBooks((TAKEN,)),
        (Difference.CAPTURED_THERE, "pi_1", 0, 11_900, Mend.NONE),
    ),
    "here, not there at all": (
        ours(PAID),
        TheirBooks(),
        (Difference.NOT_CAPTURED_THERE, "pi_1", 11_900, 0, Mend.NONE),
    ),
    "here, cancelled there": (
        ours(PAID),
        TheirBooks((replace(TAKEN, status=IntentStatus.CANCELED, received_cents=0),)),
        (Difference.NOT_CAPTURED_THERE, "pi_1", 11_900, 0, Mend.NONE),
    ),
    "here, only reserved there": (
        ours(PAID),
        TheirBooks((HELD,)),
        (Difference.NOT_CAPTURED_THERE, "pi_1", 11_900, 0, Mend.NONE),
    ),
    "another amount": (
        ours(PAID),
        TheirBooks((replace(TAKEN, received_cents=11_800),)),
        (Difference.AMOUNT_DIFFERS, "pi_1", 11_900, 11_800, Mend.NONE),
    ),
    "another currency": (
        ours(PAID),
        TheirBooks((replace(TAKEN, currency="USD"),)),
        (Difference.AMOUNT_DIFFERS, "pi_1", 11_900, 11_900, Mend.NONE),
    ),
    "reserved and left": (
        ours(replace(PAID, state=PaymentState.OPEN)),
        TheirBooks((HELD,)),
        (Difference.LEFT_OPEN, "pi_1", 0, 11_900, Mend.SETTLE),
    ),
    "reserved there, released here": (
        ours(replace(PAID, state=PaymentState.RELEASED)),
        TheirBooks((HELD,)),
        (Difference.LEFT_OPEN, "pi_1", 0, 11_900, Mend.NONE),
    ),
    "an order that is not here": (
        OurBooks(),
        TheirBooks((TAKEN,)),
        (Difference.UNKNOWN_ORDER, "pi_1", 0, 11_900, Mend.NONE),
    ),
    "an attempt that is not here": (
        ours(),
        TheirBooks((TAKEN,)),
        (Difference.UNKNOWN_PAYMENT, "pi_1", 0, 11_900, Mend.NONE),
    ),
    "money without our mark": (
        ours(),
        TheirBooks((replace(TAKEN, order_number="", attempt=""),)),
        (Difference.WITHOUT_MARK, "pi_1", 0, 11_900, Mend.NONE),
    ),
    "a charge past every checkout": (
        ours(),
        TheirBooks(charges=(TheirCharge("ch_1", "", 500, "", AT),)),
        (Difference.WITHOUT_MARK, "ch_1", 0, 500, Mend.NONE),
    ),
    "a refund of the dashboard": (
        ours(PAID),
        TheirBooks((TAKEN,), refunds=(replace(BACK, mark=""),)),
        (Difference.REFUND_UNKNOWN, "re_1", 0, 2_000, Mend.FOLLOW_REFUND),
    ),
    "a refund that never was": (
        ours(PAID, refunds=(REFUND,)),
        TheirBooks((TAKEN,)),
        (Difference.REFUND_MISSING, "re_1", 2_000, 0, Mend.NONE),
    ),
    "a refund that the bank sent back": (
        ours(PAID, refunds=(REFUND,)),
        TheirBooks((TAKEN,), refunds=(replace(BACK, has_failed=True),)),
        (Difference.REFUND_MISSING, "re_1", 2_000, 0, Mend.FOLLOW_REFUND),
    ),
    "a refund of another amount": (
        ours(PAID, refunds=(REFUND,)),
        TheirBooks((TAKEN,), refunds=(replace(BACK, amount_cents=2_001),)),
        (Difference.REFUND_DIFFERS, "re_1", 2_000, 2_001, Mend.NONE),
    ),
    "a refund that failed here and lives there": (
        ours(PAID, refunds=(replace(REFUND, state=RefundState.FAILED),)),
        TheirBooks((TAKEN,), refunds=(BACK,)),
        (Difference.REFUND_UNKNOWN, "re_1", 0, 2_000, Mend.FOLLOW_REFUND),
    ),
    "a refund that is only asked for here and lives there": (
        ours(PAID, refunds=(replace(REFUND, state=RefundState.ASKED, stripe_id=""),)),
        TheirBooks((TAKEN,), refunds=(BACK,)),
        (Difference.REFUND_UNKNOWN, "re_1", 0, 2_000, Mend.FOLLOW_REFUND),
    ),
    "a refund that was paid back twice": (
        ours(PAID, refunds=(REFUND,)),
        TheirBooks((TAKEN,), refunds=(replace(BACK, id="re_0", mark="tok-3-1"), BACK)),
        (Difference.REFUNDED_TWICE, "re_0", 0, 2_000, Mend.NONE),
    ),
    "a dispute of another amount": (
        ours(PAID, disputes=(NOTED,)),
        TheirBooks((TAKEN,), disputes=(replace(DISPUTE, amount_cents=5_000),)),
        (Difference.DISPUTE_DIFFERS, "du_1", 11_900, 5_000, Mend.FOLLOW_DISPUTE),
    ),
    "a dispute that is lost there and open here": (
        ours(PAID, disputes=(NOTED,)),
        TheirBooks((TAKEN,), disputes=(replace(DISPUTE, status="lost"),)),
        (Difference.DISPUTE_DIFFERS, "du_1", 11_900, 11_900, Mend.FOLLOW_DISPUTE),
    ),
    "a dispute that is lost there and won here": (
        ours(PAID, disputes=(replace(NOTED, status="won"),)),
        TheirBooks((TAKEN,), disputes=(replace(DISPUTE, status="lost"),)),
        (Difference.DISPUTE_DIFFERS, "du_1", 11_900, 11_900, Mend.NONE),
    ),
    "a dispute that never was": (
        ours(PAID, disputes=(NOTED,)),
        TheirBooks((TAKEN,)),
        (Difference.DISPUTE_MISSING, "du_1", 11_900, 0, Mend.NONE),
    ),
    "a dispute": (
        ours(PAID),
        TheirBooks((TAKEN,), disputes=(DISPUTE,)),
        (Difference.DISPUTE_UNKNOWN, "du_1", 0, 11_900, Mend.FOLLOW_DISPUTE),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_difference_is_told_once_with_both_amounts_and_the_way_to_mend_it(name: str) -> None:
    here, there, wanted = CASES[name]

    found = compare(here, there)

    assert [(one.kind, one.object_id, one.ours_cents, one.theirs_cents, one.mend) for one in found] == [
        wanted
    ]


def test_every_kind_of_difference_has_its_case() -> None:
    assert {wanted[0] for _, _, wanted in CASES.values()} == set(Difference) - {Difference.TAKEN_TWICE}


def test_of_two_payments_of_one_order_the_one_that_is_not_in_our_books_was_taken_twice() -> None:
    second = replace(TAKEN, id="pi_0", attempt="2", at=AT - timedelta(minutes=1))
    here = ours(PAID, replace(PAID, payment_id=2, intent_id="pi_0", state=PaymentState.OPEN))

    found = compare(here, TheirBooks((second, TAKEN)))

    assert [(one.kind, one.object_id, one.mend) for one in found] == [
        (Difference.TAKEN_TWICE, "pi_0", Mend.SETTLE)
    ]


def test_of_two_payments_that_both_are_not_here_the_younger_was_taken_twice() -> None:
    younger = replace(TAKEN, id="pi_0", attempt="2", at=AT + timedelta(minutes=1))

    found = {one.object_id: one.kind for one in compare(OurBooks(), TheirBooks((younger, TAKEN)))}

    assert found == {"pi_0": Difference.TAKEN_TWICE, "pi_1": Difference.UNKNOWN_ORDER}


def test_what_was_taken_by_mistake_and_paid_back_in_full_is_what_released_says() -> None:
    whole = replace(BACK, amount_cents=11_900, mark="")

    assert compare(ours(replace(PAID, state=PaymentState.RELEASED)), TheirBooks((TAKEN,), (), (whole,))) == []


@pytest.mark.parametrize(
    "there",
    [
        TheirBooks((replace(HELD, status=IntentStatus.WAITING),)),
        TheirBooks((replace(HELD, status=IntentStatus.CANCELED),)),
        TheirBooks(refunds=(replace(BACK, has_failed=True, mark=""),)),
        TheirBooks(disputes=(replace(DISPUTE, status="warning_needs_response"),)),
    ],
    ids=["waiting", "cancelled", "refund that failed", "mere inquiry"],
)
def test_where_no_money_moved_there_is_no_difference(there: TheirBooks) -> None:
    assert compare(ours(), there) == []


def test_a_payment_that_a_person_has_to_decide_is_rightly_reserved() -> None:
    assert compare(ours(replace(PAID, state=PaymentState.HELD)), TheirBooks((HELD,))) == []


def test_what_lies_outside_of_the_span_is_not_missing_there() -> None:
    here = ours(
        replace(PAID, is_due=False),
        refunds=(replace(REFUND, is_due=False),),
        disputes=(replace(NOTED, is_due=False),),
    )

    assert compare(here, TheirBooks()) == []


@settings(max_examples=150, deadline=None)
@given(
    state=st.sampled_from(PaymentState),
    status=st.sampled_from(IntentStatus),
    received=st.sampled_from([0, 11_900, 11_901]),
    refunded=st.sampled_from([0, 2_000, 11_900]),
)
def test_money_that_stays_there_and_not_here_never_goes_unseen(
    state: PaymentState, status: IntentStatus, received: int, refunded: int
) -> None:
    intent = replace(TAKEN, status=status, received_cents=received)
    refunds = (replace(BACK, amount_cents=refunded),) if refunded else ()
    mine = (replace(REFUND, amount_cents=refunded),) if refunded else ()
    found = compare(ours(replace(PAID, state=state), refunds=mine), TheirBooks((intent,), (), refunds))

    is_taken = status is IntentStatus.CAPTURED and received > refunded
    is_right = state is PaymentState.CAPTURED and received == 11_900 if is_taken else True
    if not is_right:
        assert [one.object_id for one in found] == ["pi_1"]
    if state is PaymentState.CAPTURED and status is not IntentStatus.CAPTURED:
        assert Difference.NOT_CAPTURED_THERE in {one.kind for one in found}


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(RefundState), st.sampled_from([700, 2_000])), max_size=2),
    tries=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 1), st.booleans(), st.sampled_from([700, 2_000])),
        max_size=4,
    ),
    disputes=st.lists(st.tuples(st.booleans(), *[st.sampled_from(COURSES)] * 2), max_size=2),
)
def test_money_that_went_out_there_and_not_here_never_goes_unseen(
    rows: list[tuple[RefundState, int]],
    tries: list[tuple[int, int, bool, int]],
    disputes: list[tuple[bool, str, str]],
) -> None:
    """Without a finding, what went out by their books is what went out by ours, one by one."""
    mine = tuple(
        OurRefund(number, "S-1", state, cents, f"re_{number}-0", f"tok-{number}-", AT)
        for number, (state, cents) in enumerate(rows)
    )
    there = {
        f"re_{row}-{turn}": TheirRefund(
            f"re_{row}-{turn}", "pi_1", cents, has_failed, f"tok-{row}-{turn}", AT
        )
        for row, turn, has_failed, cents in tries
    }
    noted = tuple(
        replace(NOTED, dispute_id=f"du_{number}", status=status)
        for number, (is_noted, status, _) in enumerate(disputes)
        if is_noted
    )
    told = tuple(
        replace(DISPUTE, id=f"du_{number}", status=status) for number, (_, _, status) in enumerate(disputes)
    )

    found = compare(
        ours(PAID, refunds=mine, disputes=noted), TheirBooks((TAKEN,), (), tuple(there.values()), told)
    )

    went_out = sorted((one.mark[:-1], one.amount_cents) for one in there.values() if not one.has_failed)
    booked = sorted((one.mark, one.amount_cents) for one in mine if one.state is RefundState.DONE)
    lost = {one.id: course_of(one.status) for one in told if course_of(one.status) is not Course.ASKED}
    written = {
        one.dispute_id: course_of(one.status) for one in noted if course_of(one.status) is not Course.ASKED
    }
    assert bool(found) == ((went_out, lost) != (booked, written))
    assert len({(one.kind, one.object_id) for one in found}) == len(found)

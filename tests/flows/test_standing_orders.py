"""A standing order asks, and only a person's word makes an order of it: once, at what is shown then."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle
from app.catalogue.rules.kinds import BundleState
from app.core.db import Database
from app.core.errors import NotFound, Refused
from app.core.ids import hash_token
from app.core.transaction import transaction
from app.flows.keep_standing_order import move_standing_order, skip_run
from app.flows.place_order import OrderChanged
from app.flows.send_mail import send_mail
from app.mail.models import MailState
from app.ordering.models import Order, StandingOrder
from app.ordering.rules.offer import write_offer
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.standing import RunState, StandingState
from app.ordering.rules.states import OrderState
from app.payments.rules.states import PaymentState
from app.settings import Settings
from tests import make
from tests.flows.standing import Standing, open_standing
from tests.flows.till import open_till, reprice_first_bundle

DUE = timedelta(days=37)
"""Six weeks less the five days of notice."""


@pytest.fixture
def standing(session: Session, database: Database, now: datetime) -> Standing:
    return open_standing(open_till(session, database, now=now))


@pytest.fixture
def asked(standing: Standing) -> Standing:
    """Its first question, just asked."""
    due = standing.at(standing.till.now + DUE)
    due.ask()
    return due


def order_count(standing: Standing) -> int:
    with standing.till.database.read_session() as session:
        return len(session.exec(select(Order)).all())


def test_it_asks_five_days_before_with_lines_prices_and_the_day_and_orders_nothing(
    standing: Standing,
) -> None:
    before = standing.at(standing.till.now + DUE - timedelta(days=1))
    assert (before.ask(), before.runs()) == (0, [])

    due = standing.at(standing.till.now + DUE)
    assert due.ask() == 1

    (run,) = due.runs()
    (mail,) = due.mails()
    assert (run.state, run.run_on, run.expires_at) == (
        RunState.ASKED,
        date(2026, 4, 13),
        datetime(2026, 4, 13, 22, tzinfo=UTC),
    )
    assert run.token_hash == hash_token(due.token())
    assert due.row().asks_on == date(2026, 4, 8) + timedelta(days=42)
    assert (mail.values["gross_cents"], mail.values["promised_on"]) == (11_065, "2026-04-23")
    assert [line["quantity"] for line in mail.values["lines"]] == [3, 2]
    assert due.token() not in str(mail.values)
    assert order_count(due) == 0


@pytest.mark.parametrize(
    "street, told",
    [
        ("Gartenweg 3", ("S-FIRST", None)),
        ("Gartenweg 4", (None, "2026-04-22")),
    ],
    ids=["joins", "by itself"],
)
def test_it_says_whose_parcel_takes_the_run_or_from_which_day_the_fee_is_gone(
    session: Session, standing: Standing, street: str, told: tuple[str | None, str | None]
) -> None:
    due = standing.at(standing.till.now + DUE)
    with transaction(session):
        make.order(
            session,
            of=session.merge(due.till.customer),
            by=due.till.contact,
            bundle=make.bundle(session),
            number="S-FIRST",
            state=OrderState.ACCEPTED,
            accepted_at=due.till.now,
            dispatch_on=date(2026, 4, 28),
            promised_on=date(2026, 4, 30),
            street=street,
        )

    assert due.ask() == 1

    (mail,) = due.mails()
    assert (mail.values.get("joins"), mail.values.get("free_from_on")) == told


def test_asking_again_and_by_two_workers_asks_once(asked: Standing) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: asked.ask(), range(4)))

    assert (len(asked.runs()), len(asked.mails())) == (1, 1)


def test_a_standing_order_that_cannot_be_asked_for_stops_none_behind_it(
    session: Session, standing: Standing
) -> None:
    due = standing.at(standing.till.now + DUE)
    with transaction(session):
        row = {**due.row().model_dump(), "id": None, "every_days": 10**9, "asks_on": date(2026, 3, 1)}
        session.add(StandingOrder(**row))

    for _ in range(2):
        with pytest.raises(OverflowError):
            due.ask()

    assert len(due.runs()) == len(due.mails()) == 1


def test_a_confirmed_run_is_an_order_of_exactly_what_was_shown_and_the_cart_stays(asked: Standing) -> None:
    cart, shown = asked.till.cart(), asked.shown()

    placed = asked.confirm()
    session_id = asked.till.session_at(asked.till.start(placed.number))
    asked.till.stripe.pay(session_id)

    assert asked.till.settle(session_id=session_id) is PaymentState.CAPTURED
    order, (run,) = asked.till.order(placed.number), asked.runs()
    assert (order.state, order.gross_cents) == (OrderState.ACCEPTED, shown.totals.gross_cents)
    assert (run.state, run.order_id, run.answered_at) == (RunState.CONFIRMED, order.id, asked.till.now)
    assert asked.till.cart() == cart


def test_an_order_from_the_cart_still_empties_it(asked: Standing) -> None:
    placed = asked.till.place(key="from-the-cart")
    session_id = asked.till.session_at(asked.till.start(placed.number))
    asked.till.stripe.pay(session_id)
    asked.till.settle(session_id=session_id)

    assert asked.till.cart() == {}
    assert asked.runs()[0].state is RunState.ASKED


def test_a_button_pressed_twice_and_in_parallel_is_one_order(asked: Standing) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = {one.number for one in pool.map(lambda _: asked.confirm(), range(4))}

    assert len(numbers) == 1
    assert (order_count(asked), asked.till.mails().count("order_received")) == (1, 1)


def test_a_run_that_is_over_orders_nothing(asked: Standing) -> None:
    late = asked.at(asked.runs()[0].expires_at)

    with pytest.raises(Refused, match="This question is over") as raised:
        late.confirm()

    assert raised.value.code == "standing.over"
    assert (order_count(late), late.runs()[0].state) == (0, RunState.ASKED)


def test_a_price_that_changed_since_the_page_was_shown_orders_nothing(
    session: Session, asked: Standing
) -> None:
    run, shown = asked.runs()[0], asked.shown()
    reprice_first_bundle(session, price_cents=2_600)

    with pytest.raises(OrderChanged):
        asked.till.place(key="run-key", run_id=run.id, shown=write_offer(*shown.offers))

    assert (order_count(asked), asked.runs()[0].state) == (0, RunState.ASKED)


def test_nobody_confirms_or_skips_for_another_company(
    session: Session, database: Database, asked: Standing
) -> None:
    other = open_till(session, database, now=asked.till.now)
    run_id = asked.runs()[0].id or 0

    with pytest.raises(NotFound):
        other.place(run_id=run_id)
    with database.session() as writing, pytest.raises(NotFound):
        skip_run(writing, run_id, customer_id=other.customer.id or 0, now=other.now)

    assert (order_count(asked), asked.runs()[0].state) == (0, RunState.ASKED)


def test_a_confirmed_run_inside_the_rhythm_is_a_further_order_like_any_other(asked: Standing) -> None:
    placed = asked.till.place(key="from-the-cart")
    session_id = asked.till.session_at(asked.till.start(placed.number))
    asked.till.stripe.pay(session_id)
    asked.till.settle(session_id=session_id)

    order = asked.till.order(asked.confirm(rhythm=RhythmChoice.INTERIM).number)

    assert (order.rhythm, order.charges_net_cents) == (RhythmChoice.INTERIM, 690)


def test_a_run_that_nobody_answers_ends_with_one_mail_and_nothing_charged(asked: Standing) -> None:
    late = asked.at(asked.runs()[0].expires_at)

    assert late.ask() == 1
    assert late.ask() == 0

    (run,), row = late.runs(), late.row()
    assert (run.state, run.answered_at, row.state, row.unanswered_count) == (
        RunState.EXPIRED,
        None,
        StandingState.ACTIVE,
        1,
    )
    (mail,) = late.mails("standing_order_expired")
    assert (mail.values["is_paused"], "gross_cents" in mail.values) == (False, False)
    assert (order_count(late), late.till.payments()) == (0, [])


def test_after_three_runs_without_an_answer_it_pauses_and_asks_no_more(standing: Standing) -> None:
    at = standing
    for _ in range(70):
        at = at.later(days=6)
        at.ask()

    row = at.row()
    assert [run.state for run in at.runs()] == [RunState.EXPIRED] * 3
    assert (row.state, row.asks_on, row.unanswered_count) == (StandingState.PAUSED, None, 3)
    assert [mail.values["is_paused"] for mail in at.mails("standing_order_expired")] == [False, False, True]
    assert len(at.mails()) == 3


def test_a_skipped_run_is_an_answer_and_skipping_twice_is_once(asked: Standing) -> None:
    run_id = asked.runs()[0].id or 0
    for _ in range(2):
        with asked.till.database.session() as session:
            skip_run(session, run_id, customer_id=asked.till.customer.id or 0, now=asked.till.now)

    with pytest.raises(Refused):
        asked.confirm()
    assert (asked.runs()[0].state, asked.row().unanswered_count) == (RunState.SKIPPED, 0)
    late = asked.at(asked.runs()[0].expires_at)
    assert (late.ask(), late.mails("standing_order_expired")) == (0, [])


def test_a_company_that_is_kept_outside_is_neither_asked_nor_told_prices(
    session: Session, standing: Standing
) -> None:
    standing.till.turn_into_a()
    due = standing.at(standing.till.now + DUE)

    assert due.ask() == 0

    assert (due.runs(), due.till.mails()) == ([], [])
    assert due.row().asks_on == date(2026, 4, 8) + timedelta(days=42)


def test_a_question_that_is_still_in_the_outbox_when_the_gate_closes_is_never_sent(
    asked: Standing, settings: Settings
) -> None:
    asked.till.turn_into_a()
    mail_id = asked.mails()[0].id or 0

    with asked.till.database.session() as session:
        # No transport and no templates: it must not come that far.
        send_mail(
            session,
            None,  # type: ignore[arg-type]
            mail_id=mail_id,
            environments={},
            settings=settings,
            now=asked.till.now,
        )

    (mail,) = asked.mails()
    assert (mail.state, mail.secret_values) == (MailState.ABORTED, None)


def test_a_company_kept_outside_meanwhile_confirms_nothing_and_hears_nothing(asked: Standing) -> None:
    asked.till.turn_into_a()

    with pytest.raises(Refused, match="not possible"):
        asked.confirm()
    late = asked.at(asked.runs()[0].expires_at)
    late.ask()

    assert (order_count(late), late.runs()[0].state) == (0, RunState.EXPIRED)
    assert late.mails("standing_order_expired") == []


def test_the_next_question_says_what_is_gone_and_what_costs_something_else(
    session: Session, asked: Standing
) -> None:
    with asked.till.database.session() as writing:
        skip_run(
            writing, asked.runs()[0].id or 0, customer_id=asked.till.customer.id or 0, now=asked.till.now
        )
    reprice_first_bundle(session, price_cents=2_600)
    with transaction(session):
        last = session.exec(select(Bundle).order_by(col(Bundle.id).desc()).limit(1)).one()
        last.state = BundleState.RETIRED

    again = asked.later(days=42)
    again.ask()

    values = again.mails()[-1].values
    assert (len(values["gone"]), values["is_orderable"]) == (1, False)
    assert [(one["old_cents"], one["new_cents"]) for one in values["changed"]] == [(2_500, 2_600)]
    with pytest.raises(Refused) as raised:
        again.confirm()
    assert raised.value.code == "order.cart_faulty"


@pytest.mark.parametrize("following", [StandingState.PAUSED, StandingState.ENDED])
def test_a_pause_and_the_end_take_back_the_question_and_ask_no_more(
    asked: Standing, following: StandingState
) -> None:
    move(asked, following)

    assert (asked.row().state, asked.row().asks_on) == (following, None)
    assert asked.runs()[0].state is RunState.SKIPPED
    assert asked.later(days=90).ask() == 0


def test_a_resumed_one_asks_again_and_an_ended_one_never(asked: Standing) -> None:
    move(asked, StandingState.PAUSED)
    move(asked, StandingState.ACTIVE)
    assert asked.later(days=6).ask() == 1

    move(asked, StandingState.ENDED)
    with pytest.raises(Refused) as raised:
        move(asked, StandingState.ACTIVE)
    assert raised.value.code == "standing.ended"


def move(standing: Standing, following: StandingState) -> None:
    with standing.till.database.session() as session:
        move_standing_order(
            session,
            standing.id,
            following,
            customer_id=standing.till.customer.id or 0,
            today=standing.till.now.date(),
            now=standing.till.now,
        )

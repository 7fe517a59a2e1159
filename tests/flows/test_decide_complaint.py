from datetime import datetime
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, col, select

from app.care.models import Complaint, ComplaintMessage, EffortEvent
from app.care.queries_complaints import case_by_id
from app.care.queries_effort import year_of
from app.care.queries_paid import worth_of
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState
from app.care.rules.effort import EffortCause
from app.catalogue.models import Block, BundleItem, StockReservation
from app.catalogue.rules.stock import ReservationState
from app.catalogue.service_stock import SoldOut
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.fulfilment.queries import due_orders
from app.insights.invariants import check_invariants
from app.mail.models import Mail
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import RefundLine
from app.policy.rules.policy import Policy
from tests import make
from tests.flows.complaining import OLE, ROBIN, Case, accepted, arrived, counts


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    made = arrived(session, database, now=now)
    made.file(session)
    return made


def count_blocks(session: Session, *, stock_milli: int) -> None:
    """All blocks are counted, and so much is there of each."""
    with transaction(session):
        for block in session.exec(select(Block)):
            block.is_made_to_order, block.stock_milli = False, stock_milli
            make.saved(session, make.counted(block))


def broken(session: Session, case: Case) -> list[str]:
    """What invariants do not hold, but that no worker runs here."""
    found = check_invariants(session, now=case.now)
    return [one.sentence for one in found if "does a worker run" not in one.sentence]


def efforts(session: Session) -> list[tuple[int, EffortCause]]:
    """The minutes of each touch on record, and whose doing it was."""
    session.rollback()
    return [
        (one.minutes, one.cause) for one in session.exec(select(EffortEvent).order_by(col(EffortEvent.id)))
    ]


def the_mail(session: Session, kind: str) -> Mail:
    session.rollback()
    return session.exec(select(Mail).where(col(Mail.kind) == kind).order_by(col(Mail.id).desc())).all()[0]


def test_a_replacement_is_an_accepted_order_at_price_0_that_leaves_with_the_next_run(
    session: Session, case: Case, read_session: Session
) -> None:
    count_blocks(session, stock_milli=100_000)
    number = case.complaint(session).number
    with transaction(session):
        # What a checkout form could carry as its key must not be in the way.
        session.get_one(Order, case.order_id).checkout_key = f"complaint-{number}"

    assert case.decide(session, ComplaintOutcome.REPLACEMENT)

    made = session.exec(select(Order).where(col(Order.kind) == OrderKind.REPLACEMENT)).one()
    line = session.exec(select(OrderLine).where(col(OrderLine.order_id) == made.id)).one()
    held = session.exec(select(StockReservation).where(col(StockReservation.order_id) == made.id)).all()
    complaint = case.complaint(session)
    assert (made.state, made.gross_cents, made.for_order_id) == (OrderState.ACCEPTED, 0, case.order_id)
    assert (line.quantity, line.unit_price_cents, line.net_cents) == (2, 0, 0)
    assert [(one.quantity_milli, one.state) for one in held] == [(6_000, ReservationState.HELD)]
    assert complaint.replacement_order_id == made.id
    assert (complaint.state, complaint.fault, complaint.decided_by) == (
        ComplaintState.DECIDED,
        EffortCause.OURS,
        "Robin",
    )
    assert made.dispatch_on > case.now.date()
    waiting = due_orders(session, until=made.dispatch_on, limit=10, language="en")
    assert [one.order.number for one in waiting] == [made.number]
    values = the_mail(session, "complaint_answered").values
    assert (values["replacement"], values["promised_on"]) == (made.number, made.promised_on.isoformat())
    assert session.exec(select(EffortEvent.cause)).one() is EffortCause.OURS
    assert broken(read_session, case) == []


def test_a_replacement_that_is_sold_out_changes_nothing_and_the_refund_still_can(
    session: Session, case: Case
) -> None:
    count_blocks(session, stock_milli=5_000)
    before = counts(session)

    with pytest.raises(SoldOut) as refusal:
        case.decide(session, ComplaintOutcome.REPLACEMENT)

    assert refusal.value.values["available"] == 1
    assert counts(session) == before
    assert case.complaint(session).state is ComplaintState.OPEN
    assert case.decide(session, ComplaintOutcome.REFUND_LINES)


def test_goods_that_must_not_be_sent_any_more_are_not_replaced(session: Session, case: Case) -> None:
    with transaction(session):
        item = session.exec(
            select(BundleItem)
            .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleItem.bundle_version_id))
            .where(col(OrderLine.id) == case.line_ids[0])
        ).one()
        session.get_one(Block, item.block_id).is_hazardous = True
    before = counts(session)

    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REPLACEMENT)

    assert refusal.value.code == "complaint.not_sendable"
    assert counts(session) == before


def test_two_pieces_go_back_with_their_vat_and_the_money_is_paid_back_once(
    session: Session, case: Case, read_session: Session
) -> None:
    assert case.decide(session, ComplaintOutcome.REFUND_LINES)

    assert case.pay_back_all() == ["done"]
    assert case.pay_back_all() == ["done"]

    refund = case.refunds(session)[0]
    line = session.exec(select(RefundLine)).one()
    # 2 × 25.00 and 19 %; the card's books say the same.
    assert (refund.amount_cents, line.quantity, line.amount_cents) == (5_950, 2, 5_950)
    assert [one.amount_cents for one in case.till.stripe.refunds.values()] == [5_950]
    assert the_mail(session, "complaint_answered").values["amount_cents"] == 5_950
    assert the_mail(session, "complaint_refunded").values["amount_cents"] == 5_950
    kinds = session.exec(select(ComplaintMessage.kind).order_by(col(ComplaintMessage.id))).all()
    assert kinds == ["filed", "decided", "refunded"]
    assert broken(read_session, case) == []


def test_the_whole_order_goes_back_with_its_charges_minus_what_went_back_before(
    session: Session, case: Case
) -> None:
    gross_cents = case.till.order(case.number).gross_cents
    case.decide(session, ComplaintOutcome.REFUND_LINES)
    case.file(session, form_key="form-2", reason=ComplaintReason.OTHER, quantities={})

    case.decide(session, ComplaintOutcome.REFUND_ORDER)

    assert case.pay_back_all() == ["done", "done"]
    assert [refund.amount_cents for refund in case.refunds(session)] == [5_950, gross_cents - 5_950]
    case.file(session, form_key="form-3", reason=ComplaintReason.OTHER, quantities={})
    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REFUND_ORDER)
    assert refusal.value.code == "complaint.nothing_left"


def test_pieces_that_went_back_do_not_go_back_again(session: Session, case: Case) -> None:
    case.decide(session, ComplaintOutcome.REFUND_LINES)
    case.file(session, form_key="form-2", reason=ComplaintReason.OTHER, quantities={case.line_ids[0]: 3})
    before = counts(session)

    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REFUND_LINES, quantities={case.line_ids[0]: 2})

    assert (refusal.value.code, refusal.value.values["left"]) == ("complaint.nothing_left", 1)
    assert counts(session) == before
    case.decide(session, ComplaintOutcome.REFUND_LINES, quantities={case.line_ids[0]: 1})
    assert [refund.amount_cents for refund in case.refunds(session)] == [5_950, 2_975]


def test_what_is_wrong_with_a_replacement_is_paid_back_from_the_order_that_was_paid(
    session: Session, case: Case
) -> None:
    case.decide(session, ComplaintOutcome.REPLACEMENT)
    made = session.exec(select(Order).where(col(Order.kind) == OrderKind.REPLACEMENT)).one()
    line_id = session.exec(select(OrderLine.id).where(col(OrderLine.order_id) == made.id)).one() or 0
    number, run_on = made.number, made.dispatch_on
    session.rollback()
    dispatch_orders(session, [Parcel(number)], carrier="", today=run_on, actor=ROBIN, now=case.now)
    case.file(session, form_key="f2", order_number=number, reason=ComplaintReason.OTHER, quantities={})

    case.decide(session, ComplaintOutcome.REFUND_LINES, quantities={line_id: 2})

    refund = case.refunds(session)[0]
    assert (refund.order_id, refund.amount_cents) == (case.order_id, 5_950)


def test_an_order_that_has_not_left_is_paid_back_as_a_whole_and_called_off(
    session: Session, database: Database, now: datetime, read_session: Session
) -> None:
    waiting = accepted(session, database, now=now)
    waiting.file(session, reason=ComplaintReason.OTHER, quantities={})
    for outcome in (ComplaintOutcome.REPLACEMENT, ComplaintOutcome.REFUND_LINES):
        with pytest.raises(Refused) as refusal:
            waiting.decide(session, outcome)
        assert refusal.value.code == "complaint.not_sent"

    waiting.decide(session, ComplaintOutcome.REFUND_ORDER)

    assert waiting.pay_back_all() == ["done"]
    order = waiting.till.order(waiting.number)
    assert (order.state, order.cancelled_at) == (OrderState.CANCELLED, now)
    assert waiting.refunds(session)[0].amount_cents == order.gross_cents
    assert due_orders(session, until=order.dispatch_on, limit=10, language="en") == []
    session.rollback()
    with pytest.raises(Refused):
        dispatch_orders(
            session, [Parcel(waiting.number)], carrier="", today=order.dispatch_on, actor=ROBIN, now=now
        )
    values = the_mail(session, "complaint_answered").values
    assert (values["is_called_off"], "order_cancelled" in waiting.till.mails()) == (True, False)
    assert broken(read_session, waiting) == []


def test_a_replacement_that_has_not_left_is_called_off_and_gives_its_stock_free(
    session: Session, case: Case
) -> None:
    count_blocks(session, stock_milli=100_000)
    case.decide(session, ComplaintOutcome.REPLACEMENT)
    number = session.exec(select(Order.number).where(col(Order.kind) == OrderKind.REPLACEMENT)).one()
    session.rollback()
    case.file(session, form_key="f2", order_number=number, reason=ComplaintReason.OTHER, quantities={})
    worth = worth_of(session, case_by_id(session, case.complaint(session).id or 0))

    case.decide(session, ComplaintOutcome.REFUND_ORDER)

    # Its two pieces and no more of what was paid: 2 × 25.00 and 19 %.
    assert [refund.amount_cents for refund in case.refunds(session)] == [5_950] == [worth.order_cents]
    case.reopen(session, complaint_number=session.get_one(Complaint, 1).number)
    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REFUND_LINES, complaint_id=1, actor=OLE)
    assert refusal.value.code == "complaint.replaced_before"
    order = case.till.order(number)
    held = session.exec(
        select(StockReservation.state).where(col(StockReservation.order_id) == order.id)
    ).all()
    assert (order.state, set(held)) == (OrderState.CANCELLED, {ReservationState.RELEASED})
    assert case.till.order(case.number).state is OrderState.DISPATCHED


def test_of_the_same_pieces_there_are_goods_or_money_but_not_both(
    session: Session, case: Case, read_session: Session
) -> None:
    first = case.complaint(session).id or 0
    pieces = {case.line_ids[0]: 3}
    case.file(session, form_key="f2", reason=ComplaintReason.OTHER, quantities=pieces)
    case.decide(session, ComplaintOutcome.REPLACEMENT, complaint_id=first)
    before = counts(session)

    for outcome in (ComplaintOutcome.REFUND_LINES, ComplaintOutcome.REPLACEMENT):
        with pytest.raises(Refused) as refusal:
            case.decide(session, outcome, quantities=pieces)
        assert (refusal.value.code, refusal.value.values["left"]) == ("complaint.nothing_left", 1)
    assert counts(session) == before

    # All but the two that are sent again: 2 × 25.00 and 19 %.
    case.decide(session, ComplaintOutcome.REFUND_ORDER)
    gross_cents = case.till.order(case.number).gross_cents
    assert [refund.amount_cents for refund in case.refunds(session)] == [gross_cents - 5_950]
    assert broken(read_session, case) == []


def test_what_was_paid_back_as_a_whole_is_not_replaced_for_another_complaint(
    session: Session, case: Case
) -> None:
    first = case.complaint(session).id or 0
    case.file(session, form_key="f2", reason=ComplaintReason.OTHER, quantities={})
    case.decide(session, ComplaintOutcome.REFUND_ORDER)
    before = counts(session)

    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REPLACEMENT, complaint_id=first)

    assert (refusal.value.code, counts(session)) == ("complaint.nothing_left", before)


def test_money_instead_of_a_replacement_calls_it_off_while_it_has_not_left(
    session: Session, case: Case, read_session: Session
) -> None:
    case.decide(session, ComplaintOutcome.REPLACEMENT)
    number = session.exec(select(Order.number).where(col(Order.kind) == OrderKind.REPLACEMENT)).one()
    case.file(session, form_key="f2", order_number=number, reason=ComplaintReason.OTHER, quantities={})
    about_it = case.complaint(session).id or 0
    first = about_it - 1
    case.reopen(session, complaint_number=session.get_one(Complaint, first).number)

    case.decide(session, ComplaintOutcome.REFUND_LINES, complaint_id=first, actor=OLE)

    assert case.till.order(number).state is OrderState.CANCELLED
    assert the_mail(session, "complaint_answered").values["called_off"] == number
    session.rollback()
    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REFUND_ORDER, complaint_id=about_it)
    assert refusal.value.code == "complaint.nothing_left"
    assert [refund.amount_cents for refund in case.refunds(session)] == [5_950]
    assert broken(read_session, case) == []


def test_a_replacement_that_has_left_is_not_paid_back_but_by_a_complaint_of_its_own(
    session: Session, case: Case
) -> None:
    case.decide(session, ComplaintOutcome.REPLACEMENT)
    made = session.exec(select(Order).where(col(Order.kind) == OrderKind.REPLACEMENT)).one()
    number, run_on = made.number, made.dispatch_on
    session.rollback()
    dispatch_orders(session, [Parcel(number)], carrier="", today=run_on, actor=ROBIN, now=case.now)
    case.reopen(session)
    before = counts(session)

    for outcome in (ComplaintOutcome.REFUND_LINES, ComplaintOutcome.REFUND_ORDER):
        with pytest.raises(Refused) as refusal:
            case.decide(session, outcome, actor=OLE)
        assert refusal.value.code == "complaint.replaced_before"

    assert counts(session) == before


def test_a_special_service_is_paid_back_from_its_own_payment(session: Session, case: Case) -> None:
    other = case.till.order(case.number)
    with transaction(session):
        service = session.get_one(Order, case.order_id)
        service.kind, service.for_order_id = OrderKind.SERVICE, None
        goods = make.order(session, of=case.till.customer, by=case.till.contact, bundle=make.bundle(session))
        service.for_order_id = goods.id
    case.file(session, form_key="f2", reason=ComplaintReason.OTHER, quantities={})

    case.decide(session, ComplaintOutcome.REFUND_ORDER)

    refund = case.refunds(session)[0]
    assert (refund.order_id, refund.amount_cents) == (case.order_id, other.gross_cents)


def test_a_rejection_names_its_fixed_reason_and_counts_for_whose_fault_it_was(
    session: Session, case: Case
) -> None:
    case.decide(
        session,
        ComplaintOutcome.REJECTED,
        rejection="no_defect",
        fault=EffortCause.THEIRS,
        note="The photo shows the outer box only.",
    )

    values = the_mail(session, "complaint_answered").values
    assert (values["outcome"], values["rejection"]) == ("rejected", "no_defect")
    assert (values["note"], values["may_reopen"]) == ("The photo shows the outer box only.", True)
    assert session.exec(select(EffortEvent.cause)).one() is EffortCause.THEIRS
    assert counts(session)[3] == 0


@pytest.mark.parametrize(
    ("outcome", "values", "fields"),
    [
        (None, {}, ["outcome"]),
        (ComplaintOutcome.REJECTED, {}, ["rejection"]),
        (ComplaintOutcome.REJECTED, {"rejection": "out of spite"}, ["rejection"]),
        (ComplaintOutcome.REFUND_LINES, {"quantities": {}}, ["form"]),
        (ComplaintOutcome.REFUND_ORDER, {"fault": None}, ["fault"]),
        (ComplaintOutcome.REFUND_ORDER, {"fault": EffortCause.PAID}, ["fault"]),
        (ComplaintOutcome.REFUND_ORDER, {"note": "x" * 201}, ["note"]),
    ],
)
def test_a_decision_without_what_it_needs_changes_nothing(
    session: Session,
    case: Case,
    outcome: ComplaintOutcome | None,
    values: dict[str, object],
    fields: list[str],
) -> None:
    before = counts(session)

    with pytest.raises(Invalid) as refusal:
        case.decide(session, outcome, **values)  # type: ignore[arg-type]

    assert [fault.field for fault in refusal.value.fields] == fields
    assert counts(session) == before


@pytest.mark.parametrize("quantity", [0, 3, -1])
def test_no_more_pieces_are_answered_than_were_complained_of(
    session: Session, case: Case, quantity: int
) -> None:
    before = counts(session)

    with pytest.raises(Invalid):
        case.decide(session, ComplaintOutcome.REFUND_LINES, quantities={case.line_ids[0]: quantity})
    with pytest.raises(Invalid):
        case.decide(session, ComplaintOutcome.REPLACEMENT, quantities={case.line_ids[1]: 1})

    assert counts(session) == before


def test_of_two_people_who_decide_at_once_one_does_and_the_other_reads_who_did(
    database: Database, session: Session, case: Case
) -> None:
    complaint_id = case.complaint(session).id or 0
    start = Barrier(2)
    said: list[str] = []

    def answer(actor: object, outcome: ComplaintOutcome) -> None:
        with database.session() as own:
            start.wait()
            try:
                case.decide(own, outcome, complaint_id=complaint_id, actor=actor)  # type: ignore[arg-type]
                said.append("done")
            except Refused as refusal:
                said.append(f"{refusal.code} by {refusal.values['name']}")

    threads = [
        Thread(target=answer, args=(ROBIN, ComplaintOutcome.REFUND_LINES)),
        Thread(target=answer, args=(OLE, ComplaintOutcome.REPLACEMENT)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winner = case.complaint(session).decided_by
    assert sorted(said) == [f"complaint.decided by {winner}", "done"]
    replaced = session.exec(select(Order).where(col(Order.kind) == OrderKind.REPLACEMENT)).all()
    assert len(replaced) + len(case.refunds(session)) == 1


def test_the_same_answer_twice_is_one(session: Session, case: Case) -> None:
    case.decide(session, ComplaintOutcome.REFUND_LINES)
    before = counts(session)

    assert not case.decide(session, ComplaintOutcome.REFUND_LINES)

    assert counts(session) == before
    with pytest.raises(NotFound):
        case.decide(session, ComplaintOutcome.REFUND_LINES, complaint_id=10**6)


def test_no_refund_for_a_fault_of_ours_counts_against_the_customer_while_or_after_it_is_heard_again(
    session: Session, case: Case
) -> None:
    def refunds() -> tuple[int, int]:
        session.rollback()
        year = year_of(session, case.till.customer.id or 0, policy=Policy(), now=case.now)
        session.rollback()
        return year.contribution.refunds_cents, year.contribution.refunds_for_us_cents

    # One of 3 × 25.00 at 19 %, beside goods at 7 %: its net price went back, not a share of the whole order's.
    one = {case.line_ids[0]: 1}
    case.decide(session, ComplaintOutcome.REFUND_LINES, quantities=one)
    once = refunds()
    case.reopen(session)
    meanwhile = refunds()
    case.decide(session, ComplaintOutcome.REFUND_LINES, quantities=one, actor=OLE)

    assert once == meanwhile == (2_500, 2_500)
    assert refunds() == (5_000, 5_000)


def test_what_was_replaced_or_paid_back_is_not_replaced_once_more(session: Session, case: Case) -> None:
    case.decide(session, ComplaintOutcome.REPLACEMENT)
    case.reopen(session)
    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REPLACEMENT, actor=OLE)
    assert refusal.value.code == "complaint.replaced_before"
    case.decide(session, ComplaintOutcome.REJECTED, rejection="as_ordered", actor=OLE)

    case.file(session, form_key="f2", reason=ComplaintReason.OTHER, quantities={case.line_ids[1]: 2})
    case.decide(session, ComplaintOutcome.REFUND_LINES, quantities={case.line_ids[1]: 2})
    case.reopen(session)
    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REPLACEMENT, actor=OLE, quantities={case.line_ids[1]: 2})
    assert refusal.value.code == "complaint.refunded_before"

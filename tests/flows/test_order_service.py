"""Ordering a special service: what was shown, once, paid like goods, and what it does then."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select, update

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.care.models import EffortEvent, ServiceOrder, SpecialService
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason
from app.care.rules.effort import EffortCause, EffortKind
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Screening
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.finish_service import finish_service, give_back_service
from app.flows.pay_back import pay_back
from app.flows.screen_customer import complete_keys
from app.flows.tell_late_orders import tell_late_orders
from app.insights.invariants import check_invariants
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Charge, Order, OrderTax
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.states import CancelReason, OrderKind, OrderState
from app.payments.models import Refund
from app.payments.rules.facts import IntentStatus
from app.payments.rules.settlement import ReleaseReason
from app.payments.rules.states import PaymentState
from tests import make, make_invoice
from tests.conftest import Clock
from tests.flows.complaining import Case
from tests.flows.services import ELSEWHERE, Counter, count_rows
from tests.flows.till import open_till

OPERATOR = Actor(ActorKind.STAFF, "Olga Opera", 3)


@pytest.fixture
def counter(session: Session, database: Database, clock: Clock) -> Counter:
    return Counter(open_till(session, database, now=clock.now))


def orders(counter: Counter) -> int:
    with counter.till.database.read_session() as session:
        return count_rows(session, Order)


def dispatch(counter: Counter, number: str) -> None:
    with counter.till.database.session() as session:
        dispatch_orders(
            session,
            [Parcel(number)],
            carrier="Post",
            today=counter.till.now.date(),
            actor=OPERATOR,
            now=counter.till.now,
        )


def finish(counter: Counter, number: str, note: str = "") -> None:
    with counter.till.database.session() as session:
        finish_service(session, order_number=number, note=note, actor=OPERATOR, now=counter.till.now)


def assert_books_are_right(counter: Counter) -> None:
    with counter.till.database.read_session() as session:
        found = check_invariants(session, now=counter.till.now)
    assert found == []


def test_a_service_is_an_order_of_its_own_with_one_charge_at_its_own_rate(counter: Counter) -> None:
    placed = counter.order("phone-help", quantity=2, note="Wie öffnet man das?", purchase_reference="PO 9")

    order = counter.till.order(placed.number)
    assert (order.kind, order.state, order.for_order_id) == (OrderKind.SERVICE, OrderState.RECEIVED, None)
    assert (order.goods_net_cents, order.charges_net_cents, order.vat_cents, order.gross_cents) == (
        0,
        5_800,
        1_102,
        6_902,
    )
    assert (order.purchase_reference, order.terms_accepted_at) == ("PO 9", counter.till.now)
    with counter.till.database.read_session() as session:
        charge, tax = session.exec(select(Charge)).one(), session.exec(select(OrderTax)).one()
    assert (charge.kind, charge.name, charge.quantity) == (ChargeKind.SPECIAL_SERVICE, "Help by phone", 2)
    assert (tax.vat_rate_bp, tax.net_cents, tax.vat_cents) == (1_900, 5_800, 1_102)
    assert counter.kept(placed.number).details == {"note": "Wie öffnet man das?"}
    assert counter.till.mails() == ["order_received"]
    assert_books_are_right(counter)


def test_a_paid_service_is_accepted_and_waits_for_a_person_and_the_cart_stays(counter: Counter) -> None:
    cart = counter.till.cart()
    placed = counter.order("phone-help", note="Please call.")

    assert counter.pay(placed.number) is PaymentState.CAPTURED

    assert counter.till.order(placed.number).state is OrderState.ACCEPTED
    assert counter.till.mails() == ["order_received", "order_accepted"]
    assert counter.till.cart() == cart
    assert counter.kept(placed.number).done_at is None
    wish = next(iter(counter.till.stripe.wishes.values()))
    assert [(item.name, item.gross_cents) for item in wish.items] == [("Help by phone", 3_451)]
    assert_books_are_right(counter)


def test_the_same_key_is_one_order_however_parallel(counter: Counter) -> None:
    shown = counter.shown(code="phone-help")
    with ThreadPoolExecutor(4) as pool:
        placed = list(pool.map(lambda _: counter.order("phone-help", shown=shown, note="x"), range(4)))

    assert len({one.number for one in placed}) == 1
    assert [one.is_new for one in placed].count(True) == 1
    assert orders(counter) == 1


def test_a_service_ends_no_unpaid_order_of_goods_and_goods_end_no_unpaid_service(counter: Counter) -> None:
    goods = counter.till.place()
    service = counter.order("phone-help", note="x")
    later = counter.till.place(key="key-2")

    states = {
        number: counter.till.order(number).state for number in (goods.number, service.number, later.number)
    }
    assert states == {
        goods.number: OrderState.CANCELLED,
        service.number: OrderState.RECEIVED,
        later.number: OrderState.RECEIVED,
    }


@pytest.mark.parametrize("change", ["price", "name", "terms", "forged"])
def test_what_changed_since_it_was_shown_is_not_ordered(
    session: Session, counter: Counter, change: str
) -> None:
    shown = counter.shown(code="phone-help")
    with transaction(session):
        if change == "terms":
            make.saved(session, make.TermsVersion(name="new", text_de="", text_en="", created_at=make.NOW))
        elif change != "forged":
            values = {"price": {"price_cents": 3_000}, "name": {"name_en": "Something else"}}[change]
            session.exec(
                update(SpecialService).where(col(SpecialService.code) == "phone-help").values(values)
            )

    with pytest.raises(Refused) as refused:
        counter.order("phone-help", shown="forged" if change == "forged" else shown, note="x")

    assert refused.value.code == "service.changed"
    assert orders(counter) == 0
    assert counter.till.mails() == []


def test_a_company_that_is_not_admitted_any_more_orders_nothing(counter: Counter) -> None:
    counter.till.turn_into_a()

    with pytest.raises(Refused) as refused:
        counter.order("phone-help", note="x")

    assert refused.value.code == "order.not_admitted"
    assert orders(counter) == 0


def test_a_company_that_turns_a_while_it_pays_is_not_charged(counter: Counter) -> None:
    placed = counter.order("phone-help", note="x")
    session_id = counter.till.session_at(counter.till.start(placed.number))
    intent_id = counter.till.stripe.pay(session_id)
    counter.till.turn_into_a()

    assert counter.till.settle(session_id=session_id) is PaymentState.RELEASED

    assert counter.till.stripe.books() == {intent_id: IntentStatus.CANCELED}
    order = counter.till.order(placed.number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.NOT_ADMITTED)


@pytest.mark.parametrize("code", ["retired", "field-visit", "nothing"])
def test_what_is_not_on_the_list_cannot_be_ordered(session: Session, counter: Counter, code: str) -> None:
    with transaction(session):
        session.exec(
            update(SpecialService)
            .where(col(SpecialService.code) == "paper-certificate")
            .values(is_active=False)
        )
    known = {"retired": "paper-certificate", "field-visit": "field-visit"}
    service_id = counter.service(known[code]).id if code in known else 99_999

    with pytest.raises(NotFound):
        counter.order(service_id=service_id, shown="x")

    assert orders(counter) == 0


def test_another_companys_order_looks_like_none(session: Session, counter: Counter) -> None:
    other = make.customer(session)
    theirs = make.order(
        session, of=other, by=make.contact(session, of=other), bundle=make.bundle(session),
        state=OrderState.ACCEPTED, accepted_at=make.NOW,
    )  # fmt: skip

    for number in (theirs.number, "S-NOSUCH"):
        with pytest.raises(NotFound):
            counter.order("paper-certificate", order_number=number)


def test_a_wrong_wish_names_its_fields_and_orders_nothing(counter: Counter) -> None:
    goods = counter.goods()

    with pytest.raises(Invalid) as wrong:
        counter.order("address-change", order_number=goods.number)

    assert {fault.field for fault in wrong.value.fields} >= {"street", "postal_code", "city"}
    assert orders(counter) == 1


def test_a_paid_change_of_address_changes_the_order_at_once_and_tells_so(counter: Counter) -> None:
    goods = counter.goods()
    placed = counter.order("address-change", order_number=goods.number, address=ELSEWHERE)
    assert counter.till.order(goods.number).street == "Gartenweg 3"

    assert counter.pay(placed.number) is PaymentState.CAPTURED

    changed, service = counter.till.order(goods.number), counter.till.order(placed.number)
    assert (changed.street, changed.postal_code, changed.state) == (
        "Hafenweg 9",
        "04177",
        OrderState.ACCEPTED,
    )
    assert (service.state, service.for_order_id) == (OrderState.DISPATCHED, goods.id)
    assert counter.till.events(goods.number)[-1] == "address_changed"
    assert counter.till.events(placed.number)[-2:] == ["accepted", "dispatched"]
    assert counter.till.mails()[-2:] == ["order_accepted", "service_done"]
    assert counter.kept(placed.number).done_by == "schlicht"
    with counter.till.database.read_session() as session:
        event = session.exec(select(EffortEvent)).one()
    assert (event.kind, event.minutes, event.cause) == (EffortKind.MANUAL_CHANGE, 0, EffortCause.PAID)
    assert_books_are_right(counter)


def test_goods_that_their_customer_pays_to_keep_leave_with_a_later_run_and_are_not_late(
    counter: Counter,
) -> None:
    goods = counter.goods()
    placed = counter.order("storage", order_number=goods.number, quantity=2)

    assert counter.pay(placed.number) is PaymentState.CAPTURED

    kept = counter.till.order(goods.number)
    assert (kept.dispatch_on, kept.promised_on) == (
        goods.dispatch_on + timedelta(weeks=2),
        goods.promised_on + timedelta(weeks=2),
    )
    assert counter.till.events(goods.number)[-1] == "kept_back"
    day, until = kept.promised_on.isoformat(), (goods.dispatch_on + timedelta(weeks=2)).isoformat()
    finish(counter, placed.number)
    with counter.till.database.read_session() as session:
        *_, received, accepted, done = session.exec(select(Mail).order_by(col(Mail.id)))
    for mail in (received, accepted):
        assert mail.values["keeps"] == {"number": goods.number, "until_on": until, "arrives_on": day}
    assert done.values["arrives_on"] == day
    assert counter.kept(placed.number).details["arrives_on"] == day
    with counter.till.database.session() as session:
        day_after = counter.till.now + timedelta(days=(goods.dispatch_on - counter.till.now.date()).days + 1)
        assert tell_late_orders(session, state="SN", timezone="Europe/Berlin", now=day_after) == 0
    assert_books_are_right(counter)


@pytest.mark.parametrize("is_at_once", [False, True])
def test_two_storages_of_the_same_weeks_are_charged_once(counter: Counter, is_at_once: bool) -> None:
    goods = counter.goods()
    placed = [
        counter.order("storage", key=f"storage-{quantity}", order_number=goods.number, quantity=quantity)
        for quantity in (1, 2)
    ]
    sessions = [counter.till.session_at(counter.till.start(one.number)) for one in placed]
    intents = [counter.till.stripe.pay(session_id) for session_id in sessions]
    if is_at_once:
        counter.till.stripe.before["capture"] = lambda: counter.till.settle(session_id=sessions[1])

    settled = [counter.till.settle(session_id=session_id) for session_id in sessions]

    assert settled == [PaymentState.CAPTURED, PaymentState.RELEASED]
    assert [counter.till.stripe.books()[intent_id] for intent_id in intents] == [
        IntentStatus.CAPTURED,
        IntentStatus.CANCELED,
    ]
    assert counter.till.order(goods.number).dispatch_on == goods.dispatch_on + timedelta(weeks=1)
    assert counter.till.events(goods.number).count("kept_back") == 1
    again = counter.order("storage", key="storage-3", order_number=goods.number)
    assert counter.pay(again.number) is PaymentState.CAPTURED
    assert counter.till.order(goods.number).dispatch_on == goods.dispatch_on + timedelta(weeks=2)
    assert_books_are_right(counter)


def test_a_change_of_address_for_goods_that_left_meanwhile_is_never_charged(counter: Counter) -> None:
    goods = counter.goods()
    placed = counter.order("address-change", order_number=goods.number, address=ELSEWHERE)
    session_id = counter.till.session_at(counter.till.start(placed.number))
    intent_id = counter.till.stripe.pay(session_id)
    dispatch(counter, goods.number)

    assert counter.till.settle(session_id=session_id) is PaymentState.RELEASED

    assert counter.till.stripe.books()[intent_id] is IntentStatus.CANCELED
    assert counter.till.payments()[-1].release_reason == ReleaseReason.SERVICE_IMPOSSIBLE
    assert counter.till.order(placed.number).cancel_reason is CancelReason.BY_STAFF
    assert counter.till.order(goods.number).street == "Gartenweg 3"
    assert_books_are_right(counter)


def test_an_address_change_out_of_a_place_without_vat_is_not_charged_and_moves_nothing(
    counter: Counter,
) -> None:
    goods = counter.goods()
    placed = counter.order("address-change", order_number=goods.number, address=ELSEWHERE)
    with counter.till.database.session() as session, transaction(session):
        session.execute(update(Order).where(col(Order.id) == goods.id).values(postal_code="27498"))
    session_id = counter.till.session_at(counter.till.start(placed.number))
    counter.till.stripe.pay(session_id)

    assert counter.till.settle(session_id=session_id) is PaymentState.RELEASED

    assert counter.till.payments()[-1].release_reason == ReleaseReason.SERVICE_IMPOSSIBLE
    assert counter.till.order(goods.number).postal_code == "27498"


def test_goods_that_leave_in_the_moment_of_the_charge_leave_the_change_to_a_person(counter: Counter) -> None:
    goods = counter.goods()
    placed = counter.order("address-change", order_number=goods.number, address=ELSEWHERE)
    session_id = counter.till.session_at(counter.till.start(placed.number))
    counter.till.stripe.pay(session_id)
    counter.till.stripe.before["capture"] = lambda: dispatch(counter, goods.number)

    assert counter.till.settle(session_id=session_id) is PaymentState.CAPTURED

    assert counter.till.order(goods.number).street == "Gartenweg 3"
    assert counter.till.order(placed.number).state is OrderState.ACCEPTED
    assert counter.kept(placed.number).done_at is None
    assert_books_are_right(counter)


def listed(counter: Counter) -> None:
    with counter.till.database.session() as session, transaction(session):
        make.main_account(
            session, company_name="Große Werft AG", name_key="grosse werft", street="Hafenweg 9",
            postal_code="04177", city="Leipzig", segment=Segment.A,
        )  # fmt: skip
    with counter.till.database.session() as session:
        complete_keys(session)


def test_a_new_address_of_a_main_account_waits_for_a_person_before_anything_is_ordered(
    counter: Counter,
) -> None:
    goods = counter.goods()
    listed(counter)

    with pytest.raises(Refused) as refused:
        counter.order("address-change", order_number=goods.number, address=ELSEWHERE)

    assert refused.value.code == "order.address_in_check"
    assert orders(counter) == 1
    with counter.till.database.read_session() as session:
        assert count_rows(session, Screening) == 1


def test_a_new_address_that_becomes_a_main_accounts_before_the_payment_is_not_charged(
    counter: Counter,
) -> None:
    goods = counter.goods()
    placed = counter.order("address-change", order_number=goods.number, address=ELSEWHERE)
    session_id = counter.till.session_at(counter.till.start(placed.number))
    counter.till.stripe.pay(session_id)
    listed(counter)

    assert counter.till.settle(session_id=session_id) is PaymentState.RELEASED

    assert counter.till.order(goods.number).street == "Gartenweg 3"
    with counter.till.database.read_session() as session:
        assert count_rows(session, Screening) == 1


def test_staff_close_a_service_once_with_a_note_and_its_paid_minutes(counter: Counter) -> None:
    placed = counter.order("phone-help", quantity=3, note="x")
    counter.pay(placed.number)

    for note in ("Called on Monday.", "again"):
        finish(counter, placed.number, note)

    kept = counter.kept(placed.number)
    assert (kept.done_by, kept.note) == (OPERATOR.name, "Called on Monday.")
    assert counter.till.order(placed.number).state is OrderState.DISPATCHED
    assert counter.till.mails().count("service_done") == 1
    with counter.till.database.read_session() as session:
        event = session.exec(select(EffortEvent)).one()
    assert (event.kind, event.minutes, event.cause) == (EffortKind.PHONE_HELP, 45, EffortCause.PAID)
    assert_books_are_right(counter)


def give_back(counter: Counter, number: str, note: str = "Nobody answers.") -> None:
    with counter.till.database.session() as session:
        give_back_service(session, order_number=number, note=note, actor=OPERATOR, now=counter.till.now)


def test_what_cannot_be_done_goes_back_to_the_card_in_full_and_once(counter: Counter) -> None:
    placed = counter.order("phone-help", quantity=2, note="x")
    counter.pay(placed.number)
    with pytest.raises(Invalid):
        give_back(counter, placed.number, " ")

    for _ in range(2):
        give_back(counter, placed.number)
    finish(counter, placed.number, "too late")

    with counter.till.database.read_session() as session:
        refund = session.exec(select(Refund)).one()
    (job,) = counter.till.jobs("pay_back")
    with counter.till.database.session() as session:
        pay_back(session, counter.till.stripe, refund_row_id=job["refund_row_id"], now=counter.till.now)  # type: ignore[arg-type]
    assert (refund.amount_cents, refund.cause) == (6_902, f"service:{placed.order_id}")
    assert counter.kept(placed.number).note == "Nobody answers."
    assert counter.till.mails().count("service_done") == 1
    assert counter.till.events(placed.number)[-2:] == ["dispatched", "refunded"]
    assert_books_are_right(counter)


def test_the_services_of_an_order_that_is_called_off_are_given_back_with_it(counter: Counter) -> None:
    goods = counter.goods()
    placed = counter.order("storage", order_number=goods.number, quantity=2)
    counter.pay(placed.number)
    case = Case(counter.till, goods.number, goods.id or 0, [0], counter.till.database, counter.till.now)

    with counter.till.database.session() as session:
        case.file(session, reason=ComplaintReason.OTHER, quantities={})
        case.decide(session, ComplaintOutcome.REFUND_ORDER)

        refunds = {refund.order_id: refund.amount_cents for refund in case.refunds(session)}
    service = counter.till.order(placed.number)
    assert refunds == {goods.id: goods.gross_cents, service.id: service.gross_cents}
    assert counter.kept(placed.number).done_by == "Robin"
    assert counter.till.mails().count("service_done") == 1
    assert_books_are_right(counter)


def test_an_unpaid_service_cannot_be_done_and_goods_are_no_service(counter: Counter) -> None:
    placed = counter.order("phone-help", note="x")
    with pytest.raises(Refused):
        finish(counter, placed.number)
    with pytest.raises(NotFound):
        finish(counter, counter.till.place().number)

    with counter.till.database.read_session() as session:
        assert session.exec(select(ServiceOrder.done_at)).one() is None
        assert count_rows(session, EffortEvent) == 0


def test_an_unpaid_service_ends_after_a_day_like_goods(counter: Counter) -> None:
    placed = counter.order("phone-help", note="x")
    session_id = counter.till.session_at(counter.till.start(placed.number))

    counter.till.now += timedelta(hours=25)
    counter.till.settle(session_id=session_id)

    assert counter.till.order(placed.number).cancel_reason is CancelReason.UNPAID


def test_a_copy_of_an_invoice_goes_out_by_itself_and_once(counter: Counter, session: Session) -> None:
    goods = counter.goods()
    with pytest.raises(Invalid) as refused:
        counter.order("invoice-copy", order_number=goods.number)
    assert [fault.field for fault in refused.value.fields] == ["order"]
    invoice = make_invoice.invoice(session, of=goods)
    fixed = make_invoice.correction_of(session, invoice, of=goods)
    placed = counter.order("invoice-copy", order_number=goods.number)

    assert counter.pay(placed.number) is PaymentState.CAPTURED

    order = counter.till.order(placed.number)
    assert order.state is OrderState.DISPATCHED
    session.rollback()
    mails = session.exec(select(Mail).where(col(Mail.key).contains(f"#service:{order.id}"))).all()
    assert [(mail.kind, mail.attachments[0]["id"]) for mail in mails] == [
        ("invoice", invoice.id),
        ("credit_note", fixed.id),
    ]
    row = session.exec(select(ServiceOrder).where(col(ServiceOrder.order_id) == order.id)).one()
    assert (row.done_by, row.done_at) == ("schlicht", counter.till.now)

from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.care import photos
from app.care.models import Complaint, ComplaintLine, ComplaintMessage, ComplaintPhoto, EffortEvent
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState, MessageAuthor
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_complaints import PHOTO_POSTS_PER_COMPANY
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused, Unavailable
from app.core.transaction import transaction
from app.flows.file_complaint import COMPLAINTS_PER_COMPANY
from app.flows.write_to_complaint import write_as_customer, write_as_staff
from app.mail.models import Mail
from app.ordering.models import Order, OrderEvent
from tests import make
from tests.flows.complaining import ROBIN, STAFF_ADDRESS, WORDS, Case, accepted, arrived, counts, photo


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    return arrived(session, database, now=now)


def codes(refusal: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [fault.field for fault in refusal.value.fields]


def test_a_complaint_is_kept_with_its_pieces_words_and_photo_and_both_sides_are_told(
    session: Session, case: Case
) -> None:
    filed = case.file(session, photos=[photo(side=2_000)])

    complaint = session.exec(select(Complaint)).one()
    line = session.exec(select(ComplaintLine)).one()
    picture = session.exec(select(ComplaintPhoto)).one()
    message = session.exec(select(ComplaintMessage)).one()
    event = session.exec(select(EffortEvent)).one()
    mails = session.exec(
        select(Mail).where(col(Mail.object_kind) == "complaint").order_by(col(Mail.id))
    ).all()
    assert (filed.number, filed.is_new) == (complaint.number, True)
    assert (complaint.state, complaint.reason) == (ComplaintState.OPEN, ComplaintReason.DAMAGED)
    # Friday, 13 March 2026 and three working days.
    assert (case.now.date(), complaint.answer_due_on) == (date(2026, 3, 13), date(2026, 3, 18))
    assert (line.order_line_id, line.quantity) == (case.line_ids[0], 2)
    assert (picture.content_type, picture.content[8:12]) == ("image/webp", b"WEBP")
    assert (message.author, message.kind, message.text) == (MessageAuthor.CUSTOMER, "filed", WORDS)
    assert message.values == {"photos": [picture.id], "widths": [160]}
    assert (event.kind, event.minutes, event.cause) == (EffortKind.COMPLAINT, 20, EffortCause.UNDECIDED)
    assert [(mail.kind, mail.to_address, mail.language) for mail in mails] == [
        ("complaint_received", case.till.contact.email, "en"),
        ("complaint_filed", STAFF_ADDRESS, "de"),
    ]
    assert WORDS not in str([mail.values for mail in mails])
    timeline = session.exec(select(OrderEvent.kind).order_by(col(OrderEvent.id))).all()
    assert timeline[-1] == "complaint_filed"
    entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(1)).one()
    assert (entry.action, entry.object_id) == ("complaint.filed", complaint.id)


def test_the_same_form_sent_twice_is_one_complaint(session: Session, case: Case) -> None:
    first = case.file(session)
    before = counts(session)

    again = case.file(session)

    assert (again.number, again.is_new) == (first.number, False)
    assert counts(session) == before


def test_eight_clicks_at_once_are_one_complaint(database: Database, session: Session, case: Case) -> None:
    start = Barrier(8)
    numbers: list[str] = []

    def click() -> None:
        with database.session() as own:
            start.wait()
            numbers.append(case.file(own).number)

    threads = [Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(numbers) == 8
    assert len(set(numbers)) == 1
    assert counts(session)[:3] == (1, 1, 1)


def test_a_second_complaint_about_the_same_line_and_reason_leads_to_the_open_one(
    session: Session, case: Case
) -> None:
    first = case.file(session)
    before = counts(session)

    with pytest.raises(Refused) as refusal:
        case.file(session, form_key="form-2", quantities={case.line_ids[0]: 1})

    assert (refusal.value.code, refusal.value.values["number"]) == ("complaint.open_already", first.number)
    assert counts(session) == before


def test_another_reason_or_line_is_a_complaint_of_its_own_for_what_is_left(
    session: Session, case: Case
) -> None:
    case.file(session)

    case.file(session, form_key="form-2", reason=ComplaintReason.MISSING, quantities={case.line_ids[0]: 1})
    case.file(session, form_key="form-3", quantities={case.line_ids[1]: 2})

    assert counts(session)[0] == 3
    with pytest.raises(Invalid) as refusal:
        case.file(session, form_key="form-4", reason=ComplaintReason.WRONG)
    assert codes(refusal) == [f"line_{case.line_ids[0]}"]


def test_pieces_of_a_rejected_complaint_are_free_again_and_those_of_a_replaced_one_are_not(
    session: Session, case: Case
) -> None:
    case.file(session, quantities={case.line_ids[0]: 3})
    case.decide(session, ComplaintOutcome.REJECTED, rejection="no_defect")

    case.file(session, form_key="form-2", quantities={case.line_ids[0]: 3})
    case.decide(session, ComplaintOutcome.REPLACEMENT, quantities={case.line_ids[0]: 3})

    with pytest.raises(Invalid):
        case.file(session, form_key="form-3", quantities={case.line_ids[0]: 1})


@pytest.mark.parametrize("quantity", [0, -1, 4, 10**9])
def test_more_pieces_than_were_bought_or_none_are_refused(
    session: Session, case: Case, quantity: int
) -> None:
    before = counts(session)

    with pytest.raises(Invalid) as refusal:
        case.file(session, quantities={case.line_ids[0]: quantity})

    assert codes(refusal) == [f"line_{case.line_ids[0]}"]
    assert counts(session) == before


def test_lines_of_another_order_and_orders_of_another_company_are_refused(
    session: Session, case: Case
) -> None:
    other = make.customer(session)
    person = make.contact(session, of=other)
    foreign = make.order(session, of=other, by=person, bundle=make.bundle(session))
    foreign_number = foreign.number
    before = counts(session)

    with pytest.raises(Invalid):
        case.file(session, quantities={case.line_ids[1] + 1: 1})
    with pytest.raises(NotFound):
        case.file(session, order_number=foreign_number)
    with pytest.raises(NotFound):
        case.file(session, customer_id=other.id, contact_id=person.id)

    assert counts(session) == before


def test_everything_that_is_wrong_with_the_form_is_told_at_once_and_nothing_is_kept(
    session: Session, case: Case
) -> None:
    before = counts(session)

    with pytest.raises(Invalid) as refusal:
        case.file(session, text="short", reason=None, photos=[b"no picture"])

    assert codes(refusal) == ["photos", "reason", "text"]
    with pytest.raises(Invalid) as refusal:
        case.file(session, quantities={}, photos=[photo()] * 6)
    assert codes(refusal) == ["photos", "lines"]
    assert counts(session) == before


def test_an_iphones_own_format_is_refused_with_the_way_around_it(session: Session, case: Case) -> None:
    with pytest.raises(Invalid) as refusal:
        case.file(session, photos=[photo(), b"\0\0\0\x18ftypheic" + b"\0" * 40])

    fault = refusal.value.fields[0]
    assert (fault.values, "HEIC" in fault.message) == ({"name": 2}, True)


def test_posts_with_photos_count_even_when_they_fail(session: Session, case: Case) -> None:
    for _ in range(PHOTO_POSTS_PER_COMPANY):
        with pytest.raises(Invalid):
            case.file(session, photos=[b"no picture"])

    with pytest.raises(Refused) as refusal:
        case.file(session, photos=[photo()])

    assert refusal.value.code == "throttled"
    assert case.file(session).is_new


def test_nobody_has_photos_looked_at_for_what_is_not_theirs_or_is_here_already(
    session: Session, case: Case
) -> None:
    filed = case.file(session)
    words = {"text": "Look.", "photos": [photo()], "staff_address": STAFF_ADDRESS, "now": case.now}

    with photos._decoding, photos._decoding:
        with pytest.raises(NotFound):
            case.file(session, order_number="S-unknown", photos=[photo()], form_key="form-2")
        with pytest.raises(NotFound):
            write_as_customer(
                session,
                complaint_number="R-unknown",
                customer_id=case.till.customer.id or 0,
                contact_id=case.till.contact.id or 0,
                form_key="m",
                **words,  # type: ignore[arg-type]
            )
        assert case.file(session, photos=[photo()]).number == filed.number
        with pytest.raises(Unavailable):
            photos.clean_photos([photo()], patience_seconds=0.01)


def test_an_order_can_be_called_late_only_when_it_is(
    session: Session, database: Database, now: datetime
) -> None:
    case = accepted(session, database, now=now)
    promised_on = case.till.order(case.number).promised_on

    with pytest.raises(Invalid) as refusal:
        case.file(session, reason=ComplaintReason.LATE, quantities={})
    assert refusal.value.fields[0].values == {"day": promised_on}

    after = datetime.combine(promised_on + timedelta(days=1), now.timetz())
    case.file(session, reason=ComplaintReason.LATE, quantities={}, now=after)
    lines = session.exec(select(ComplaintLine.quantity).order_by(col(ComplaintLine.id))).all()
    assert lines == [3, 2]


def test_a_late_order_that_we_announced_can_be_complained_of_before_its_day(
    session: Session, database: Database, now: datetime
) -> None:
    case = accepted(session, database, now=now)
    with transaction(session):
        order = session.get_one(Order, case.order_id)
        order.expected_on = order.promised_on + timedelta(days=7)

    assert case.file(session, reason=ComplaintReason.LATE, quantities={}).is_new


@pytest.mark.parametrize(
    "reason",
    [ComplaintReason.DAMAGED, ComplaintReason.MISSING, ComplaintReason.WRONG, ComplaintReason.DEFECTIVE],
)
def test_goods_that_have_not_left_cannot_be_damaged_yet(
    session: Session, database: Database, now: datetime, reason: ComplaintReason
) -> None:
    case = accepted(session, database, now=now)

    with pytest.raises(Invalid) as refusal:
        case.file(session, reason=reason)

    assert codes(refusal) == ["reason"]
    assert case.file(session, reason=ComplaintReason.OTHER).is_new


def test_a_parcel_that_is_on_its_way_may_be_reported_damaged(session: Session, case: Case) -> None:
    order = case.till.order(case.number)
    on_the_way = datetime.combine(order.dispatch_on, case.now.timetz()) + timedelta(hours=3)

    assert case.file(session, now=on_the_way).is_new


def test_a_company_that_files_more_than_its_daily_share_has_to_wait(session: Session, case: Case) -> None:
    for n in range(COMPLAINTS_PER_COMPANY):
        case.file(session, form_key=f"form-{n}", reason=ComplaintReason.OTHER, quantities={})
        case.decide(session, ComplaintOutcome.REJECTED, rejection="as_ordered")
    before = counts(session)

    with pytest.raises(Refused) as refusal:
        case.file(session, form_key="one more", reason=ComplaintReason.OTHER, quantities={})

    assert refusal.value.code == "throttled"
    assert counts(session) == before


def test_a_customers_message_goes_to_us_and_ours_to_the_customer_once_each(
    session: Session, case: Case
) -> None:
    filed = case.file(session)
    complaint_id = case.complaint(session).id or 0
    mine = {
        "complaint_number": filed.number,
        "customer_id": case.till.customer.id,
        "contact_id": case.till.contact.id,
        "form_key": "message-1",
        "text": "Here is another photo.",
        "photos": [photo()],
        "staff_address": STAFF_ADDRESS,
        "now": case.now,
    }
    ours = {
        "question": "photo",
        "note": "Of the box too.",
        "form_key": "q-1",
        "actor": ROBIN,
        "now": case.now,
    }

    assert [write_as_customer(session, **mine) for _ in range(2)] == [True, False]  # type: ignore[arg-type]
    assert [write_as_staff(session, complaint_id, **ours) for _ in range(2)] == [True, False]  # type: ignore[arg-type]

    kinds = session.exec(select(ComplaintMessage.kind).order_by(col(ComplaintMessage.id))).all()
    mails = session.exec(
        select(Mail.to_address).where(col(Mail.kind) == "complaint_message").order_by(col(Mail.id))
    ).all()
    assert kinds == ["filed", "", "question_photo"]
    assert mails == [STAFF_ADDRESS, case.till.contact.email]
    assert len(session.exec(select(ComplaintPhoto.id)).all()) == 1
    # Our question is work too: whose doing it was is said with the complaint.
    session.rollback()
    case.decide(session, ComplaintOutcome.REJECTED, rejection="no_defect", fault=EffortCause.THEIRS)
    touches = session.exec(select(EffortEvent).order_by(col(EffortEvent.id))).all()
    assert [(one.kind, one.minutes, one.cause, one.noted_by) for one in touches] == [
        (EffortKind.COMPLAINT, 20, EffortCause.THEIRS, ""),
        (EffortKind.COMPLAINT, 5, EffortCause.THEIRS, "Robin"),
    ]


def test_nobody_writes_to_another_companys_complaint_or_to_one_that_is_answered(
    session: Session, case: Case
) -> None:
    filed = case.file(session)
    case.decide(session, ComplaintOutcome.REJECTED, rejection="no_defect")
    other = make.customer(session)
    person = make.contact(session, of=other)
    wanted = {
        "complaint_number": filed.number,
        "form_key": "m",
        "text": "Hello?",
        "photos": [],
        "staff_address": STAFF_ADDRESS,
        "now": case.now,
    }
    before = counts(session)

    with pytest.raises(NotFound):
        write_as_customer(session, customer_id=other.id or 0, contact_id=person.id or 0, **wanted)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refusal:
        write_as_customer(
            session,
            customer_id=case.till.customer.id or 0,
            contact_id=case.till.contact.id or 0,
            **wanted,  # type: ignore[arg-type]
        )

    assert refusal.value.code == "complaint.closed"
    assert counts(session) == before

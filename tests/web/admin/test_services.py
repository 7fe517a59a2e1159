"""The staff's side of special services: price list, tasks, offers, field visits and the report of exceptions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.care.models import EffortEvent, FieldVisit, ServiceOffer, ServiceOrder, SpecialService
from app.care.queries_services import price_list
from app.care.rules.effort import EffortCause
from app.care.rules.services import OfferState, VisitState
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.flows.ask_for_visit import decide_visit
from app.flows.offer_service import offer_service
from app.flows.send_mail import send_mail
from app.insights.exceptions import read_exceptions
from app.insights.invariants import check_invariants
from app.mail.models import Mail, MailState
from app.mail.transport import open_transport
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.settings import Settings
from app.staff.rules.roles import Role
from tests import make, make_services
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser
from tests.web.reading import english_in

REQUEST = {"reason": "A second line.", "expected_contribution_cents": "1.200,00", "price_cents": "390"}


def mails(session: Session, kind: str) -> list[Mail]:
    session.rollback()
    return list(session.exec(select(Mail).where(col(Mail.kind) == kind)))


def test_a_new_service_stands_at_the_end_and_customers_see_it_at_once(
    things: Desk, admin: Browser, session: Session, browser: Callable[..., Browser]
) -> None:
    values = {
        "code": "engraving", "name_de": "Gravur", "name_en": "Engraving", "kind": "other", "price_cents": "12,50",
        "vat_rate_bp": "700", "minutes": "10", "is_active": "1", "unit_en": "per piece",
    }  # fmt: skip

    answer = admin.submit("/admin/services", values)

    assert answer.headers["location"] == "/admin/services?done=saved"
    assert price_list(session)[-1].code == "engraving"
    text = browser(things.contact).get("/services").text
    assert "Engraving" in text
    assert "€12.50" in text


def test_what_is_wrong_with_an_entry_is_named_and_nothing_is_stored(
    things: Desk, admin: Browser, session: Session
) -> None:
    values = {
        "code": "phone-help", "name_de": "", "name_en": "Call", "kind": "other", "price_cents": "0,10",
        "vat_rate_bp": "1600", "minutes": "10",
    }  # fmt: skip

    answer = admin.submit("/admin/services", values)

    assert answer.status_code == 422
    for sentence in ("fill in this field", "0.50 to 10,000.00", "another service has this short name"):
        assert sentence.lower() in answer.text.lower(), sentence
    assert len(price_list(session)) == 7


def test_the_kind_of_an_entry_stays_and_its_place_moves(
    things: Desk, admin: Browser, session: Session
) -> None:
    path = f"/admin/services/{things.service_id}"
    values = {
        "code": "phone-help", "name_de": "Anruf", "name_en": "Call", "kind": "storage", "price_cents": "1",
        "vat_rate_bp": "1900", "minutes": "15",
    }  # fmt: skip

    assert admin.submit(path, values).status_code == 422
    assert admin.submit(f"{path}/move", {"to": "up"}).status_code == 303

    session.rollback()
    codes = [one.code for one in price_list(session)]
    assert codes.index("phone-help") == 2
    assert fresh(session, session.get_one(SpecialService, things.service_id)).price_cents == 2_900


def test_a_change_of_the_list_is_audited_with_old_and_new_price(
    things: Desk, admin: Browser, session: Session
) -> None:
    values = {
        "code": "phone-help", "name_de": "Anruf", "name_en": "Call", "kind": "phone_help", "price_cents": "31",
        "vat_rate_bp": "1900", "minutes": "15",
    }  # fmt: skip

    admin.submit(f"/admin/services/{things.service_id}", values)

    session.rollback()
    entry = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "service.saved")).one()
    assert entry.old is not None
    assert entry.new is not None
    assert (entry.old["price_cents"], entry.new["price_cents"]) == (2_900, 3_100)
    assert (entry.old["is_active"], entry.new["is_active"]) == (True, False)


def test_a_paid_service_stands_in_the_inbox_until_somebody_has_done_it(
    things: Desk, admin: Browser, session: Session
) -> None:
    number = things.service_order.number
    assert "<b>1</b> special services to do" in admin.get("/admin").text
    assert number in admin.get("/admin/services/orders").text

    admin.submit(f"/admin/services/orders/{number}", {"note": "Called at noon."})

    assert number not in admin.get("/admin/services/orders").text
    done = admin.get("/admin/services/orders?state=done").text
    assert "Called at noon." in done
    assert "<b>0</b> special services to do" in admin.get("/admin").text
    (mail,) = mails(session, "service_done")
    assert (mail.values["note"], mail.values["for_number"]) == ("Called at noon.", things.order.number)
    page = admin.get(f"/admin/orders/{number}").text
    assert "Called at noon." in page
    assert "Hand over" not in page


def test_a_service_that_cannot_be_done_needs_a_word_and_money_to_give_back(
    things: Desk, admin: Browser, session: Session
) -> None:
    path = f"/admin/services/orders/{things.service_order.number}"
    json = {"accept": "application/json"}

    silent = admin.submit(path, {"act": "give_back", "note": " "}, headers=json)
    unpaid = admin.submit(path, {"act": "give_back", "note": "Nobody answers."}, headers=json)

    assert (silent.status_code, silent.json()["errors"][0]["field"]) == (422, "note")
    assert (unpaid.status_code, unpaid.json()["code"]) == (409, "service.nothing_left")
    session.rollback()
    assert session.exec(select(ServiceOrder.done_at)).one() is None
    assert mails(session, "service_done") == []


def test_one_click_on_an_order_offers_a_service_and_two_clicks_are_one_mail(
    things: Desk, admin: Browser, session: Session
) -> None:
    path = f"/admin/orders/{things.order.number}/services"
    page = admin.get(f"/admin/orders/{things.order.number}").text
    assert "Offer: Certificate or data sheet on paper, €12.00" in page
    paper = make_services.service(session, "paper-certificate")

    for _ in range(2):
        assert (
            admin.submit(path, {"service_id": str(paper.id)}).headers["location"].endswith("service_offered")
        )

    (mail,) = mails(session, "service_offer")
    assert mail.to_address == things.contact.email
    assert (mail.values["for_number"], mail.values["gross_cents"]) == (things.order.number, 1_428)
    offer = session.get_one(ServiceOffer, mail.values["offer_id"])
    assert offer.expires_at - offer.offered_at == timedelta(days=14)
    event = session.exec(select(EffortEvent).where(col(EffortEvent.source_key).startswith("service_"))).one()
    assert (event.order_id, event.cause, event.minutes) == (things.order.id, EffortCause.UNDECIDED, 5)


def test_what_an_order_does_not_allow_is_not_offered(things: Desk, admin: Browser, session: Session) -> None:
    with transaction(session):
        order = session.get_one(Order, things.order.id)
        order.state, order.dispatched_at = OrderState.DISPATCHED, make.NOW
    path = f"/admin/orders/{things.order.number}/services"

    for code, problem in (
        ("address-change", "service.not_possible"),
        ("field-visit", "service.visit_not_approved"),
    ):
        service = make_services.service(session, code)
        answer = admin.submit(path, {"service_id": str(service.id)}, headers={"accept": "application/json"})

        assert (answer.status_code, answer.json()["code"]) == (409, problem)
    assert "Change of the delivery address" not in admin.get(f"/admin/orders/{things.order.number}").text
    assert mails(session, "service_offer") == []


def test_a_company_kept_outside_is_offered_nothing_and_an_offer_on_its_way_is_given_up(
    things: Desk, admin: Browser, session: Session, settings: Settings
) -> None:
    path, json = f"/admin/orders/{things.order.number}/services", {"accept": "application/json"}
    wanted = {"service_id": str(make_services.service(session, "paper-certificate").id)}
    assert admin.submit(path, wanted).status_code == 303
    visit = make_services.field_visit(session, of=things.customer)
    with transaction(session):
        session.get_one(Customer, things.customer.id).segment = Segment.A
    offers = len(session.exec(select(ServiceOffer)).all())

    again = admin.submit(path, wanted, headers=json)
    approved = admin.submit(f"/admin/visits/{visit.id}", {"decision": "approve", "reason": "x"}, headers=json)
    (mail,) = mails(session, "service_offer")
    send_mail(
        session, open_transport("file:///nowhere"), mail_id=mail.id or 0, environments={}, settings=settings,
        now=make.NOW,
    )  # fmt: skip

    for answer in (again, approved):
        assert (answer.status_code, answer.json()["code"]) == (409, "offer.not_admitted")
    assert fresh(session, visit).state is VisitState.REQUESTED
    assert len(session.exec(select(ServiceOffer)).all()) == offers
    (mail,) = mails(session, "service_offer")
    assert mail.state is MailState.ABORTED


def test_an_offer_is_withdrawn_while_nobody_has_taken_it(
    things: Desk, admin: Browser, session: Session
) -> None:
    path = f"/admin/services/offers/{things.offer.id}/withdraw"

    for _ in range(2):
        assert admin.submit(path, {"order": things.order.number}).status_code == 303

    assert fresh(session, things.offer).state is OfferState.WITHDRAWN
    touch = session.exec(select(EffortEvent).where(col(EffortEvent.source_key).endswith(":withdrawn"))).one()
    assert (touch.order_id, touch.cause) == (things.order.id, EffortCause.OURS)
    session.rollback()
    taken = make_services.service_offer(
        session, of=things.customer, state=OfferState.TAKEN, order_id=things.service_order.id
    )
    answer = admin.submit(
        f"/admin/services/offers/{taken.id}/withdraw", headers={"accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "offer.over")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("reason", "A reason is missing"),
        ("expected_contribution_cents", "The expected contribution is missing"),
        ("price_cents", "The price is missing"),
    ],
)
def test_a_visit_without_one_of_its_parts_is_refused_by_its_name(
    things: Desk, admin: Browser, session: Session, missing: str, sentence: str
) -> None:
    answer = admin.submit(f"/admin/customers/{things.customer.number}/visit", {**REQUEST, missing: ""})

    assert answer.status_code == 422
    assert sentence in answer.text
    session.rollback()
    assert len(session.exec(select(FieldVisit)).all()) == 1


def test_who_asks_for_a_visit_cannot_approve_it_and_another_lead_can(
    things: Desk, sign_in: Callable[[Role], Browser], session: Session, database: Database
) -> None:
    asking, other = sign_in(Role.LEAD), sign_in(Role.ADMIN)
    asking.submit(f"/admin/customers/{things.customer.number}/visit", REQUEST)
    session.rollback()
    visit = session.exec(select(FieldVisit).order_by(col(FieldVisit.id).desc())).first()
    assert visit is not None
    path, yes = f"/admin/visits/{visit.id}", {"decision": "approve", "reason": "It pays."}

    refused = asking.submit(path, yes)
    assert (refused.status_code, fresh(session, visit).state) == (409, VisitState.REQUESTED)
    assert "a second person has to approve it" in refused.text
    assert mails(session, "service_offer") == []

    assert other.submit(path, yes).headers["location"].endswith("visit_approved")

    visit = fresh(session, visit)
    (mail,) = mails(session, "service_offer")
    assert (visit.state, visit.offer_id) == (VisitState.APPROVED, mail.values["offer_id"])
    assert mail.values["net_cents"] == 39_000
    assert other.submit(path, yes).status_code == 409
    with database.read_session() as reading:
        broken = {one.invariant for one in check_invariants(reading, now=utc_now())}
    assert "nobody_visits_without_a_second_person" not in broken


def test_operations_may_ask_for_a_visit_and_never_decide(
    things: Desk, sign_in: Callable[[Role], Browser], session: Session
) -> None:
    operations = sign_in(Role.OPERATIONS)

    asked = operations.submit(f"/admin/customers/{things.customer.number}/visit", REQUEST)
    decided = operations.submit(f"/admin/visits/{things.visit.id}", {"decision": "approve", "reason": "x"})

    assert (asked.status_code, decided.status_code) == (303, 403)
    assert fresh(session, things.visit).state is VisitState.REQUESTED


def test_a_visit_of_a_company_without_a_confirmed_person_is_not_approved(
    session: Session, things: Desk
) -> None:
    lonely = make_services.field_visit(session, of=make.customer(session))

    with pytest.raises(Refused) as refused:
        decide_visit(
            session,
            lonely.id or 0,
            is_approved=True,
            reason="x",
            actor=Actor(ActorKind.STAFF, "L", 1),
            now=make.NOW,
        )

    assert refused.value.code == "visit.nobody"
    assert fresh(session, lonely).state is VisitState.REQUESTED


def test_the_report_tells_what_a_visit_brought_since_its_approval(session: Session, things: Desk) -> None:
    decided = {"state": VisitState.APPROVED, "decided_by": "Lea", "decided_by_id": 7, "decided_at": make.NOW}
    offer = make_services.service_offer(
        session, of=things.customer, state=OfferState.TAKEN, order_id=things.service_order.id
    )
    make_services.field_visit(session, of=things.customer, offer_id=offer.id, **decided)
    later = make.NOW + timedelta(days=1)
    with transaction(session):
        session.get_one(Order, things.order.id).accepted_at = make.NOW - timedelta(seconds=1)
        make.order(
            session, of=things.customer, by=things.contact, bundle=things.bundle, state=OrderState.ACCEPTED,
            accepted_at=later,
        )  # fmt: skip

    lines = read_exceptions(session, page=1, now=later).rows

    waiting, visited = lines[0], next(line for line in lines if line.visit.offer_id == offer.id)
    assert waiting.visit.state is VisitState.REQUESTED
    # 25.00 for one bundle of four blocks at 3.00, and 10.00 for the visit.
    brought = visited.brought
    assert (brought.order_count, brought.goods_net_cents, brought.block_cost_cents, brought.paid_cents) == (
        1, 2_500, 1_200, 1_000,
    )  # fmt: skip
    assert brought.contribution_cents == 2_300


def test_the_report_shows_who_and_why_in_german(
    things: Desk, sign_in: Callable[[Role], Browser], session: Session
) -> None:
    make_services.field_visit(
        session, of=things.customer, state=VisitState.APPROVED, decided_by="Lea", decided_by_id=7,
        decided_at=make.NOW, decision_reason="Lohnt sich.",
    )  # fmt: skip
    admin = sign_in(Role.ADMIN)
    admin.headers["accept-language"] = "de"

    page = admin.get("/admin/reports/exceptions").text

    for part in ("Olga Opera", "Eine zweite Linie.", "Trift Anlagen KG", "1.200,00", "Lohnt sich."):
        assert part in page, part
    assert english_in(page) == set()


def test_the_staffs_pages_of_services_read_german_in_every_state(
    things: Desk, sign_in: Callable[[Role], Browser], session: Session
) -> None:
    with transaction(session):
        row = session.exec(select(ServiceOrder)).one()
        row.details = {"note": "Bitte.", "until_on": "2026-03-31"}
    admin = sign_in(Role.ADMIN)
    admin.headers["accept-language"] = "de"

    for path in (
        "/admin/services?new=1",
        "/admin/services/orders",
        f"/admin/orders/{things.service_order.number}",
    ):
        page = admin.get(path).text

        assert english_in(page) == set()


def test_two_people_offer_the_same_at_once_and_it_is_one_offer(
    session: Session, things: Desk, database: Database
) -> None:
    values: dict[str, Any] = {
        "order_number": things.order.number,
        "service_id": make_services.service(session, "paper-certificate").id,
        "quantity": 1,
        "now": make.NOW,
    }
    made = set()
    for name in ("Olga", "Ole"):
        with database.session() as own:
            made.add(offer_service(own, actor=Actor(ActorKind.STAFF, name, 3), **values))

    assert len(made) == 1

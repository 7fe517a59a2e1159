"""The demo company: complete, coherent, made up, and the same after a second run."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlmodel import Session, SQLModel, col, func, select

from app.care.models import Complaint, ComplaintPhoto, FieldVisit
from app.care.queries_effort import waiting_steps
from app.care.queries_offers import open_offers
from app.care.queries_services import count_to_do
from app.care.rules.complaints import ComplaintOutcome, ComplaintState
from app.care.rules.services import VisitState
from app.catalogue.models import (
    Bundle,
    BundleItem,
    BundleVersion,
    Listing,
)
from app.cli.demo import load_demo, rate_demo
from app.cli.demo_company import effort
from app.cli.demo_company.abroad import NEIGHBOURS
from app.cli.demo_company.company import Sizes
from app.cli.demo_company.people import PERSONAS, STAFF
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import Refused
from app.core.security import verify_password
from app.core.transaction import transaction
from app.customers.gate import admission_now
from app.customers.models import Contact, Customer, Screening
from app.customers.rules.admission import Admission
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.vat_ids import VatIdStatus
from app.customers.service import forget_unconfirmed
from app.flows.ask_standing_orders import ask_standing_orders
from app.flows.fill_demo import demo_totp_secrets
from app.flows.screen_customer import complete_keys, screen_all
from app.fulfilment.calendar import work_calendar
from app.fulfilment.models import DeliveryProof
from app.fulfilment.rules.proofs import ProofKind
from app.insights.invariants import check_invariants
from app.mail.models import Mail
from app.mainbrand.models import MainAccount, RatingRun, RunState
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order, TermsVersion
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.vat import VatCase
from app.payments.models import Payment
from app.settings import Settings
from app.staff.models import StaffMember
from app.tables import metadata
from tests import make

SMALL = Sizes(customers=3, bundles=50, orders=12, accounts=5)
ADMISSIONS = {
    "c@demo.example": Admission.ADMITTED,
    "c2@demo.example": Admission.ADMITTED,
    "a@demo.example": Admission.MAIN_BRAND,
    "b@demo.example": Admission.MAIN_BRAND,
    "review@demo.example": Admission.IN_REVIEW,
    "unverified@demo.example": Admission.UNVERIFIED,
    "suspended@demo.example": Admission.SUSPENDED,
    "upgraded@demo.example": Admission.MOVED_UP,
    "review2@demo.example": Admission.IN_REVIEW,
    "review3@demo.example": Admission.IN_REVIEW,
    "at@demo.example": Admission.ADMITTED,
    "ch@demo.example": Admission.ADMITTED,
}


@pytest.fixture
def demo(database: Database, settings: Settings) -> dict[str, int]:
    return load_demo(database, settings, SMALL, seed=1)


def counted(session: Session, model: type[SQLModel]) -> int:
    return session.exec(select(func.count()).select_from(model)).one()


def all_rows(session: Session) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(str, session.execute(select(table)).all()))
        for table in metadata.sorted_tables
        if table.name != "catalogue_states"
    }


def test_each_log_in_stands_where_its_name_says(demo: dict[str, int], session: Session) -> None:
    answers = {
        email: admission_now(session, customer_id, contact_id=contact_id)
        for email, customer_id, contact_id in session.exec(
            select(Contact.email, Contact.customer_id, Contact.id).where(
                col(Contact.email).like("%@demo.example")
            )
        ).all()
    }

    assert answers == ADMISSIONS
    assert {persona.email for persona in (*PERSONAS, *NEIGHBOURS)} == set(ADMISSIONS)


def test_a_comparison_with_the_list_moves_nobody(
    database: Database, settings: Settings, session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=40, bundles=48, orders=12, accounts=400), seed=1)
    session.rollback()
    complete_keys(session)
    before = {customer.number: customer.screening for customer in session.exec(select(Customer))}
    session.rollback()

    done = screen_all(session, now=utc_now())

    session.rollback()
    assert {customer.number: customer.screening for customer in session.exec(select(Customer))} == before
    assert done.compared_count > 40


def test_no_log_in_is_tidied_away_for_weeks(demo: dict[str, int], session: Session) -> None:
    with transaction(session):
        count = forget_unconfirmed(session, now=utc_now() + timedelta(days=28))

    assert count == 0


def test_every_invariant_of_the_shop_holds(demo: dict[str, int], read_session: Session) -> None:
    assert check_invariants(read_session, now=utc_now()) == []


def test_a_second_run_keeps_every_row_as_it_is(
    demo: dict[str, int], database: Database, settings: Settings, read_session: Session
) -> None:
    before = all_rows(read_session)

    added = load_demo(database, settings, SMALL, seed=1)

    assert added == {}
    assert all_rows(read_session) == before


def test_the_demo_shows_a_rating_in_force_and_one_to_look_at(
    demo: dict[str, int], database: Database, settings: Settings, read_session: Session
) -> None:
    assert demo["purchases"] > 0

    rate_demo(database, settings)

    states = [run.state for run in read_session.exec(select(RatingRun).order_by(col(RatingRun.id)))]
    assert states == [RunState.APPLIED, RunState.PROPOSED]
    personas = read_session.exec(
        select(MainAccount.segment)
        .where(col(MainAccount.account_number).like("K-2%"))
        .order_by(col(MainAccount.id))
    ).all()
    assert {Segment.A, Segment.B, Segment.C} == set(personas)
    assert check_invariants(read_session, now=utc_now()) == []


def test_larger_sizes_add_what_is_missing(
    demo: dict[str, int], database: Database, settings: Settings, read_session: Session
) -> None:
    added = load_demo(database, settings, Sizes(customers=5, bundles=60, orders=25, accounts=9), seed=1)

    assert (added["customers"], added["bundles"], added["orders"], added["main_accounts"]) == (2, 10, 8, 4)
    assert counted(read_session, Listing) == 60
    assert check_invariants(read_session, now=utc_now()) == []


def test_new_rows_of_the_shop_get_free_numbers_after_the_demo(
    demo: dict[str, int], database: Database, settings: Settings, session: Session
) -> None:
    with transaction(session):
        made = make.main_account(session, account_number="K-new")

    assert made.id == demo["main_accounts"] + 1


def test_staff_sign_in_with_the_printed_secret(
    demo: dict[str, int], settings: Settings, read_session: Session
) -> None:
    secrets = demo_totp_secrets(read_session, secret_key=settings.secret_key.get_secret_value())

    members = {member.email: member for member in read_session.exec(select(StaffMember))}
    assert list(secrets) == [email for email, *_ in STAFF]
    assert len(set(secrets.values())) == len(STAFF)
    assert all(len(pyotp.TOTP(secret).now()) == 6 for secret in secrets.values())
    assert {email: member.role for email, member in members.items()} == {
        email: role for email, _, role, _ in STAFF
    }
    assert all(member.is_totp_confirmed for member in members.values())
    assert verify_password("schlicht-demo", members["admin@demo.example"].password_hash)


def test_the_demo_is_refused_in_production(database: Database, settings: Settings, session: Session) -> None:
    production = settings.model_copy(update={"env": "production"})

    with pytest.raises(Refused) as refused:
        load_demo(database, production, SMALL, seed=1)

    assert refused.value.code == "demo.not_allowed"
    assert counted(session, Customer) == 0


def test_the_first_log_in_has_a_complaint_to_answer_and_one_that_was_replaced(
    demo: dict[str, int], read_session: Session
) -> None:
    found = read_session.exec(select(Complaint).order_by(col(Complaint.id))).all()
    photo = read_session.exec(select(ComplaintPhoto)).one()
    made = read_session.get_one(Order, found[1].replacement_order_id)

    assert [(one.state, one.outcome) for one in found] == [
        (ComplaintState.OPEN, None),
        (ComplaintState.DECIDED, ComplaintOutcome.REPLACEMENT),
    ]
    assert (photo.complaint_id, photo.content[8:12]) == (found[0].id, b"WEBP")
    assert (made.kind, made.state, made.gross_cents) == (OrderKind.REPLACEMENT, OrderState.ACCEPTED, 0)


def test_the_first_log_in_has_dispatched_orders_and_one_to_dispatch(
    demo: dict[str, int], read_session: Session
) -> None:
    orders = read_session.exec(
        select(Order)
        .join(Contact, col(Contact.id) == col(Order.contact_id))
        .where(Contact.email == "c@demo.example", Order.kind == OrderKind.GOODS)
    ).all()

    assert [order.state for order in sorted(orders, key=lambda order: order.placed_at)] == [
        *([OrderState.DISPATCHED] * 4),
        OrderState.ACCEPTED,
    ]
    payments = {payment.order_id: payment for payment in read_session.exec(select(Payment))}
    assert all(payments[order.id or 0].amount_cents == order.gross_cents for order in orders)
    assert all((payments[order.id or 0].session_id or "").startswith("demo_cs_") for order in orders)
    assert all(order.promised_on > order.placed_at.date() + timedelta(days=7) for order in orders)


def test_the_case_in_review_shows_a_likeness_to_a_main_account(
    demo: dict[str, int], read_session: Session
) -> None:
    screening, name = read_session.exec(
        select(Screening, Customer.company_name)
        .join(Customer, col(Customer.id) == col(Screening.customer_id))
        .join(Contact, col(Contact.customer_id) == col(Customer.id))
        .where(Contact.email == "review@demo.example")
    ).one()

    (match,) = screening.matches
    assert match["segment"] == "B"
    assert not match["is_hard"]
    assert [found["field"] for found in match["evidence"]] == ["phone", "name_and_postal_code", "address"]
    assert sum(found["points"] for found in match["evidence"]) == match["score"] == 99
    assert match["company_name"] != name


def test_every_bundle_earns_money_and_speaks_both_languages(
    demo: dict[str, int], read_session: Session
) -> None:
    costs = dict(
        read_session.exec(
            select(
                BundleItem.bundle_version_id,
                func.sum(BundleItem.quantity_milli * BundleItem.unit_cost_cents) / 1000,
            ).group_by(col(BundleItem.bundle_version_id))
        ).all()
    )
    versions = read_session.exec(select(BundleVersion)).all()

    assert counted(read_session, Bundle) == 54
    assert counted(read_session, Listing) == 50
    assert all(version.price_cents > costs[version.id or 0] for version in versions)
    assert all(
        version.text_de and version.text_en and version.text_de != version.text_en for version in versions
    )


def test_the_terms_say_what_the_brand_leaves_out(demo: dict[str, int], read_session: Session) -> None:
    _older, terms = read_session.exec(select(TermsVersion).order_by(col(TermsVersion.id))).all()

    for word in (
        "§ 14 BGB",
        "§ 377 HGB",
        "Karte",
        "Mindermengenzuschlag",
        "Bei Mängeln haben Sie die gesetzlichen Rechte",
    ):
        assert word in terms.text_de
    for word in (
        "section 14",
        "section 377",
        "card only",
        "low-quantity surcharge",
        "n case of defects you have the statutory rights",
    ):
        assert word in terms.text_en
    assert terms.text_de.count("\n\n") == terms.text_en.count("\n\n")


def test_the_main_brands_list_has_all_segments_in_a_large_demo(
    database: Database, settings: Settings, read_session: Session
) -> None:
    load_demo(database, settings, Sizes(customers=1, bundles=45, orders=0, accounts=200), seed=1)

    segments = dict(
        read_session.exec(select(MainAccount.segment, func.count()).group_by(col(MainAccount.segment))).all()
    )
    assert segments[Segment.C] > segments[Segment.B] > segments[Segment.A] > 5


def test_the_demo_shows_a_customer_on_every_effort_level_and_a_refusal_that_waits(
    demo: dict[str, int], session: Session
) -> None:
    levels = dict(
        session.exec(
            select(Contact.email, Customer.effort_level).join(
                Customer, col(Customer.id) == col(Contact.customer_id)
            )
        ).all()
    )
    suspended = session.exec(
        select(Customer).join(Contact).where(col(Contact.email) == "suspended@demo.example")
    ).one()

    assert set(levels.values()) == set(EffortLevel)
    assert levels["suspended@demo.example"] is EffortLevel.REFUSED
    assert levels["c2@demo.example"] is EffortLevel.WARNED
    assert levels["c@demo.example"] is EffortLevel.NORMAL
    assert suspended.suspended_reason == effort.REASONS[-1]
    assert [standing.proposed_level for standing, _ in waiting_steps(session)] == [EffortLevel.REFUSED]


def test_the_demo_shows_a_service_to_do_an_open_offer_and_a_visit_that_waits(
    demo: dict[str, int], session: Session
) -> None:
    visit = session.exec(select(FieldVisit)).one()

    assert count_to_do(session) == 1
    assert len(open_offers(session, now=utc_now())) == 1
    assert visit.state is VisitState.REQUESTED


def test_the_first_log_in_has_a_standing_order_that_the_worker_asks_for(
    demo: dict[str, int], session: Session
) -> None:
    calendar = work_calendar("SN", "Europe/Berlin")

    assert ask_standing_orders(session, calendar=calendar, now=utc_now()) == 1

    mail = session.exec(select(Mail).where(col(Mail.kind) == "standing_order_asked")).one()
    assert mail.to_address == "c@demo.example"
    assert mail.values["is_orderable"]


def test_the_companies_abroad_bear_no_vat_and_the_austrian_one_is_confirmed_with_its_proof(
    demo: dict[str, int], session: Session
) -> None:
    rows = session.execute(
        select(Contact.email, Customer.vat_status, Order.vat_case, Order.vat_cents)
        .join(Customer, col(Customer.id) == col(Contact.customer_id))
        .join(Order, col(Order.customer_id) == col(Customer.id))
        .where(col(Contact.email).in_([one.email for one in NEIGHBOURS]))
    ).all()

    assert {tuple(row) for row in rows} == {
        ("at@demo.example", VatIdStatus.CONFIRMED, VatCase.INTRA_COMMUNITY, 0),
        ("ch@demo.example", VatIdStatus.UNCHECKED, VatCase.EXPORT, 0),
    }
    assert {proof.kind for proof in session.exec(select(DeliveryProof))} == set(ProofKind)

"""What a company abroad sees and pays: the VAT id is confirmed at the checkout, and an outage never exempts."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Customer, VatCheck
from app.customers.rules.vat_ids import VatIdStatus
from app.insights.invariants import check_invariants
from app.insights.invariants_orders import ORDERS
from app.insights.invariants_vat import VAT
from app.jobs.models import Job
from app.mail.models import Mail
from app.ordering.models import OrderTax
from app.ordering.rules.vat import VatCase
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Exports, Policy, UnconfirmedVat, to_values
from app.shop import Shop
from app.staff.rules.roles import Role
from dev.vat_standin.server import VatStandinProcess
from tests import make, make_services
from tests.flows.till import Till, open_till
from tests.papers import text_of
from tests.web.storefront.test_checkout import filled, orders

VIENNA = {"postal_code": "1010", "city": "Wien", "country": "AT"}
ZURICH = {"postal_code": "8005", "city": "Zürich", "country": "CH"}


@pytest.fixture(scope="module")
def running() -> Iterator[VatStandinProcess]:
    with VatStandinProcess() as standin:
        yield standin


@pytest.fixture
def standin(running: VatStandinProcess, shop: Shop) -> VatStandinProcess:
    running.clear()
    urls = {"vies_url": running.vies_url, "evatr_url": running.evatr_url}
    shop.settings = shop.settings.model_copy(update=urls)
    return running


@pytest.fixture
def till(session: Session, shop: Shop) -> Till:
    opened = open_till(session, shop.db, now=utc_now())
    shop.stripe = opened.stripe  # type: ignore[assignment]
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any], standin: VatStandinProcess) -> Any:
    return browser(till.contact)


def move(session: Session, till: Till, **values: Any) -> None:
    with transaction(session):
        customer = session.get_one(Customer, till.contact.customer_id)
        for name, value in values.items():
            setattr(customer, name, value)


def set_policy(session: Session, **values: Any) -> None:
    with transaction(session):
        stored = to_values(Policy(**values))
        session.add(PolicyVersion(values=stored, changed_by="Robin", created_at=make.NOW))


def test_a_confirmed_company_in_another_eu_state_pays_no_vat_and_reads_why(
    session: Session, till: Till, client: Any
) -> None:
    move(session, till, vat_id="ATU12345675", **VIENNA)

    page = client.get("/checkout")
    answer = client.post("/checkout", data=filled(client, **VIENNA))

    assert "Intra-Community supply, exempt from VAT" in page.text
    assert "VAT 19" not in page.text
    assert answer.status_code == 303
    order = orders(till)[0]
    assert (order.vat_case, order.vat_id) == (VatCase.INTRA_COMMUNITY, "ATU12345675")
    assert (order.vat_cents, order.gross_cents) == (0, 9_500)
    taxes = session.exec(select(OrderTax)).all()
    assert [(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in taxes] == [(0, 9_500, 0)]
    mail = session.exec(select(Mail).where(col(Mail.kind) == "order_received")).one()
    assert mail.values["vat_note"] == "Intra-Community supply, exempt from VAT"
    assert "Intra-Community supply" in client.get(f"/orders/{order.number}").text
    assert session.exec(select(VatCheck.request_id)).one().startswith("standin")
    assert check_invariants(session, now=utc_now(), invariants=(*ORDERS, *VAT)) == []


def test_in_an_outage_german_vat_is_charged_said_so_and_asked_again_in_5_minutes(
    session: Session, till: Till, client: Any, standin: VatStandinProcess
) -> None:
    standin.answer("outage")
    move(session, till, vat_id="ATU12345675", **VIENNA)

    page = client.get("/checkout")
    client.get("/checkout")
    client.post("/checkout", data=filled(client, **VIENNA))

    assert "Your VAT id ATU12345675 is not confirmed at the moment" in page.text
    assert orders(till)[0].vat_case is VatCase.DOMESTIC
    assert orders(till)[0].gross_cents == 11_065
    # One question to each service, however often the page is opened within a minute.
    assert [one["service"] for one in standin.asked()] == ["evatr", "vies"]
    job = session.exec(select(Job).where(col(Job.kind) == "check_vat_id")).one()
    assert timedelta(minutes=4) < job.run_at - utc_now() <= timedelta(minutes=5)


def test_where_the_policy_holds_back_nothing_is_ordered_until_the_id_is_confirmed(
    session: Session, till: Till, client: Any, standin: VatStandinProcess
) -> None:
    set_policy(session, unconfirmed_vat=UnconfirmedVat.HOLD)
    standin.answer("outage")
    move(session, till, vat_id="ATU12345675", **VIENNA)

    refused = client.post("/checkout", data=filled(client, **VIENNA))

    assert refused.status_code == 409
    assert "Your VAT id is not confirmed yet, so the order cannot be placed." in refused.text
    assert orders(till) == []
    assert session.exec(select(Mail)).all() == []


def test_an_invalid_id_pays_german_vat_and_is_sent_to_the_account(
    session: Session, till: Till, client: Any, standin: VatStandinProcess
) -> None:
    standin.answer("invalid")
    move(session, till, vat_id="ATU12345675", **VIENNA)
    client.get("/checkout")

    page = client.get("/checkout")

    assert "The tax authorities do not know your VAT id ATU12345675." in page.text
    assert "VAT 19" in page.text


@pytest.mark.parametrize("vat_id, place", [("DE136695976", VIENNA), ("ATU12345675", {})])
def test_a_german_id_abroad_and_a_foreign_id_at_home_both_pay_german_vat_and_nobody_is_asked(
    session: Session, till: Till, client: Any, standin: VatStandinProcess, vat_id: str, place: dict[str, str]
) -> None:
    move(session, till, vat_id=vat_id, **place)

    client.post("/checkout", data=filled(client, **place))

    assert [order.vat_case for order in orders(till)] == [VatCase.DOMESTIC]
    assert standin.asked() == []


def test_another_country_of_delivery_changes_the_vat_only_after_the_customer_has_seen_it(
    session: Session, till: Till, client: Any
) -> None:
    move(session, till, vat_id="ATU12345675", **VIENNA)

    home = {"postal_code": "04109", "city": "Leipzig", "country": "DE"}
    answer = client.post("/checkout", data=filled(client, **home))

    assert answer.status_code == 409
    assert "The order bears German VAT" in answer.text
    assert orders(till) == []


def test_a_page_left_open_until_the_confirmation_ran_out_is_confirmed_again_and_ordered(
    session: Session, till: Till, client: Any, standin: VatStandinProcess
) -> None:
    confirmed = {"vat_status": VatIdStatus.CONFIRMED, "vat_confirmed_at": utc_now() - timedelta(hours=23)}
    move(session, till, vat_id="ATU12345675", **confirmed, **VIENNA)
    values = filled(client, **VIENNA)
    assert standin.asked() == []
    move(session, till, vat_confirmed_at=utc_now() - timedelta(hours=25))

    answer = client.post("/checkout", data=values)

    assert answer.status_code == 303
    assert [order.vat_case for order in orders(till)] == [VatCase.INTRA_COMMUNITY]
    assert [one["service"] for one in standin.asked()] == ["evatr"]


def test_a_page_left_open_until_the_confirmation_ran_out_orders_nothing_in_an_outage(
    session: Session, till: Till, client: Any, standin: VatStandinProcess
) -> None:
    confirmed = {"vat_status": VatIdStatus.CONFIRMED, "vat_confirmed_at": utc_now() - timedelta(hours=23)}
    move(session, till, vat_id="ATU12345675", **confirmed, **VIENNA)
    values = filled(client, **VIENNA)
    move(session, till, vat_confirmed_at=utc_now() - timedelta(hours=25))
    standin.answer("outage")

    answer = client.post("/checkout", data=values)

    assert answer.status_code == 409
    assert "The order bears German VAT" in answer.text
    assert orders(till) == []


def test_goods_to_switzerland_are_exports_without_vat_and_without_any_confirmation(
    session: Session, till: Till, client: Any, standin: VatStandinProcess
) -> None:
    move(session, till, vat_id="CHE107787577", **ZURICH)

    client.post("/checkout", data=filled(client, **ZURICH))

    order = orders(till)[0]
    assert (order.vat_case, order.gross_cents) == (VatCase.EXPORT, 9_500)
    assert standin.asked() == []
    assert "Export, exempt from VAT" in client.get(f"/orders/{order.number}").text
    paper = text_of(client.get(f"/orders/{order.number}/contract.pdf").content)
    assert "Export, exempt from VAT" in paper
    assert "Total with VAT" not in paper


def test_where_no_exports_are_sold_the_country_is_refused_by_name_and_nothing_is_ordered(
    session: Session, till: Till, client: Any
) -> None:
    set_policy(session, sells_exports=Exports.NOT_SOLD)
    move(session, till, **ZURICH)

    page = client.post("/checkout", data=filled(client, **ZURICH))
    program = client.post("/checkout", data=filled(client, **ZURICH), headers={"accept": "application/json"})

    assert page.status_code == 422
    assert "At present we deliver only to where the VAT law of the EU holds." in page.text
    assert program.status_code == 422
    assert '"country"' in program.text
    assert orders(till) == []


def test_programs_read_the_case_of_the_checkout(session: Session, till: Till, client: Any) -> None:
    move(session, till, vat_id="ATU12345675", **VIENNA)

    told = client.get("/checkout", headers={"accept": "application/json"}).json()

    assert (told["vat_case"], told["vat_note"]) == (
        "intra_community",
        "Intra-Community supply, exempt from VAT",
    )
    assert told["ways"][0]["vat_cents"] == 0


def test_a_service_alone_is_reverse_charge_for_a_confirmed_company_and_bears_vat_before(
    session: Session, till: Till, client: Any
) -> None:
    move(session, till, vat_id="ATU12345675", **VIENNA)
    help_by_phone = f"/services/{make_services.service(session).id}"
    before = client.get(help_by_phone).text
    client.get("/checkout")
    page = client.get(help_by_phone).text
    form = page.split(f'action="{help_by_phone}"')[1].split("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))

    answer = client.post(
        help_by_phone, data={**hidden, "quantity": "2", "accept_terms": "1", "is_business": "1", "note": "?"}
    )

    assert "plus 19" in before
    assert "Reverse charge: you owe the VAT" in page
    assert answer.status_code == 303
    order = orders(till)[0]
    assert (order.vat_case, order.vat_id) == (VatCase.REVERSE_CHARGE, "ATU12345675")
    assert (order.vat_cents, order.gross_cents) == (0, order.charges_net_cents)


def test_the_page_of_a_fee_asks_about_the_vat_id_before_it_names_an_amount(
    session: Session, till: Till, browser: Callable[..., Any], standin: VatStandinProcess
) -> None:
    move(session, till, vat_id="ATU12345675", **VIENNA)
    number = session.get_one(Customer, till.contact.customer_id).number
    session.rollback()

    answer = browser(make.staff_member(session, role=Role.FINANCE)).get(f"/admin/customers/{number}/fee")

    assert answer.status_code == 200
    assert len(session.exec(select(VatCheck)).all()) == 1
    session.expire_all()
    assert session.get_one(Customer, till.contact.customer_id).vat_status is VatIdStatus.CONFIRMED

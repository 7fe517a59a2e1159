"""A company's invoices as a browser meets them; another company's do not exist."""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from sqlmodel import Session

from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.invoices.models import BillingProfile, Invoice, OrderBilling
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from tests import make, make_invoice
from tests.web.storefront.test_orders import told

PDF = b"%PDF-1.7 the bytes of the row"


@pytest.fixture
def order(session: Session, admitted: Contact) -> Order:
    company = session.get_one(Customer, admitted.customer_id)
    return make.order(
        session,
        of=company,
        by=admitted,
        bundle=make.bundle(session, items=[(make.block(session), 1)]),
        state=OrderState.DISPATCHED,
        accepted_at=make.NOW,
        dispatched_at=make.NOW,
    )


@pytest.fixture
def invoice(session: Session, order: Order) -> Invoice:
    return make_invoice.invoice(session, of=order, pdf=PDF)


@pytest.fixture
def correction(session: Session, order: Order, invoice: Invoice) -> Invoice:
    return make_invoice.correction_of(session, invoice, of=order, pdf=PDF + b" again")


@pytest.fixture
def client(browser: Callable[..., Any], admitted: Contact) -> Any:
    return browser(admitted)


def test_the_paper_and_the_data_are_the_bytes_of_the_row(
    client: Any, order: Order, invoice: Invoice, correction: Invoice
) -> None:
    at = f"/orders/{order.number}"
    for path, content, name in (
        (f"{at}/invoice.pdf", PDF, f"{invoice.number}.pdf"),
        (f"{at}/invoice.xml", make_invoice.XML, f"{invoice.number}.xml"),
        (f"{at}/corrections/{correction.number}.pdf", PDF + b" again", f"{correction.number}.pdf"),
        (f"{at}/corrections/{correction.number}.xml", make_invoice.XML, f"{correction.number}.xml"),
    ):
        answer = client.get(path)

        assert (answer.status_code, answer.content) == (200, content), path
        assert name in answer.headers["content-disposition"]
        assert "no-store" in answer.headers["cache-control"]


def test_xrechnung_is_written_when_it_is_asked_for(client: Any, order: Order, invoice: Invoice) -> None:
    answer = client.get(f"/orders/{order.number}/invoice.xml?format=xrechnung")

    root = etree.fromstring(answer.content)
    assert "xrechnung_3.0" in "".join(
        root.xpath("//*[local-name()='GuidelineSpecifiedDocumentContextParameter']//text()")
    )
    assert invoice.number in answer.text
    assert f"{invoice.number}-xrechnung.xml" in answer.headers["content-disposition"]
    assert client.get(f"/orders/{order.number}/invoice.xml?format=edifact").status_code == 422


def test_another_company_meets_what_a_number_that_does_not_exist_meets(
    session: Session, browser: Callable[..., Any], order: Order, invoice: Invoice, correction: Invoice
) -> None:
    stranger = browser(make.contact(session, of=make.customer(session)))
    for theirs, nobodys in (
        (f"/orders/{order.number}/invoice.pdf", "/orders/S-NOBODYS/invoice.pdf"),
        (f"/orders/{order.number}/invoice.xml", "/orders/S-NOBODYS/invoice.xml"),
        (
            f"/orders/{order.number}/corrections/{correction.number}.pdf",
            "/orders/S-NOBODYS/corrections/RK-2026-999999.pdf",
        ),
    ):
        one, other = stranger.get(theirs), stranger.get(nobodys)

        assert one.status_code == other.status_code == 404
        assert told(one) == told(other)
    assert invoice.number not in stranger.get("/account/invoices").text


def test_an_invoice_is_not_found_as_a_correction_and_not_under_another_order(
    session: Session, client: Any, admitted: Contact, order: Order, invoice: Invoice, correction: Invoice
) -> None:
    company = session.get_one(Customer, admitted.customer_id)
    second = make.order(session, of=company, by=admitted, bundle=None)

    for path in (
        f"/orders/{order.number}/corrections/{invoice.number}.pdf",
        f"/orders/{second.number}/corrections/{correction.number}.pdf",
        f"/orders/{second.number}/invoice.pdf",
    ):
        assert client.get(path).status_code == 404, path


def test_who_is_kept_outside_meets_the_closed_door_and_no_paper(
    session: Session, client: Any, admitted: Contact, order: Order, invoice: Invoice
) -> None:
    with transaction(session):
        company = session.get_one(Customer, admitted.customer_id, with_for_update=True)
        company.suspended_at, company.suspended_reason = make.NOW, "x"

    for path in (f"/orders/{order.number}/invoice.pdf", "/account/invoices", "/account/billing"):
        answer = client.get(path)

        assert answer.status_code == 403
        assert PDF not in answer.content
        assert invoice.number not in answer.text


def test_the_pages_lead_to_every_document(
    client: Any, order: Order, invoice: Invoice, correction: Invoice
) -> None:
    for path in (f"/orders/{order.number}", "/account/invoices"):
        text = client.get(path).text

        assert f'href="/orders/{order.number}/invoice.pdf"' in text
        assert f'href="/orders/{order.number}/corrections/{correction.number}.pdf"' in text
        assert f'href="/orders/{order.number}/invoice.xml?format=xrechnung"' in text
        assert f"Correction of {invoice.number}" in text
        assert "€1,359.06" in text
        assert "−€411.53" in text


def test_a_paid_order_without_document_says_when_it_comes(
    session: Session, client: Any, order: Order
) -> None:
    assert "The invoice comes by e-mail" not in client.get(f"/orders/{order.number}").text

    make_invoice.payment_of(session, order)

    assert (
        "The invoice comes by e-mail when the goods have left" in client.get(f"/orders/{order.number}").text
    )
    assert "No invoices yet" in client.get("/account/invoices").text


def test_the_company_says_its_reference_for_one_order_until_the_invoice_is_issued(
    session: Session, client: Any, browser: Callable[..., Any], admitted: Contact, order: Order
) -> None:
    make_invoice.payment_of(session, order)
    at = f"/orders/{order.number}"
    stranger = browser(make.contact(session, of=make.customer(session)))
    refused = stranger.submit(f"{at}/reference", {"buyer_reference": "4711"}, page="/account")
    wrong = client.submit(f"{at}/reference", {"buyer_reference": "4" * 65}, page=at)
    assert (refused.status_code, wrong.status_code) == (404, 422)
    assert ("4" * 65 in wrong.text, session.get(OrderBilling, order.id)) == (True, None)

    answer = client.submit(f"{at}/reference", {"buyer_reference": "4711"}, page=at)

    assert answer.headers["location"] == f"{at}?notice=reference"
    assert 'value="4711"' in client.get(at).text
    session.rollback()
    assert session.get_one(OrderBilling, order.id).buyer_reference == "4711"
    make_invoice.invoice(session, of=order)
    assert "/reference" not in client.get(at).text
    late = client.submit(f"{at}/reference", {"buyer_reference": "4712"}, page="/account")
    session.rollback()
    assert (late.status_code, session.get_one(OrderBilling, order.id).buyer_reference) == (409, "4711")


DETAILS = {"email": "Rechnung@Probst.example", "buyer_reference": "4711", "wants_xrechnung": "1"}


def test_billing_details_are_kept_and_shown_again(session: Session, client: Any, admitted: Contact) -> None:
    answer = client.submit("/account/billing", DETAILS, page="/account/billing")

    assert (answer.status_code, answer.headers["location"]) == (303, "/account/billing?saved=1")
    text = client.get("/account/billing?saved=1").text
    assert "Your billing details are saved." in text
    assert 'value="rechnung@probst.example"' in text
    profile = session.get_one(BillingProfile, admitted.customer_id)
    assert (profile.buyer_reference, profile.wants_xrechnung, profile.name) == ("4711", True, "")


def test_half_an_address_is_told_by_field_as_page_and_as_json_and_nothing_is_lost(
    session: Session, client: Any, admitted: Contact
) -> None:
    values = {**DETAILS, "street": "Ring 1", "country": "AT"}

    answer = client.submit("/account/billing", values, page="/account/billing")
    as_json = client.submit(
        "/account/billing", values, page="/account/billing", headers={"accept": "application/json"}
    )

    assert answer.status_code == as_json.status_code == 422
    assert answer.text.count("Please fill in name and address, or leave all of it empty.") == 6
    assert 'value="Ring 1"' in answer.text
    assert 'value="4711"' in answer.text
    assert {fault["field"] for fault in as_json.json()["errors"]} == {"name", "postal_code", "city"}
    assert session.get(BillingProfile, admitted.customer_id) is None

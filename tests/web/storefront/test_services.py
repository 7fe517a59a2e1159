"""Special services as a browser meets them: the list, the form, the offer, and the order's own page."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from babel.dates import format_date
from sqlmodel import Session, col, select, update

from app.care.models import ServiceOffer, ServiceOrder, SpecialService
from app.care.queries_services import keepings_of
from app.care.rules.services import OfferState, ServiceKind
from app.core.clock import utc_now
from app.core.rendering import LOCALES
from app.core.transaction import transaction
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.shop import Shop
from tests import make, make_services
from tests.flows.services import Counter
from tests.flows.till import CALENDAR, Till, open_till
from tests.papers import pages_of
from tests.web.reading import english_in

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.fixture
def till(session: Session, shop: Shop) -> Till:
    opened = open_till(session, shop.db, now=utc_now())
    shop.stripe = opened.stripe  # type: ignore[assignment]
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any]) -> Any:
    return browser(till.contact)


@pytest.fixture
def goods(till: Till) -> Order:
    return Counter(till).goods()


def place(till: Till, code: str) -> str:
    return f"/services/{Counter(till).service(code).id}"


def filled(client: Any, path: str, **changed: str) -> dict[str, str]:
    """The form of a service as a person sends it."""
    text = client.get(path).text
    form = text.split('<form method="post" action="/services')[1].split("</form>")[0]
    hidden = {name: html.unescape(value) for name, value in FIELD.findall(form)}
    values = {**hidden, "accept_terms": "1", "is_business": "1", **changed}
    return {name: value for name, value in values.items() if value != "-absent-"}


def services(till: Till) -> list[Order]:
    with till.database.read_session() as session:
        return list(session.exec(select(Order).where(col(Order.kind) == OrderKind.SERVICE)))


def test_the_list_shows_each_service_on_sale_with_its_price_and_what_is_free(
    session: Session, client: Any
) -> None:
    with transaction(session):
        session.exec(
            update(SpecialService).where(col(SpecialService.code) == "storage").values(is_active=False)
        )

    text = client.get("/services").text

    for shown in (
        "Change of the delivery address",
        "€9.90",
        "per started 15 minutes",
        "€29.00",
        "costs nothing extra",
    ):
        assert shown in text, shown
    assert "free of charge" in text
    assert "Storage beyond" not in text
    # An order keeps one tracking code only.
    assert "The order shows the tracking code of the first parcel" in text
    assert "Further copy of an invoice" in text
    assert "In your account every invoice is free to download" in text
    assert "Field visit" not in text
    assert 'href="/services"' in client.get("/catalogue").text


def test_help_by_phone_shows_what_each_number_costs_and_leads_to_the_card_page(
    till: Till, client: Any
) -> None:
    path = place(till, "phone-help")
    page = client.get(path).text
    assert "2: €58.00 net, €69.02 with VAT" in page
    assert "version 2026-01" in page

    answer = client.post(path, data=filled(client, path, quantity="2", note="Please call."))

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://pay.example/cs_")
    (order,) = services(till)
    assert order.gross_cents == 6_902
    shown = client.get(f"/orders/{order.number}").text
    for part in ("2 × Help by phone", "€69.02", "Please call.", "Not paid yet", "Pay by card"):
        assert part in shown, part
    assert "Put into the cart again" not in shown
    assert "With you by" not in shown


def test_a_reload_of_the_order_is_one_order(till: Till, client: Any) -> None:
    path = place(till, "phone-help")
    values = filled(client, path)

    places = {client.post(path, data=values).headers["location"] for _ in range(3)}

    assert len(places) == 1
    assert len(services(till)) == 1


def test_a_service_about_an_order_first_asks_for_one_of_ones_own(
    till: Till, client: Any, goods: Order
) -> None:
    path = place(till, "address-change")

    choice = client.get(path).text
    form = client.get(f"{path}?order={goods.number}").text

    assert f"{path}?order={goods.number}" in choice
    assert 'name="street"' not in choice
    assert 'value="Gartenweg 3"' in form
    assert "€9.90" in form
    assert 'name="street"' not in client.get(f"{path}?order=S-NOSUCH").text


def test_storage_shows_the_new_days_and_what_changed_meanwhile_is_not_ordered(
    session: Session, till: Till, client: Any, goods: Order
) -> None:
    path = f"{place(till, 'storage')}?order={goods.number}"
    kind, now = ServiceKind.STORAGE, utc_now()
    kept = keepings_of(session, kind, goods, offered=None, calendar=CALENDAR, now=now)[2]
    days = [format_date(day, locale=LOCALES["en"]) for day in (kept.until_on, kept.arrives_on)]
    assert f"until {days[0]}, with you by {days[1]}: €18.00 net, €21.42 with VAT" in client.get(path).text
    values = filled(client, path, quantity="2")
    with transaction(session):
        session.get_one(Order, goods.id).dispatch_on += timedelta(weeks=1)

    answer = client.post(place(till, "storage"), data=values)

    assert answer.status_code == 409
    assert "have changed since this page was shown" in answer.text
    assert services(till) == []


def test_without_an_order_that_allows_it_the_page_says_so(till: Till, client: Any) -> None:
    assert "None of your orders allows this now" in client.get(place(till, "paper-certificate")).text


def test_a_paid_change_of_address_stands_on_both_orders(till: Till, client: Any, goods: Order) -> None:
    path = place(till, "address-change")
    values = filled(
        client, f"{path}?order={goods.number}", company_name="Probst Werkstatt GmbH", contact_name="Kim Probst",
        street="Hafenweg 9", postal_code="04177", city="Leipzig", country="DE",
    )  # fmt: skip
    url = client.post(path, data=values).headers["location"]
    session_id = till.session_at(url)
    till.stripe.pay(session_id)
    client.get(f"/checkout/return?session_id={session_id}")

    (service,) = services(till)
    own, changed = client.get(f"/orders/{service.number}").text, client.get(f"/orders/{goods.number}").text
    assert "Hafenweg 9" in changed
    assert "Delivery address changed" in changed
    assert "Done" in own
    assert f'href="/orders/{goods.number}"' in own


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("accept_terms", "-absent-", "Please accept the terms"),
        ("is_business", "-absent-", "Please confirm that you order as a business"),
        ("quantity", "9", "Please choose one of the offered values"),
        ("quantity", "x", "Please enter a whole number"),
        ("note", "x" * 501, "at most 500 characters"),
        ("price_cents", "1", "does not belong here"),
    ],
)
def test_a_wrong_field_is_named_what_was_typed_stays_and_nothing_is_ordered(
    till: Till, client: Any, field: str, value: str, sentence: str
) -> None:
    path = place(till, "phone-help")

    answer = client.post(path, data=filled(client, path, **{"purchase_reference": "PO 77", field: value}))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "PO 77" in answer.text
    assert services(till) == []


def test_a_price_that_changed_is_shown_anew_and_ordered_only_when_confirmed(
    session: Session, till: Till, client: Any
) -> None:
    path = place(till, "phone-help")
    values = filled(client, path, note="Keep this.")
    with transaction(session):
        session.exec(
            update(SpecialService).where(col(SpecialService.code) == "phone-help").values(price_cents=3_100)
        )

    answer = client.post(path, data=values)

    assert answer.status_code == 409
    for part in ("have changed since this page was shown", "€31.00", "Keep this."):
        assert part in answer.text, part
    assert services(till) == []
    assert client.post(path, data=filled(client, path)).status_code == 303
    assert (
        client.post(path, data=values, headers={"accept": "application/json"}).json()["code"]
        == "service.changed"
    )


def test_an_offer_is_taken_at_its_frozen_price_and_only_once(
    session: Session, till: Till, client: Any
) -> None:
    offer = make_services.service_offer(session, of=till.customer, price_cents=2_000, quantity=2)
    path = f"/services/offers/{offer.id}"
    assert f'href="{path}"' in client.get("/services").text
    with transaction(session):
        session.exec(update(SpecialService).values(price_cents=9_999, name_en="Renamed"))

    page = client.get(path).text
    answer = client.post(path, data=filled(client, path))

    assert "€47.60" in page
    assert answer.headers["location"].startswith("https://pay.example/cs_")
    (order,) = services(till)
    assert (order.charges_net_cents, order.gross_cents) == (4_000, 4_760)
    session.rollback()
    assert session.get_one(ServiceOffer, offer.id, populate_existing=True).state is OfferState.TAKEN
    assert "taken already" in client.get(path).text
    assert f'href="/orders/{order.number}"' in client.get(path).text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"state": OfferState.WITHDRAWN}, "was withdrawn"),
        ({"expires_at": make.NOW}, "has expired"),
    ],
)
def test_an_offer_that_is_over_says_so_and_sells_nothing(
    session: Session, till: Till, client: Any, values: dict[str, Any], sentence: str
) -> None:
    offer = make_services.service_offer(session, of=till.customer)
    path = f"/services/offers/{offer.id}"
    form = filled(client, path)
    with transaction(session):
        session.exec(update(ServiceOffer).values(**values))

    assert sentence in client.get(path).text
    answer = client.post(path, data=form)

    assert answer.status_code == 409
    assert sentence in answer.text
    assert services(till) == []


def test_another_companys_offer_looks_like_none(
    session: Session, till: Till, browser: Callable[..., Any]
) -> None:
    offer = make_services.service_offer(session, of=till.customer)
    stranger = browser(make.contact(session, of=make.customer(session)))

    answers = [stranger.get(f"/services/offers/{number}") for number in (offer.id, 99_999)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert stranger.submit(f"/services/offers/{offer.id}", {"accept_terms": "1"}).status_code == 404
    assert services(till) == []


def test_a_service_has_a_paper_and_no_delivery_day(session: Session, till: Till, client: Any) -> None:
    day = utc_now().date()
    order = make_services.service_order(
        session, of=till.customer, by=till.contact, promised_on=day
    )  # fmt: skip
    paper = f"/orders/{order.number}/contract.pdf"

    assert f'href="{paper}"' in client.get(f"/orders/{order.number}").text
    first, *_ = pages_of(client.get(paper).content)
    assert "Accepted" in first
    assert "With you by" not in first
    cell = client.get("/orders").text.split('data-label="Delivery day">')[1].split("</td>")[0]
    assert cell == '<span class="nowrap">–</span>'


def test_the_orders_list_says_how_a_service_stands(session: Session, till: Till, client: Any) -> None:
    make_services.service_order(session, of=till.customer, by=till.contact)
    make_services.service_order(
        session, of=till.customer, by=till.contact, state=OrderState.DISPATCHED, dispatched_at=make.NOW
    )

    text = client.get("/orders").text

    assert "Paid, in progress" in text
    assert "Done" in text
    assert "Dispatched" not in text


@pytest.mark.parametrize("code", ["phone-help", "storage", "address-change", "paper-certificate"])
def test_every_form_of_a_service_and_its_order_reads_german(
    session: Session, till: Till, client: Any, goods: Order, code: str
) -> None:
    client.headers["accept-language"] = "de"
    details = {"until_on": "2026-03-31", "note": "Bitte."}
    with transaction(session):
        session.get_one(make.Contact, till.contact.id).language = "de"
    order = make_services.service_order(
        session, of=till.customer, by=till.contact, for_order=goods, code=code, details=details
    )
    with transaction(session):
        session.exec(update(make_services.Charge).values(name="Leistung"))
        session.exec(update(ServiceOrder).values(note="Erledigt."))
    path = place(till, code)

    for url in (path, f"{path}?order={goods.number}", "/services", f"/orders/{order.number}"):
        page = client.get(url)

        assert page.status_code == 200
        assert english_in(page.text) == set()
    assert english_in(client.submit(path, {"order": goods.number}).text) == set()

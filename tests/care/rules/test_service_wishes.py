"""What a customer has to say for a special service, and what an order allows."""

from dataclasses import replace

import pytest

from app.care.rules.service_wishes import (
    BY_OFFER_ONLY,
    POSSIBLE_IN,
    Concerned,
    Wish,
    details_of,
    faults_of_wish,
    is_possible,
    most_units,
    needs_order,
)
from app.care.rules.services import ServiceKind
from app.ordering.rules.states import OrderKind, OrderState

GOODS = Concerned("S-1", OrderKind.GOODS, OrderState.ACCEPTED, "DE", "04177", is_invoiced=True)
ADDRESS = {
    "company_name": "Probst Werkstatt GmbH",
    "contact_name": "Kim Probst",
    "street": "Hafenweg 9",
    "postal_code": "04177",
    "city": "Leipzig",
    "country": "DE",
}


def wrong(kind: ServiceKind, wish: Wish) -> list[str]:
    return [fault.field for fault in faults_of_wish(kind, wish)]


@pytest.mark.parametrize("kind", sorted(POSSIBLE_IN))
def test_a_service_about_an_order_needs_one_of_goods_that_allows_it(kind: ServiceKind) -> None:
    wish = Wish(concerned=GOODS, address=ADDRESS)

    assert wrong(kind, wish) == []
    assert wrong(kind, replace(wish, concerned=None)) == ["order"]
    assert wrong(kind, replace(wish, concerned=replace(GOODS, state=OrderState.RECEIVED))) == ["order"]
    assert wrong(kind, replace(wish, concerned=replace(GOODS, state=OrderState.CANCELLED))) == ["order"]
    assert wrong(kind, replace(wish, concerned=replace(GOODS, kind=OrderKind.SERVICE))) == ["order"]


@pytest.mark.parametrize(
    "kind", [ServiceKind.ADDRESS_CHANGE, ServiceKind.SPLIT_DELIVERY, ServiceKind.STORAGE]
)
def test_what_changes_a_delivery_is_possible_only_before_it_leaves(kind: ServiceKind) -> None:
    gone = replace(GOODS, state=OrderState.DISPATCHED)

    assert is_possible(kind, GOODS)
    assert not is_possible(kind, gone)
    (fault,) = faults_of_wish(kind, Wish(concerned=gone, address=ADDRESS))
    assert "left already" in fault.message


@pytest.mark.parametrize("kind", [ServiceKind.INVOICE_COPY, ServiceKind.PAPER_CERTIFICATE])
def test_papers_can_be_ordered_after_the_goods_have_left(kind: ServiceKind) -> None:
    assert is_possible(kind, replace(GOODS, state=OrderState.DISPATCHED))


def test_a_copy_needs_an_invoice_that_is_issued() -> None:
    for state in OrderState:
        gone = replace(GOODS, state=state, is_invoiced=False)

        assert not is_possible(ServiceKind.INVOICE_COPY, gone)
        (fault,) = faults_of_wish(ServiceKind.INVOICE_COPY, Wish(concerned=gone))
        assert "no invoice yet" in fault.message


@pytest.mark.parametrize("name", sorted(ADDRESS))
def test_each_part_of_a_new_address_is_needed_and_has_its_length(name: str) -> None:
    for text in ("", "x" * 301):
        wish = Wish(concerned=GOODS, address={**ADDRESS, name: text})

        assert wrong(ServiceKind.ADDRESS_CHANGE, wish).count(name) == 1


def test_a_new_address_lies_in_the_same_country_as_prices_and_tax_were_made_for_it() -> None:
    abroad = {**ADDRESS, "country": "AT", "postal_code": "1010"}

    assert wrong(ServiceKind.ADDRESS_CHANGE, Wish(concerned=GOODS, address=abroad)) == ["country"]
    assert wrong(ServiceKind.ADDRESS_CHANGE, Wish(concerned=GOODS, address={**ADDRESS, "country": "US"})) == [
        "country"
    ]
    assert wrong(
        ServiceKind.ADDRESS_CHANGE, Wish(concerned=GOODS, address={**ADDRESS, "postal_code": "1"})
    ) == ["postal_code"]


@pytest.mark.parametrize(
    "country, was, becomes, is_allowed",
    [
        ("DE", "27498", "10115", False),
        ("DE", "78266", "10115", False),
        ("ES", "35001", "28001", False),
        ("DE", "10115", "27498", False),
        ("ES", "28001", "35001", False),
        ("DE", "27498", "78266", True),
        ("ES", "35001", "38001", True),
        ("CH", "8005", "3011", True),
    ],
)
def test_goods_do_not_move_into_or_out_of_where_the_vat_law_of_the_eu_holds(
    country: str, was: str, becomes: str, is_allowed: bool
) -> None:
    concerned = replace(GOODS, country=country, postal_code=was)
    address = {**ADDRESS, "country": country, "postal_code": becomes}

    fields = wrong(ServiceKind.ADDRESS_CHANGE, Wish(concerned=concerned, address=address))

    assert fields == ([] if is_allowed else ["country"])


@pytest.mark.parametrize("kind", sorted(ServiceKind))
def test_the_units_lie_between_one_and_the_most(kind: ServiceKind) -> None:
    wish = Wish(concerned=GOODS, address=ADDRESS, note="Bitte.")
    most = most_units(kind)

    assert [wrong(kind, replace(wish, quantity=count)) for count in (0, -1, most + 1)] == [["quantity"]] * 3
    assert wrong(kind, replace(wish, quantity=most)) == []


def test_only_what_is_needed_is_kept_of_a_wish() -> None:
    wish = Wish(concerned=GOODS, address=ADDRESS, note="Ring at the gate.")

    assert details_of(ServiceKind.INVOICE_COPY, wish) == {"note": "Ring at the gate."}
    assert details_of(ServiceKind.ADDRESS_CHANGE, replace(wish, note="")) == {"address": ADDRESS}


def test_a_field_visit_is_no_service_of_the_list_and_concerns_no_order() -> None:
    assert ServiceKind.FIELD_VISIT in BY_OFFER_ONLY
    assert not needs_order(ServiceKind.FIELD_VISIT)


def test_other_help_needs_a_word_unless_staff_offered_it() -> None:
    assert wrong(ServiceKind.OTHER, Wish()) == ["note"]
    assert faults_of_wish(ServiceKind.OTHER, Wish(), is_offered=True) == []
    assert wrong(ServiceKind.OTHER, Wish(note="x" * 501)) == ["note"]

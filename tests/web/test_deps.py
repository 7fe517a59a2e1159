"""What handlers ask for."""

from collections.abc import Callable

import pytest
from sqlmodel import Session
from starlette.requests import Request

from app.customers.models import Contact
from app.shop import Shop
from app.web.deps import LARGEST_ID, caller_address
from tests import make
from tests.web.conftest import Browser


@pytest.mark.parametrize(
    "connected, counted",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("not an address", "not an address"),
    ],
)
def test_all_addresses_of_one_ipv6_network_are_counted_as_one(
    shop: Shop, connected: str, counted: str
) -> None:
    request = Request({"type": "http", "shop": shop, "headers": [], "client": (connected, 4711)})

    assert caller_address(request) == counted


@pytest.mark.parametrize("number", ["0", "-1", str(LARGEST_ID + 1), str(2**63), "9" * 5000])
@pytest.mark.parametrize("path", ["blocks", "bundles", "mail", "screening"])
def test_a_number_that_no_row_can_have_is_not_found_and_breaks_nothing(
    browser: Callable[..., Browser], session: Session, path: str, number: str
) -> None:
    client = browser(make.staff_member(session))

    assert client.get(f"/admin/{path}/{number}").status_code == 404


def test_a_nul_in_a_form_is_left_out(
    browser: Callable[..., Browser], session: Session, admitted: Contact
) -> None:
    client = browser(admitted)

    answer = client.submit("/language", {"lang": "d\0e", "next": "/imprint"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/imprint")

"""The report of order sizes and the customer's page, as staff see them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from app.core.clock import utc_now
from app.customers.models import Contact, Customer
from app.flows.measure_order_sizes import measure_order_sizes
from app.fulfilment.calendar import work_calendar
from app.staff.rules.roles import Role
from tests import make
from tests.ordering.shopping import orders_of
from tests.web.storefront.test_cart import text

Browsers = Callable[..., Any]


@pytest.fixture
def measured(session: Session) -> Contact:
    """A customer far from the rational size, one that is there, one that is not known; all measured."""
    seals = make.bundle(session, price_cents=1_000)
    far, there, new = (
        make.contact(session, of=make.customer(session, company_name=name))
        for name in ("=Albers KG", "Brandt KG", "Clasen KG")
    )
    now = utc_now()
    orders_of(session, far, [(seals, 3)], days_ago=range(21, 365, 21), now=now)
    orders_of(session, there, [(seals, 9)], days_ago=range(30, 365, 30), now=now)
    orders_of(session, new, [(seals, 2)], days_ago=[20], now=now)
    measure_order_sizes(session, calendar=work_calendar("SN", "Europe/Berlin"), now=now)
    return far


def test_the_report_sorts_pages_and_sums_up(session: Session, browser: Browsers, measured: Contact) -> None:
    staff = browser(make.staff_member(session, role=Role.VIEWER))

    by_distance = text(staff.get("/admin/reports/order-sizes"))
    by_size = text(staff.get("/admin/reports/order-sizes?sort=size"))
    odd = staff.get("/admin/reports/order-sizes?sort=nothing&page=x")

    assert "3, 1 of them below their rational size" in by_distance
    assert by_distance.index("=Albers KG") < by_distance.index("Brandt KG") < by_distance.index("Clasen KG")
    assert by_size.index("Clasen KG") < by_size.index("=Albers KG") < by_size.index("Brandt KG")
    assert "=Albers KG 17 €30.00 €60.00" in by_distance
    assert "50 % 50 % the same" in by_distance
    assert odd.status_code == 200


def test_the_csv_holds_all_and_no_cell_is_a_formula(
    session: Session, browser: Browsers, measured: Contact
) -> None:
    answer = browser(make.staff_member(session)).get("/admin/reports/order-sizes/export.csv")

    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("customer_number;company_name;orders_12_months")
    assert len(lines) == 4
    assert ";'=Albers KG;17;30,00;60,00;42;" in lines[1]
    assert lines[1].endswith(";50,00;50,00")


def test_a_customers_page_shows_the_distance_as_of_now(
    session: Session, browser: Browsers, measured: Contact
) -> None:
    far = session.get_one(Customer, measured.customer_id)
    silent = make.customer(session)
    staff = browser(make.staff_member(session))

    page, other = (staff.get(f"/admin/customers/{one.number}") for one in (far, silent))

    assert "€60.00 every 42 days; saves the customer €1" in text(page)
    assert "50 %, 50 % in the 6 months before the same" in text(page)
    assert "Rational size" not in text(other)


def test_before_the_first_measurement_the_report_says_so(session: Session, browser: Browsers) -> None:
    answer = browser(make.staff_member(session)).get("/admin/reports/order-sizes")

    assert "Nothing measured yet" in text(answer)

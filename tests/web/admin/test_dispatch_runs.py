"""The pages of dispatch: runs with their papers, closing, the calendar, and lists of tracking codes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from babel.dates import format_date
from sqlalchemy import event
from sqlmodel import Session, select

from app.catalogue.models import StockReservation
from app.core.clock import utc_now
from app.core.db import Database
from app.core.transaction import transaction
from app.fulfilment.calendar import work_calendar
from app.fulfilment.models import ClosingDay, DispatchRun, Shipment
from app.fulfilment.rules.runs import Course, with_closed_days
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, to_values
from app.staff.rules.roles import Role
from tests import make, make_money
from tests.papers import pages_of, text_of
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser

BERLIN = work_calendar("SN", "Europe/Berlin")


@dataclass(frozen=True)
class Hall:
    """A packer at a desk with one order, which waits for a run whose cut-off was within the last hour."""

    things: Desk
    packer: Browser
    course: Course
    run_on: date
    next_on: date


@pytest.fixture
def desk(session: Session, things: Desk, sign_in: Callable[[Role], Browser]) -> Hall:
    """The next run leaves tomorrow, or on Monday; whenever this test runs."""
    now = utc_now().astimezone(BERLIN.zone)
    tomorrow = now.date() + timedelta(days=1)
    weekday = tomorrow.isoweekday() if tomorrow.isoweekday() < 7 else 1
    policy = Policy(dispatch_weekday=weekday, cut_off_weekday=now.isoweekday(), cut_off_hour=now.hour)
    course = Course(policy, BERLIN, now.date())
    first, second = course.next_runs(2)
    with transaction(session):
        session.add(PolicyVersion(values=to_values(policy), changed_by="x", reason="x", created_at=make.NOW))
        order = session.get_one(Order, things.order.id)
        order.dispatch_on, order.promised_on = first.run_on, course.arrival_of(first.run_on)
        session.delete(session.get_one(ClosingDay, things.closing_day.id))
    return Hall(things, sign_in(Role.OPERATIONS), course, first.run_on, second.run_on)


def shown(day: date, form: str = "medium") -> str:
    """A day as an English page writes it."""
    return format_date(day, format=form, locale="en_GB")


def more(session: Session, desk: Hall, **values: object) -> Order:
    """A further order of the same company that waits for the same run, unless `values` say otherwise."""
    things = desk.things
    defaults = {
        "state": OrderState.ACCEPTED,
        "accepted_at": make.NOW,
        "dispatch_on": desk.run_on,
        "promised_on": desk.course.arrival_of(desk.run_on),
    }
    with transaction(session):
        return make.order(
            session, of=things.customer, by=things.contact, bundle=things.bundle, **{**defaults, **values}
        )


def test_a_run_shows_its_orders_by_parcel_with_weight_and_what_was_late_before(
    desk: Hall, session: Session
) -> None:
    joined = more(session, desk, joins_order_id=desk.things.order.id, placed_at=make.NOW + timedelta(days=1))
    late = more(session, desk, dispatch_on=desk.course.today - timedelta(days=1))
    later = more(session, desk, dispatch_on=desk.next_on)

    page = desk.packer.get(f"/admin/dispatch/runs/{desk.run_on}").text

    assert f"in the parcel of {desk.things.order.number}" in page
    assert re.search(r"Parcels</dt><dd>2<", page)
    assert re.search(r"Orders to dispatch</dt><dd>3<", page)
    assert all(number in page for number in (joined.number, late.number))
    assert later.number not in page
    assert later.number in desk.packer.get(f"/admin/dispatch/runs/{desk.next_on}").text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2099-01-01", "today"])
def test_a_day_without_a_run_is_not_found(desk: Hall, day: str) -> None:
    assert desk.packer.get(f"/admin/dispatch/runs/{day}").status_code == 404
    assert desk.packer.submit(f"/admin/dispatch/runs/{day}/close").status_code == 404


def test_the_pick_list_sums_the_blocks_of_a_run_and_has_a_box_for_each(desk: Hall, session: Session) -> None:
    more(session, desk)

    english = desk.packer.get(f"/admin/dispatch/runs/{desk.run_on}/pick-list.pdf")
    german = desk.packer.get(
        f"/admin/dispatch/runs/{desk.run_on}/pick-list.pdf", headers={"accept-language": "de"}
    )

    assert english.headers["content-type"] == "application/pdf"
    (page,) = pages_of(english.content)
    assert page[page.index("DI-100/2") :][2:4] == ["8 pieces", "2"]
    assert "8 Stück" in text_of(german.content)
    assert "Entnahmeliste" in text_of(german.content)


def test_each_parcel_has_a_packing_slip_of_its_own_in_its_customers_language_without_prices(
    desk: Hall, session: Session
) -> None:
    joined = more(session, desk, joins_order_id=desk.things.order.id)
    german = more(
        session, desk, language="de", street="Hafenstraße 9", placed_at=make.NOW + timedelta(days=1)
    )

    slips = pages_of(desk.packer.get(f"/admin/dispatch/runs/{desk.run_on}/packing-slips.pdf").content)

    first, second = ("\n".join(slip) for slip in slips)
    assert all(
        words in first
        for words in (
            desk.things.order.number,
            "With order",
            joined.number,
            "PO 4711",
            "1 × Seal pack",
            "4 pieces",
        )
    )
    assert all(
        words in second for words in (german.number, "Packzettel", "Hafenstraße 9", "1 × Dichtungspaket")
    )
    assert "25.00" not in first + second
    assert "€" not in first + second


def test_a_run_is_closed_from_its_page_and_says_what_moved(desk: Hall, session: Session) -> None:
    answer = desk.packer.submit(f"/admin/dispatch/runs/{desk.run_on}/close")

    assert answer.headers["location"] == f"/admin/dispatch/runs/{desk.run_on}?done=run_closed"
    page = desk.packer.get(answer.headers["location"]).text
    assert "Closed on" in page
    assert desk.things.order.number in page
    assert f"They go with the run of {shown(desk.next_on, 'EEEE, d MMMM y')}." in page
    assert f'/admin/dispatch/runs/{desk.next_on}"' in desk.packer.get("/admin/dispatch").text
    assert desk.things.order.number in desk.packer.get(f"/admin/dispatch/runs/{desk.next_on}").text


def test_a_run_that_takes_orders_still_cannot_be_closed_and_its_page_says_until_when(
    desk: Hall, session: Session
) -> None:
    page = desk.packer.get(f"/admin/dispatch/runs/{desk.next_on}").text
    answer = desk.packer.submit(f"/admin/dispatch/runs/{desk.next_on}/close")

    assert "can be closed after that" in page
    assert answer.status_code == 409
    assert "it can be closed after its cut-off" in answer.text
    assert session.exec(select(DispatchRun)).all() == []


def test_a_run_names_the_orders_for_which_goods_are_missing(desk: Hall, session: Session) -> None:
    with transaction(session):
        block = make.block(
            session, sku="RA-9", is_made_to_order=False, stock_milli=3_000, reserved_milli=5_000
        )
        session.add(
            StockReservation(order_id=desk.things.order.id or 0, block_id=block.id or 0, quantity_milli=5_000)
        )

    for path in (f"/admin/dispatch/runs/{desk.run_on}", "/admin/dispatch"):
        page = desk.packer.get(path).text
        assert "Not enough there for the next run" in page
        assert re.search(r"<code>RA-9</code>.*?2 pieces", page, re.S)
    assert "Not enough there" not in desk.packer.get(f"/admin/dispatch/runs/{desk.next_on}").text


def test_a_late_order_is_on_the_list_of_dispatch_in_the_inbox_and_on_its_own_page(
    desk: Hall, session: Session
) -> None:
    with transaction(session):
        make.closing_day(session, desk.run_on)
    moved = with_closed_days(desk.course, [desk.run_on])

    dispatch, own = (
        desk.packer.get("/admin/dispatch").text,
        desk.packer.get(f"/admin/orders/{desk.things.order.number}").text,
    )

    late = dispatch[dispatch.index('id="late"') :]
    assert desk.things.order.number in late
    assert shown(moved.run_for(desk.run_on).run_on) in late
    assert shown(moved.expected_on(desk.run_on)) in late
    assert re.search(r"<b>1</b>\s*orders late", desk.packer.get("/admin").text)
    assert "Leaves now with" in own
    assert f"/admin/dispatch/runs/{moved.run_for(desk.run_on).run_on}" in own


def test_closing_days_are_entered_looked_at_twice_and_taken_away(desk: Hall, session: Session) -> None:
    values = {"first_on": desk.run_on.isoformat(), "last_on": "", "name": "Inventory"}

    asked = desk.packer.submit("/admin/dispatch/calendar", values)
    done = desk.packer.submit("/admin/dispatch/calendar", {**values, "is_confirmed": "1"})

    assert asked.status_code == 409
    assert "Accepted orders that become late by it: 1." in asked.text
    assert 'name="is_confirmed" type="checkbox" value="1"' in asked.text
    assert f'value="{desk.run_on}"' in asked.text
    assert done.headers["location"].endswith("done=calendar_closed")
    page = desk.packer.get("/admin/dispatch/calendar").text
    assert shown(desk.run_on, "EEEE, d MMMM y") in page
    assert (
        f"/admin/dispatch/runs/{with_closed_days(desk.course, [desk.run_on]).next_runs(1)[0].run_on}" in page
    )
    assert re.search("Christmas Day|Easter Monday|Good Friday", page)
    assert desk.packer.submit(f"/admin/dispatch/calendar/{desk.run_on}/remove").status_code == 303
    assert desk.run_on not in session.exec(select(ClosingDay.day)).all()
    assert desk.packer.submit(f"/admin/dispatch/calendar/{desk.run_on}/remove").status_code == 404


def test_a_wrong_day_keeps_what_was_typed_and_names_the_field(desk: Hall, session: Session) -> None:
    answer = desk.packer.submit(
        "/admin/dispatch/calendar", {"first_on": "2026-02-30", "name": "Company <b>trip"}
    )

    assert answer.status_code == 422
    assert 'id="f-first_on-error"' in answer.text
    assert "Company &lt;b&gt;trip" in answer.text
    assert session.exec(select(ClosingDay)).all() == []


def test_a_list_is_shown_first_and_then_its_good_lines_leave(desk: Hall, session: Session) -> None:
    second, unpaid = more(session, desk), more(session, desk, state=OrderState.RECEIVED, accepted_at=None)
    content = (
        "Bestellnummer;Sendungsnummer;Versanddienst\n"
        f"{desk.things.order.number};T-1;Bote Größe\n{second.number};T-2;\n{unpaid.number};T-3;\nS-NOWHERE;T-4;\n"
    ).encode("cp1252")

    shown = desk.packer.submit(
        "/admin/dispatch/tracking", {"carrier": "Post"}, files={"file": ("list.csv", content, "text/csv")}
    )

    assert shown.status_code == 200
    assert "2 orders leave" in shown.text
    assert re.search(r'data-label="Line"[^>]*>4<.*?This order is not accepted', shown.text, re.S)
    assert re.search(r'data-label="Line"[^>]*>5<.*?There is no such order', shown.text, re.S)
    assert session.exec(select(Shipment)).all() == []
    hidden = dict(re.findall(r'name="(list|carrier|mark)" value="([^"]*)"', shown.text))
    done = desk.packer.submit("/admin/dispatch/tracking", {**hidden, "act": "dispatch"})
    again = desk.packer.submit("/admin/dispatch/tracking", {**hidden, "act": "dispatch"})
    assert done.headers["location"] == "/admin/dispatch?done=dispatched"
    session.rollback()
    assert [(one.carrier, one.tracking_code) for one in session.exec(select(Shipment).order_by("id"))] == [
        ("Bote Größe", "T-1"),
        ("Post", "T-2"),
    ]
    assert again.status_code == 200
    assert "Left before and passed over:" in again.text
    assert fresh(session, unpaid).state is OrderState.RECEIVED


def test_a_list_whose_orders_changed_since_it_was_shown_is_shown_again(desk: Hall, session: Session) -> None:
    text = f"{desk.things.order.number};T-1\nS-LATER01;T-2"
    shown = desk.packer.submit("/admin/dispatch/tracking", {"list": text, "act": "preview"}).text
    mark = re.findall(r'name="mark" value="([^"]*)"', shown)[0]
    more(session, desk, number="S-LATER01")

    answer = desk.packer.submit("/admin/dispatch/tracking", {"list": text, "mark": mark, "act": "dispatch"})

    assert answer.status_code == 409
    assert "The orders have changed since this list was shown." in answer.text
    session.rollback()
    assert session.exec(select(Shipment)).all() == []


def test_a_list_that_is_too_large_is_refused_with_the_bound(desk: Hall, session: Session) -> None:
    files = {"file": ("list.csv", b"x" * 300_000, "text/csv")}

    answer = desk.packer.submit("/admin/dispatch/tracking", {}, files=files)

    assert answer.status_code == 422
    assert "at most 200 kB" in answer.text


def test_each_promise_costs_one_small_query_of_the_calendar_and_the_kept_list_none(
    browser: Callable[..., Browser], things: Desk, database: Database
) -> None:
    seen: list[str] = []
    customer = browser(things.contact)
    customer.submit("/cart/lines", {"bundle_id": str(things.bundle.id), "quantity": "2"})

    def note(*arguments: object) -> None:
        if "closing_days" in str(arguments[2]):
            seen.append(str(arguments[2]))

    counts = {}
    event.listen(database.reading, "before_cursor_execute", note)
    try:
        for path in ("/catalogue", "/catalogue", f"/bundles/{things.bundle.slug}", "/cart", "/orders"):
            seen.clear()
            assert customer.get(path).status_code == 200
            counts[path] = len(seen)
    finally:
        event.remove(database.reading, "before_cursor_execute", note)

    # The second time the list is kept: nothing is asked.
    assert counts == {"/catalogue": 0, f"/bundles/{things.bundle.slug}": 1, "/cart": 1, "/orders": 0}


def test_a_charged_back_order_stands_on_run_desk_and_inbox_until_a_person_lets_it_go(
    session: Session, desk: Hall
) -> None:
    number = desk.things.order.number
    at, run = f"/admin/orders/{number}", f"/admin/dispatch/runs/{desk.run_on}"
    make_money.dispute(session, about=desk.things.order)

    assert "<b>1</b> orders held, payment charged back" in " ".join(desk.packer.get("/admin").text.split())
    assert f"{at}#chargeback" in desk.packer.get("/admin/dispatch").text
    assert (
        ">charged back</a>" in desk.packer.get(run).text,
        f"f-number-{number}" in desk.packer.get(run).text,
    ) == (
        True,
        False,
    )
    refused = desk.packer.submit("/admin/dispatch", {"number": number}, page=at)
    assert (refused.status_code, "its payment was charged back" in refused.text) == (409, True)
    assert desk.packer.submit(f"{at}/chargeback", {"reason": ""}, page=at).status_code == 422
    assert desk.packer.submit(f"{at}/chargeback", {"reason": "paid by transfer"}, page=at).status_code == 303
    assert "paid by transfer" in desk.packer.get(at).text
    assert f"f-number-{number}" in desk.packer.get(run).text

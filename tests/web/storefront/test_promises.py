"""How the end of a promise is told."""

from datetime import UTC, date, datetime

from app.fulfilment.calendar import work_calendar
from app.ordering.rules.promise import Promise
from app.web.storefront.promises import LastOrder, last_order

CALENDAR = work_calendar("SN", "Europe/Berlin")


def test_a_promise_that_ends_at_local_midnight_holds_for_the_whole_day_before() -> None:
    promise = Promise(date(2026, 7, 7), date(2026, 7, 9), datetime(2026, 7, 1, 22, tzinfo=UTC))

    assert last_order(promise, CALENDAR) == LastOrder(date(2026, 7, 1), None)


def test_a_promise_that_ends_at_a_cut_off_tells_the_moment() -> None:
    noon = datetime(2026, 7, 6, 10, tzinfo=UTC)

    assert last_order(Promise(date(2026, 7, 7), date(2026, 7, 9), noon), CALENDAR) == LastOrder(
        date(2026, 7, 6), noon
    )

"""The page of differences: what differs, the way to mend it, and who may press the button."""

from collections.abc import Callable

from sqlmodel import Session, col, select

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.jobs.models import Job
from app.ordering.service_freeze import freeze_sales
from app.payments.rules.books import Difference, Mend
from app.staff.rules.roles import Role
from app.web.admin.difference_words import BUTTONS, BY_THE_SHOP, DIFFERENCES, way_out
from tests import make
from tests.web.conftest import Browser

PAGE = "/admin/payments/reconciliation"


def test_a_difference_stands_with_both_amounts_and_its_way_out_and_a_button_only_where_the_shop_can_mend_it(
    session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    with transaction(session):
        make.book_difference(session, object_id="pi_left", order_number="S-2026-4711")
        make.book_difference(
            session,
            kind=Difference.UNKNOWN_ORDER,
            object_id="pi_lost",
            order_number="S-2026-4712",
            mend=Mend.NONE,
        )
        freeze_sales(session, backup_made_at=make.NOW, now=utc_now())
    finance = sign_in(Role.FINANCE)

    text = finance.get(PAGE).text

    for word in ("pi_left", "S-2026-4711", "119.00", "pi_lost", "Nothing is sold until"):
        assert word in text
    assert 'href="/admin/orders/S-2026-4712"' not in text
    assert text.count("/mend") == 1
    assert "Settle again" not in sign_in(Role.VIEWER).get(PAGE).text
    assert "differences to Stripe" in finance.get("/admin").text


def test_pressing_the_button_puts_the_job_once_and_says_who_asked(
    session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    with transaction(session):
        row = make.book_difference(session, mend=Mend.FOLLOW_REFUND, kind=Difference.REFUND_UNKNOWN)
        row_id = row.id
    finance = sign_in(Role.FINANCE)

    answer = finance.post(f"{PAGE}/{row_id}/mend", data={"csrf": finance.csrf(PAGE)})

    assert answer.headers["location"] == f"{PAGE}?done=mending"
    assert "Asked for by" in finance.get(PAGE).text
    jobs = session.exec(select(Job).where(col(Job.kind) == "look_at_refund")).all()
    assert [job.args for job in jobs] == [{"stripe_refund_id": row.object_id}]


def test_each_difference_and_each_way_to_mend_it_has_its_words() -> None:
    assert set(DIFFERENCES) == set(Difference)
    assert set(BUTTONS) == set(BY_THE_SHOP) == set(Mend) - {Mend.NONE}
    assert all(way_out(kind, mend) for kind in Difference for mend in Mend)

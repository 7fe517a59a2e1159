"""The desk of ratings: what would change, applying and undoing it, an account's evidence, and overrides."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Customer
from app.flows.rate_accounts import rate_accounts
from app.mainbrand.models import MainAccount, OverrideState, Purchase, RatingOverride, RatingRun, RunState
from app.mainbrand.rules.segments import Segment
from app.staff.rules.roles import Role
from app.web.admin.rating_plot import HEIGHT, WIDTH, plot_of
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser


@pytest.fixture
def admin(sign_in: Callable[[Role], Browser]) -> Browser:
    return sign_in(Role.ADMIN)


@pytest.fixture
def proposed(session: Session) -> MainAccount:
    """A C-account that grew in two years, and a proposal that makes it B."""
    now = make.NOW
    account = make.main_account(
        session, account_number="K-77", company_name="Wacholderrode Hydraulik KG", segment=Segment.C
    )
    member = make.customer(session, main_account_id=account.id)
    make.contact(session, of=member)
    lines = [(10, 400_000), (50, 400_000), (80, 400_000), (400, 300_000), (725, 300_000)]
    rows = [
        Purchase(
            import_key=f"k{days}", account_number="K-77", invoice_number="R", sku=f"S{days}", quantity_milli=1000,
            net_cents=cents, currency="EUR", purchased_at=now - timedelta(days=days),
        )
        for days, cents in lines
    ]  # fmt: skip
    make.saved(session, *rows)
    rate_accounts(
        session,
        as_of=None,
        is_dry_run=False,
        is_proposal=True,
        actor=Actor(ActorKind.COMMAND, "shop rate"),
        now=now,
    )
    return account


def test_a_proposal_shows_who_moves_and_whose_admission_is_lost(
    admin: Browser, proposed: MainAccount
) -> None:
    page = admin.get("/admin/ratings").text

    assert "Wacholderrode Hydraulik KG" in page
    assert "<b>1</b> accounts change their segment" in page
    assert "<b>1</b> customers lose admission" in page
    assert "Bought in 3 of 12 months, up 100" in page
    assert "the plain rule says who may grow" in page


def test_applying_and_undoing_are_one_click_each(
    admin: Browser, proposed: MainAccount, session: Session
) -> None:
    run = session.exec(select(RatingRun)).one()

    applied = admin.submit(f"/admin/ratings/{run.id}/apply", {})

    assert applied.headers["location"] == "/admin/ratings?done=rating_applied"
    assert fresh(session, proposed).segment is Segment.B
    assert "Undo rating" in admin.get("/admin/ratings").text

    undone = admin.submit(f"/admin/ratings/{run.id}/undo", {"reason": "wrong list"})

    assert undone.headers["location"] == "/admin/ratings?done=rating_undone"
    assert fresh(session, proposed).segment is Segment.C
    assert fresh(session, run).state is RunState.UNDONE


def test_a_proposal_that_is_out_of_date_says_so_and_changes_nothing(
    admin: Browser, proposed: MainAccount, session: Session
) -> None:
    run = session.exec(select(RatingRun)).one()
    make.main_account(session)

    page = admin.get("/admin/ratings").text
    answer = admin.submit(f"/admin/ratings/{run.id}/apply", {})

    assert "have changed since" in page
    assert answer.status_code == 409
    assert "work out a new rating" in answer.text
    assert fresh(session, proposed).segment is Segment.C


def test_the_page_of_an_account_tells_evidence_history_and_what_would_change_it(
    admin: Browser, proposed: MainAccount, session: Session
) -> None:
    run = session.exec(select(RatingRun)).one()
    admin.submit(f"/admin/ratings/{run.id}/apply", {})

    page = admin.get(f"/admin/accounts/{proposed.id}").text

    assert "Bought in 3 of 12 months, up 100" in page
    assert "€12,000.00" in page
    assert "It stays B by revenue while it loses no more than €2,000.00 of it." in page
    assert "€38,000.00 more in 12 months would make it A." in page
    assert "reaches the B threshold of 10,000.00" in page
    assert "Robin admin" in page


def test_the_page_of_an_account_speaks_german_to_a_german_reader(
    admin: Browser, proposed: MainAccount, session: Session
) -> None:
    run = session.exec(select(RatingRun)).one()
    admin.submit(f"/admin/ratings/{run.id}/apply", {})
    admin.submit("/admin/language", {"lang": "de"})

    page = admin.get(f"/admin/accounts/{proposed.id}").text

    assert "Hat in 3 von 12 Monaten gekauft, 100" in page


def test_a_wrong_override_is_named_and_nothing_is_lost(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit(
        f"/admin/accounts/{things.account.id}/override",
        {"segment": "C", "reason": "moves away", "last_on": ""},
    )

    assert answer.status_code == 422
    assert "Please enter a date" in answer.text
    assert 'value="moves away"' in answer.text
    assert fresh(session, things.account).segment is Segment.A


def test_an_override_counts_until_a_person_ends_it(admin: Browser, things: Desk, session: Session) -> None:
    last_on = (utc_now().date() + timedelta(days=9)).isoformat()
    base = f"/admin/accounts/{things.account.id}"

    answer = admin.submit(f"{base}/override", {"segment": "C", "reason": "moves away", "last_on": last_on})

    assert answer.headers["location"] == f"{base}?done=overridden"
    assert fresh(session, things.account).segment is Segment.C
    page = admin.get(base).text
    assert "overridden" in page
    assert "moves away" in page
    override = session.exec(
        select(RatingOverride).where(RatingOverride.main_account_id == things.account.id)
    ).one()

    admin.submit(f"/admin/overrides/{override.id}", {"decision": "end"})

    assert fresh(session, things.account).segment is Segment.A
    assert fresh(session, override).state is OverrideState.ENDED


def test_a_second_override_of_a_customer_is_refused_beside_its_form(
    admin: Browser, things: Desk, session: Session
) -> None:
    base = f"/admin/customers/{things.customer.number}"
    last_on = (utc_now().date() + timedelta(days=9)).isoformat()
    admin.submit(f"{base}/override", {"segment": "B", "reason": "grows", "last_on": last_on})

    answer = admin.submit(f"{base}/override", {"segment": "A", "reason": "much", "last_on": last_on})

    assert answer.status_code == 409
    assert "end that one first" in answer.text
    assert 'value="much"' in answer.text
    assert fresh(session, things.customer).segment is Segment.B


def test_the_inbox_counts_waiting_overrides_and_growing_customers(
    admin: Browser, things: Desk, session: Session
) -> None:
    with transaction(session):
        session.get_one(Customer, things.customer.id).growing_since = make.NOW

    inbox = admin.get("/admin").text
    found = admin.get("/admin/customers?growing=1").text
    page = admin.get(f"/admin/customers/{things.customer.number}").text

    assert "<b>1</b> overrides to approve" in inbox
    assert "<b>1</b> customers are growing" in inbox
    assert things.customer.number in found
    assert things.applicant.number not in found
    assert "buys here for more than the policy" in page


def test_every_dot_and_threshold_of_the_plot_lies_inside_it() -> None:
    rows = [(-500, 0, "C"), (0, 10_000, "B"), (10**13, 5_000, "A"), (900_000, 1_400, "C")]

    plot = plot_of(rows, a_cents=5_000_000, b_cents=1_000_000, prospect_bound_bp=1_500)

    assert all(0 < dot.x < WIDTH and 0 < dot.y < HEIGHT for dot in plot.dots)
    assert plot.left < plot.b_x < plot.a_x < plot.right
    c_dot = next(dot for dot in plot.dots if dot.kind == "c" and dot.x > plot.left)
    assert c_dot.x < plot.b_x
    assert c_dot.y > plot.bound_y

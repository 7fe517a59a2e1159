from collections.abc import Callable
from datetime import timedelta

from sqlmodel import Session

from app.care.rules.levels import LADDER
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Objection
from app.flows.review_effort import review_all_efforts
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.staff.rules.roles import Role
from tests import make
from tests.flows.effort import REFUSAL, WARNING, Care, company_with_an_order
from tests.web.admin.conftest import fresh
from tests.web.conftest import Browser
from tests.web.reading import visible_text

NORMAL, WARNED, FEE, REFUSED = LADDER


def busy(session: Session, **values: object) -> Care:
    """A company whose first step up is due, or waits for a person."""
    now = utc_now() - timedelta(hours=1)
    care = company_with_an_order(session, now, company_name="Öttinger Blechbau e.K.", **values)
    care.touch(WARNING, at=now)
    care.review(now)
    return care


def page(care: Care) -> str:
    return f"/admin/customers/{care.customer().number}/effort"


def test_the_desk_tells_what_waits_for_a_person_and_takes_the_decision(
    session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    care = busy(session, legal_form="e.K.")
    lead = sign_in(Role.LEAD)

    assert "1 steps of effort to decide" in visible_text(lead.get("/admin").text)
    assert "Öttinger Blechbau e.K. normal → warned" in visible_text(lead.get("/admin/effort").text)
    values = {"proposed": "warned", "decision": "confirm", "reason": "Seventy minutes for one small order."}
    assert lead.submit(f"{page(care)}/step", {**values, "reason": ""}).status_code == 422
    assert lead.submit(f"{page(care)}/step", values).headers["location"].endswith("?done=effort_decided")
    assert lead.submit(f"{page(care)}/step", values).status_code == 409

    assert care.customer().effort_level is WARNED
    assert "Seventy minutes for one small order. Robin lead" in visible_text(lead.get(page(care)).text)


def test_a_failed_delivery_is_noted_on_the_order_and_a_form_with_a_mistake_loses_nothing(
    session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    care = busy(session)
    ops = sign_in(Role.OPERATIONS)
    path = f"/admin/orders/{care.order_number}"
    values = {
        "kind": "failed_delivery",
        "cause": "theirs",
        "minutes": "x",
        "note": "Gate shut.",
        "form_key": "k" * 8,
    }

    wrong = ops.submit(f"{path}/effort", values)
    assert wrong.status_code == 422
    assert "Please enter a whole number." in visible_text(wrong.text)
    assert 'value="Gate shut."' in wrong.text
    assert ops.submit(f"{path}/effort", {**values, "minutes": ""}).status_code == 409

    with transaction(session):
        left = session.get_one(Order, care.order_id)
        left.state, left.dispatched_at = OrderState.DISPATCHED, make.NOW
    done = ops.submit(f"{path}/effort", {**values, "minutes": ""})

    assert done.headers["location"] == f"{path}?done=effort_noted"
    text = visible_text(ops.get(path).text)
    assert "Failed delivery, 20 minutes the customer's doing Gate shut." in text
    assert "Delivery failed" in text


def test_a_cause_is_corrected_from_the_ledger(session: Session, sign_in: Callable[[Role], Browser]) -> None:
    care = busy(session)
    event_id = care.touch(10, at=utc_now())
    lead = sign_in(Role.LEAD)

    wrong = lead.submit(f"/admin/effort/{event_id}", {"cause": "ours", "reason": ""})
    done = lead.submit(f"/admin/effort/{event_id}", {"cause": "ours", "reason": "our label was wrong"})

    assert wrong.status_code == 422
    assert f'id="f-reason-{event_id}-error"' in wrong.text
    assert done.headers["location"] == f"{page(care)}?done=effort_corrected"
    assert "corrected by Robin lead" in visible_text(lead.get(page(care)).text)


def test_an_override_is_set_and_ended_on_the_ledgers_page(
    session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    care = busy(session)
    lead = sign_in(Role.LEAD)
    ends_on = (utc_now().date() + timedelta(days=20)).isoformat()
    values = {"level": "normal", "ends_on": ends_on, "reason": "A new buyer learns."}

    assert lead.submit(f"{page(care)}/override", {**values, "ends_on": "soon"}).status_code == 422
    lead.submit(f"{page(care)}/override", values)
    assert care.customer().effort_level is NORMAL
    assert "A new buyer learns." in visible_text(lead.get(page(care)).text)
    lead.submit(f"{page(care)}/override", {"act": "end"})

    assert care.customer().effort_level is WARNED


def test_an_objection_to_the_effort_shows_its_touches_and_takes_them_back(
    session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    care = busy(session)
    event_id = care.touch(REFUSAL, at=utc_now())
    contact = session.get_one(Order, care.order_id).contact_id
    row = make.saved(
        session,
        Objection(
            customer_id=care.customer_id, contact_id=contact, against="effort", text="It was yours.",
            created_at=make.NOW,
        ),
    )  # fmt: skip
    path = f"/admin/objections/{row.id}"
    lead = sign_in(Role.LEAD)
    values = {"outcome": "upheld", "answer": "Indeed, our label was wrong."}

    shown = visible_text(lead.get(path).text)
    nothing = lead.submit(path, values)
    done = lead.submit(path, {**values, f"event_{event_id}": "1"})

    assert "Help on the phone, 180 minutes" in shown
    assert nothing.status_code == 422
    assert "Please tick what was our doing" in visible_text(nothing.text)
    assert done.status_code == 303
    assert "effort level" in visible_text(lead.get("/admin/objections?state=answered").text)
    assert fresh(session, row).outcome == "upheld"


def test_customers_are_ranked_by_what_is_left_as_page_plot_and_file(
    session: Session, sign_in: Callable[[Role], Browser]
) -> None:
    care = busy(session)
    rich = company_with_an_order(session, utc_now() - timedelta(hours=1), company_name="=Rich & Söhne GmbH")
    review_all_efforts(session, now=utc_now())
    viewer = sign_in(Role.VIEWER)

    answer = viewer.get("/admin/reports/cost-to-serve")
    best = viewer.get("/admin/reports/cost-to-serve?order=best")
    file = viewer.get("/admin/reports/cost-to-serve.csv")

    text = visible_text(answer.text)
    assert text.index("Öttinger Blechbau e.K.") < text.index("=Rich & Söhne GmbH")
    assert best.text.index("=Rich") < best.text.index("ttinger Blechbau")
    assert answer.text.count('class="plot-b"') == 1
    assert answer.text.count('class="plot-dot"') == 1
    rows = [line.split(";") for line in file.content.decode("utf-8-sig").splitlines()[1:]]
    assert [row[:7] for row in rows] == [
        [care.customer().number, "Öttinger Blechbau e.K.", "warned", "8676", "5250", "5250", "3426"],
        [rich.customer().number, "'=Rich & Söhne GmbH", "normal", "8676", "0", "0", "8676"],
    ]


def test_the_ledger_of_a_company_that_does_not_exist_is_not_found(sign_in: Callable[[Role], Browser]) -> None:
    lead = sign_in(Role.LEAD)

    assert lead.get("/admin/customers/K-NOBODY/effort").status_code == 404
    assert lead.submit("/admin/effort/999", {"cause": "ours", "reason": "x"}).status_code == 404
    assert lead.submit("/admin/orders/S-NOBODY/effort", {}).status_code in (404, 422)

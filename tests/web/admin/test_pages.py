"""What stands on the staff's pages, and what their forms do."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app.catalogue.models import Block
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.fulfilment.models import Shipment
from app.mail.models import Mail, MailState
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order, OrderEvent, OrderLine
from app.ordering.rules.states import OrderState
from app.payments.models import Payment
from app.payments.rules.states import PaymentState
from app.staff.rules.roles import Role
from app.web.admin.timeline import order_timeline
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser


def test_the_inbox_counts_what_waits(admin: Browser) -> None:
    page = " ".join(admin.get("/admin").text.split())

    assert "<b>1</b> registrations to review" in page
    assert "<b>1</b> orders late" in page
    assert "<b>1</b> e-mails failed" in page
    assert "<b>0</b> jobs failed for good" in page


@pytest.mark.parametrize("text", ["4711", "ttinger Blech", "ANNA@oettinger", "{number}"])
def test_an_order_is_found_by_number_company_address_and_reference(
    admin: Browser, things: Desk, text: str
) -> None:
    wanted = text.format(number=things.order.number)

    link = f'href="/admin/orders/{things.order.number}"'
    assert link in admin.get("/admin/orders", params={"q": wanted}).text
    assert link not in admin.get("/admin/orders", params={"q": wanted + "zzz"}).text
    assert link not in admin.get("/admin/orders", params={"q": wanted, "state": "cancelled"}).text


def test_signs_of_a_pattern_are_looked_for_as_they_stand(admin: Browser, things: Desk) -> None:
    for text in ("%", "_", "' OR 1=1 --", "\x00"):
        assert things.order.number not in admin.get("/admin/orders", params={"q": text + "§"}).text


def test_a_list_goes_on_on_the_next_page(admin: Browser, session: Session, things: Desk) -> None:
    with transaction(session):
        for n in range(60):
            make.main_account(session, account_number=f"P{n:03d}", company_name=f"Firma {n} GmbH")

    first = admin.get("/admin/accounts?q=P0").text
    second = admin.get("/admin/accounts?q=P0&page=2").text

    assert ("P049" in first, "P050" in first) == (True, False)
    assert ("P049" in second, "P050" in second) == (False, True)
    assert "q=P0&amp;page=2" in first
    assert admin.get("/admin/accounts?page=-3").status_code == 200
    assert admin.get("/admin/accounts?page=x&segment=Q").status_code == 200


@pytest.mark.parametrize("text", ["sauer anlagen", "ANLAGEN SAUER", "Sauer"])
def test_a_main_account_is_found_in_any_spelling(admin: Browser, things: Desk, text: str) -> None:
    assert "Sauer Anlagen AG" in admin.get("/admin/accounts", params={"q": text}).text
    assert "Sauer Anlagen AG" not in admin.get("/admin/accounts", params={"q": text, "segment": "C"}).text


@pytest.mark.parametrize("text", ["öttinger", "OETTINGER", "blechbau", "anna@", "{number}"])
def test_a_company_is_found_in_any_spelling(admin: Browser, things: Desk, text: str) -> None:
    wanted = text.format(number=things.customer.number)
    page = admin.get("/admin/customers", params={"q": wanted}).text

    assert "Öttinger Blechbau GmbH" in page
    assert "Anlagen Sauer GmbH" not in page


def test_the_page_of_an_order_tells_all_that_happened_in_one_line_of_time(
    admin: Browser, things: Desk
) -> None:
    admin.submit("/admin/dispatch", {"number": things.order.number, "carrier": "Post", "back": "order"})

    page = admin.get(f"/admin/orders/{things.order.number}").text
    marks = ("Payment attempt began", "Card authorised", "E-mail written", "Handed to the carrier")

    places = [page.index(mark) for mark in marks]
    assert all(place > 0 for place in places)
    assert places[-1] == max(places)
    assert "Carrier: Post" in page
    assert "visa 4242" in page


def test_causes_stand_before_their_effects_where_all_happened_in_one_moment(
    admin: Browser, things: Desk, session: Session
) -> None:
    with transaction(session):
        for kind in ("accepted", "payment_started", "placed"):
            session.add(OrderEvent(order_id=things.order.id, kind=kind, at=make.NOW))

    entries = order_timeline(session, fresh(session, things.order), language="en")

    assert [entry.label for entry in entries if entry.at == make.NOW] == [
        "Order received",
        "Payment attempt began",
        "Card page opened",
        "Card authorised",
        "charged",
        "Card charged, order accepted",
        "E-mail written",
    ]


def test_the_page_of_an_order_names_the_version_of_the_terms(
    admin: Browser, things: Desk, session: Session
) -> None:
    name = make.terms(session).name

    assert (
        f'<a href="/terms?version={name}">version {name}, '
        in admin.get(f"/admin/orders/{things.order.number}").text
    )


def test_lists_show_the_newest_first_whatever_was_written_last(
    admin: Browser, things: Desk, session: Session
) -> None:
    with transaction(session):
        for number, days in (("S-MIDDLE", 2), ("S-NEWEST", 1), ("S-OLDEST", 3)):
            then = make.NOW + timedelta(days=9 - days)
            order = make.order(
                session, of=things.customer, by=things.contact, bundle=things.bundle, number=number,
                placed_at=then, state=OrderState.DISPATCHED, accepted_at=then, dispatched_at=then,
            )  # fmt: skip
            make.saved(
                session,
                Payment(
                    order_id=order.id, state=PaymentState.CAPTURED, amount_cents=2_975, expires_at=then,
                    token=number, changed_at=then, checked_at=then, created_at=then,
                ),
                Shipment(order_id=order.id, run_on=then.date(), dispatched_by="Robin", dispatched_at=then),
            )  # fmt: skip

    for path in (
        "/admin/orders",
        "/admin/payments",
        "/admin/dispatch",
        f"/admin/customers/{things.customer.number}",
    ):
        page = admin.get(path).text
        places = [page.index(f"/admin/orders/{number}") for number in ("S-NEWEST", "S-MIDDLE", "S-OLDEST")]
        assert places == sorted(places), path


def test_packers_read_the_goods_in_their_language_with_each_blocks_number_and_count(
    sign_in: Callable[[Role], Browser], things: Desk, session: Session
) -> None:
    with transaction(session):
        line = session.exec(select(OrderLine).where(OrderLine.order_id == things.order.id)).one()
        line.name, line.quantity, line.unit_price_cents = "As the customer read it", 3, line.net_cents
        line.net_cents *= 3
    packer = sign_in(Role.OPERATIONS)

    german = packer.get("/admin/dispatch", headers={"accept-language": "de"}).text
    english = packer.get("/admin/dispatch").text

    for page, bundle, count, block in (
        (german, "Dichtungspaket", "12 Stück", "name_de"),
        (english, "Seal pack", "12 pieces", "name_en"),
    ):
        assert f"<b>3 × {bundle}</b>" in page
        assert (
            f"<li>{count} <code>DI-100/2</code> {getattr(session.get_one(Block, things.block_id), block)}</li>"
            in page
        )
        assert "As the customer read it" not in page
    assert "Orders whose bundles were promised for later leave with a later run." in english


def test_an_order_is_dispatched_from_its_page_and_the_page_says_so(
    admin: Browser, things: Desk, session: Session
) -> None:
    values = {"number": things.order.number, "back": "order", f"tracking_{things.order.number}": "T-9"}

    answer = admin.submit("/admin/dispatch", values)

    assert answer.headers["location"] == f"/admin/orders/{things.order.number}?done=dispatched"
    assert "Dispatched. The customers get an e-mail." in admin.get(answer.headers["location"]).text
    assert fresh(session, things.order).state is OrderState.DISPATCHED
    assert "Dispatch this order" not in admin.get(f"/admin/orders/{things.order.number}").text


def test_dispatch_marks_what_is_late_and_without_a_tick_nothing_leaves(
    admin: Browser, things: Desk, session: Session
) -> None:
    assert "These orders are late" in admin.get("/admin/dispatch").text

    answer = admin.submit("/admin/dispatch", {"carrier": "Post"})

    assert answer.status_code == 422
    assert "Tick at least one order." in answer.text
    assert fresh(session, things.order).state is OrderState.ACCEPTED


def test_an_order_that_was_cancelled_meanwhile_is_named(
    admin: Browser, things: Desk, session: Session
) -> None:
    with transaction(session):
        session.get_one(Order, things.order.id).state = OrderState.RECEIVED

    answer = admin.submit("/admin/dispatch", {"number": things.order.number})

    assert answer.status_code == 409
    assert f"Order {things.order.number} cannot be dispatched" in answer.text


def test_the_page_of_a_company_says_segment_reason_and_since_when(
    admin: Browser, things: Desk, session: Session
) -> None:
    base = f"/admin/customers/{things.customer.number}"

    answer = admin.submit(f"{base}/segment", {"segment": "B", "reason": "bought a lot"})

    page = admin.get(answer.headers["location"]).text
    assert "bought a lot" in page
    assert "Robin admin" in page
    assert "kept out: main brand" in page
    assert fresh(session, things.customer).segment is Segment.B


def test_a_missing_reason_is_told_at_the_form_that_was_sent(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit(f"/admin/customers/{things.customer.number}/suspend", {"reason": " "})

    assert answer.status_code == 422
    assert answer.text.count("Please say why") == 2
    assert fresh(session, things.customer).suspended_at is None


def test_suspending_closes_the_shop_with_the_next_click(
    admin: Browser, things: Desk, browser: Callable[..., Browser]
) -> None:
    customer = browser(things.contact)
    assert customer.get("/catalogue").status_code == 200

    admin.submit(f"/admin/customers/{things.customer.number}/suspend", {"reason": "too many calls"})
    assert customer.get("/catalogue").status_code == 403
    admin.submit(f"/admin/customers/{things.customer.number}/resume", {"reason": "sorted out"})

    assert customer.get("/catalogue").status_code == 200


def test_a_case_shows_both_sides_and_marks_what_is_same_and_what_differs(
    admin: Browser, things: Desk
) -> None:
    page = " ".join(admin.get(f"/admin/screening/{things.screening.id}").text.split())

    assert "Anlagen Sauer GmbH" in page
    assert "Sauer Anlagen AG" in page
    assert page.count(">differs<") >= 1
    assert page.count(">same<") >= 2
    assert "anlagen sauer, 04177" in page


def test_a_decision_leads_to_the_next_case_and_then_to_the_empty_queue(
    admin: Browser, things: Desk, session: Session
) -> None:
    other = make.customer(session, screening=ScreeningState.REVIEW, segment=Segment.UNRATED)
    make.contact(session, of=other)
    second = make.saved(
        session,
        Screening(
            customer_id=other.id, trigger="registration", outcome=ScreeningState.REVIEW, screened_at=make.NOW,
            reason="unknown",
        ),
    )  # fmt: skip

    first = admin.submit(
        f"/admin/screening/{things.screening.id}", {"decision": "blocked", "reason": "is Sauer"}
    )
    last = admin.submit(f"/admin/screening/{second.id}", {"decision": "clear", "reason": "a joiner"})

    assert first.headers["location"] == f"/admin/screening/{second.id}?done=decided"
    assert last.headers["location"] == "/admin/screening?done=no_more_cases"
    assert fresh(session, things.applicant).screening is ScreeningState.BLOCKED
    decided: Customer = fresh(session, other)
    assert (decided.screening, decided.segment) == (ScreeningState.CLEAR, Segment.C)
    assert "Nobody is waiting" in admin.get("/admin/screening").text


@pytest.mark.parametrize(
    "values", [{"decision": "clear"}, {"reason": "x"}, {"decision": "maybe", "reason": "x"}]
)
def test_a_decision_needs_its_kind_and_reason(
    admin: Browser, things: Desk, session: Session, values: dict[str, str]
) -> None:
    answer = admin.submit(f"/admin/screening/{things.screening.id}", values)

    assert answer.status_code == 422
    assert fresh(session, things.applicant).screening is ScreeningState.REVIEW


def test_a_mail_is_shown_as_sent_without_its_secret(admin: Browser, things: Desk, session: Session) -> None:
    secret = make.saved(
        session,
        Mail(
            kind="password_reset", key="reset:1", message_id="<2@schlicht>", to_address="a@b.example", language="en",
            object_kind="contact", object_id=1, created_at=make.NOW, state=MailState.QUEUED,
            values={"contact_name": "Anna", "company_name": "X"}, secret_values={"token": "TOP-SECRET-LINK"},
        ),
    )  # fmt: skip

    shown = admin.get(f"/admin/mail/{things.mail.id}").text
    hidden = admin.get(f"/admin/mail/{secret.id}").text

    assert "has left our warehouse" in shown
    assert "Carrier: Post" in shown
    assert "TOP-SECRET-LINK" not in hidden


def test_a_failed_mail_is_tried_again(admin: Browser, things: Desk, session: Session) -> None:
    answer = admin.submit(f"/admin/mail/{things.mail.id}/retry")

    assert answer.headers["location"].endswith("done=retried")
    assert fresh(session, things.mail).state is MailState.QUEUED


def test_a_sent_mail_is_sent_once_more(admin: Browser, things: Desk, session: Session) -> None:
    with transaction(session):
        session.get_one(Mail, things.mail.id).state = MailState.SENT

    for _ in range(2):
        admin.submit(f"/admin/mail/{things.mail.id}/retry", {"request_key": "one-click"})

    assert len(session.exec(select(Mail)).all()) == 2


def test_a_mail_whose_secret_is_gone_says_so_instead_of_offering_to_send_it_again(
    admin: Browser, things: Desk, session: Session
) -> None:
    sent = make.saved(
        session,
        Mail(
            kind="password_reset", key="reset:2", message_id="<3@schlicht.example>", to_address="a@b.example",
            language="en", object_kind="contact", object_id=1, created_at=make.NOW, state=MailState.SENT,
            sent_at=make.NOW, values={"contact_name": "Anna", "hours": 1},
        ),
    )  # fmt: skip
    with transaction(session):
        session.get_one(Mail, things.mail.id).state = MailState.SENT

    gone = admin.get(f"/admin/mail/{sent.id}").text
    whole = admin.get(f"/admin/mail/{things.mail.id}").text

    assert "Send once more" not in gone
    assert "it held a secret link that is not kept" in gone
    assert "&lt;3@schlicht.example&gt;" in gone
    assert "Send once more" in whole
    assert "secret link" not in whole


def test_a_new_staff_password_is_shown_once(admin: Browser, things: Desk) -> None:
    answer = admin.submit("/admin/staff", {"email": "kim@schlicht.example", "name": "Kim", "role": "finance"})

    assert answer.status_code == 200
    assert "First password for kim@schlicht.example" in answer.text
    assert "First password" not in admin.get("/admin/staff").text


@pytest.mark.parametrize(
    "values, field",
    [
        ({"email": "no address", "name": "Kim", "role": "finance"}, "email"),
        ({"email": "k@schlicht.example", "name": "", "role": "finance"}, "name"),
        ({"email": "k@schlicht.example", "name": "Kim", "role": "king"}, "role"),
    ],
)
def test_a_staff_account_needs_address_name_and_role(
    admin: Browser, things: Desk, values: dict[str, str], field: str
) -> None:
    answer = admin.submit("/admin/staff", values)

    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text


def test_the_audit_log_is_filtered_by_actor_action_and_thing(admin: Browser, things: Desk) -> None:
    admin.submit(f"/admin/customers/{things.customer.number}/suspend", {"reason": "too many calls"})
    admin.submit(f"/admin/mail/{things.mail.id}/abort")

    by_action = admin.get("/admin/audit?action=mail.").text
    by_thing = admin.get("/admin/audit?object_kind=customer&object_name=blechbau").text
    by_nobody = admin.get("/admin/audit?actor=nobody").text

    assert ("mail.aborted" in by_action, "customer.suspended" in by_action) == (True, False)
    assert ("mail.aborted" in by_thing, "customer.suspended" in by_thing) == (False, True)
    assert "No entry fits" in by_nobody


def test_payments_tell_when_stripe_was_heard_of(admin: Browser, things: Desk) -> None:
    page = admin.get("/admin/payments").text

    assert "Last event from Stripe" in page
    assert "Test mode" in page
    assert "payment_intent.succeeded" in page


@pytest.mark.parametrize(
    "path", ["/admin/orders/S-NOWHERE", "/admin/customers/K-0", "/admin/mail/999999", "/admin/bundles/999999"]
)
def test_what_does_not_exist_is_not_found(admin: Browser, things: Desk, path: str) -> None:
    assert admin.get(path).status_code == 404

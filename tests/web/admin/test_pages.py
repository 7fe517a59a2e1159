"""What stands on the staff's pages, and what their forms do."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleItem, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.mail.models import Mail, MailState
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.policy.queries import current_policy
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser


@pytest.fixture
def admin(things: Desk, sign_in: Callable[[Role], Browser]) -> Browser:
    return sign_in(Role.ADMIN)


def fresh(session: Session, row: Any) -> Any:
    session.rollback()
    return session.get_one(type(row), row.id, populate_existing=True)


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
    import re

    print(re.findall(r"timeline.*?</ol>", page, re.S))
    assert "Carrier: Post" in page
    assert "visa 4242" in page


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


BUNDLE = {
    "slug": "new-pack", "name_de": "Neues Paket", "name_en": "New pack", "text_de": "", "text_en": "",
    "kind": "spare_part", "price_cents": "1.234,50", "minimum_quantity": "2", "order_step": "5",
    "sku_1": "DI-100/2", "quantity_1": "2", "sku_3": "B-2", "quantity_3": "7",
}  # fmt: skip


def test_a_bundle_is_written_published_changed_and_retired(
    admin: Browser, things: Desk, session: Session
) -> None:
    make.block(session, sku="B-2", unit_cost_cents=100)

    saved = admin.submit("/admin/bundles", BUNDLE)
    url = saved.headers["location"].split("?")[0]
    page = admin.get(url).text
    assert "€13.00" in page
    assert "€1,221.50" in page
    admin.submit(f"{url}/publish")
    admin.submit(url, {**BUNDLE, "price_cents": "99"})

    bundle = session.exec(select(Bundle).where(col(Bundle.slug) == "new-pack")).one()
    versions = session.exec(
        select(BundleVersion).where(col(BundleVersion.bundle_id) == bundle.id).order_by(col(BundleVersion.id))
    ).all()
    assert [(v.version_number, v.price_cents, v.published_at is None) for v in versions] == [
        (1, 123450, False),
        (2, 9900, True),
    ]
    items = session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == versions[0].id)).all()
    assert [(item.sku, item.quantity) for item in items] == [("DI-100/2", 2), ("B-2", 7)]
    assert "newer draft" in admin.get("/admin/bundles").text
    admin.submit(f"{url}/retire")
    assert fresh(session, bundle).state is BundleState.RETIRED


@pytest.mark.parametrize(
    "changes, field, sentence",
    [
        ({"price_cents": "1.234"}, "price_cents", "This can mean two things"),
        ({"price_cents": "0"}, "price_cents", "Please enter a net price above zero."),
        ({"price_cents": "abc"}, "price_cents", "Please enter an amount such as 12.34 or 12,34."),
        ({"minimum_quantity": "1.5"}, "minimum_quantity", "Please enter a whole number."),
        ({"order_step": "0"}, "order_step", "Please enter a whole number from 1 to 9,999."),
        ({"slug": "Neu & Alt"}, "slug", "Please use small letters"),
        ({"name_en": ""}, "name_en", "Please give a name"),
        ({"kind": "toy"}, "kind", "Please choose one of the offered values."),
        ({"sku_1": "NO-SUCH"}, "sku_1", "There is no block NO-SUCH."),
        ({"quantity_1": "x"}, "quantity_1", "for each block"),
        ({"sku_3": "DI-100/2"}, "items", "Please name each block once"),
    ],
)
def test_the_editor_names_what_is_wrong_keeps_what_was_typed_and_stores_nothing(
    admin: Browser, things: Desk, session: Session, changes: dict[str, str], field: str, sentence: str
) -> None:
    make.block(session, sku="B-2")

    answer = admin.submit("/admin/bundles", {**BUNDLE, **changes})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="f-{field}' in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert 'value="Neues Paket"' in answer.text
    assert session.exec(select(Bundle).where(col(Bundle.slug) == "new-pack")).first() is None


def test_more_rows_keep_what_was_typed_and_store_nothing(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit("/admin/bundles", {**BUNDLE, "more": "1"})

    assert 'name="sku_14"' in answer.text
    assert 'value="1.234,50"' in answer.text
    assert session.exec(select(Bundle).where(col(Bundle.slug) == "new-pack")).first() is None


def test_a_bundle_that_cannot_be_sold_is_not_published_and_says_why(
    admin: Browser, things: Desk, session: Session
) -> None:
    empty = make.bundle(session, items=[], state=BundleState.DRAFT)

    answer = admin.submit(f"/admin/bundles/{empty.id}/publish")

    assert answer.status_code == 409
    assert "A bundle without blocks cannot be published." in answer.text
    assert fresh(session, empty).state is BundleState.DRAFT


def test_a_picture_is_stored_shown_and_removed_and_a_text_is_no_picture(admin: Browser, things: Desk) -> None:
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(content, "PNG")
    url = f"/admin/bundles/{things.bundle.id}/image"

    wrong = admin.submit(url, files={"image": ("a.png", b"no picture", "image/png")})
    missing = admin.submit(url)
    stored = admin.submit(url, files={"image": ("a.png", content.getvalue(), "image/png")})

    assert (wrong.status_code, missing.status_code) == (422, 422)
    assert stored.headers["location"].endswith("done=image")
    shown = admin.get(url)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert Image.open(io.BytesIO(shown.content)).size == (40, 30)
    assert admin.submit(url, {"act": "remove"}).headers["location"].endswith("done=image_removed")
    assert admin.get(url).status_code == 404


def test_a_block_is_changed_and_a_wrong_amount_is_named(
    admin: Browser, things: Desk, session: Session
) -> None:
    values = {
        "sku": "DI-100/2", "name_de": "Dichtung", "name_en": "Seal", "kind": "spare_part", "unit_code": "C62",
        "unit_cost_cents": "3,50", "main_brand_price_cents": "-1", "main_brand_lead_time_days": "3",
        "vat_rate_bp": "700", "source": "own",
    }  # fmt: skip
    url = f"/admin/blocks/{things.block_id}"

    wrong = admin.submit(url, values)
    right = admin.submit(url, {**values, "main_brand_price_cents": "9"})

    assert wrong.status_code == 422
    assert "Please enter an amount such as" in wrong.text
    assert right.headers["location"] == f"{url}?done=saved"
    assert 'value="3.50"' in admin.get(url).text


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


POLICY = {
    "a_threshold_cents": "50.000,00", "b_threshold_cents": "10000", "unknown_company": "review",
    "minimum_order_value_cents": "40", "low_quantity_surcharge_cents": "12,50", "dispatch_weekday": "3",
    "cut_off_weekday": "2", "cut_off_hour": "10", "handling_days": "2", "transit_days": "1",
    "later_than_main_brand_days": "6", "reason": "spring", "based_on": "0",
}  # fmt: skip


def test_the_policy_is_changed_with_a_reason_and_its_versions_are_listed(
    admin: Browser, things: Desk, read_session: Session
) -> None:
    assert admin.submit("/admin/policy", POLICY).headers["location"] == "/admin/policy?done=policy"

    assert current_policy(read_session).low_quantity_surcharge_cents == 1250
    page = admin.get("/admin/policy").text
    assert "spring" in page
    assert 'value="12.50"' in page


@pytest.mark.parametrize(
    "changes, field, sentence",
    [
        ({"transit_days": "61"}, "transit_days", "Please enter a value from 0 to 60."),
        (
            {"low_quantity_surcharge_cents": "200000"},
            "low_quantity_surcharge_cents",
            "from 0.00 to 100000.00",
        ),
        ({"b_threshold_cents": "50000"}, "b_threshold_cents", "below the A threshold"),
        ({"cut_off_hour": ""}, "cut_off_hour", "Please enter a whole number."),
        ({"unknown_company": "perhaps"}, "unknown_company", "Please"),
        ({"reason": ""}, "reason", "Please say why."),
    ],
)
def test_a_policy_out_of_bounds_is_named_and_not_in_force(
    admin: Browser, things: Desk, read_session: Session, changes: dict[str, str], field: str, sentence: str
) -> None:
    before = current_policy(read_session)

    answer = admin.submit("/admin/policy", {**POLICY, **changes})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert current_policy(read_session) == before


def test_a_policy_form_that_is_out_of_date_overwrites_nothing(
    admin: Browser, things: Desk, read_session: Session
) -> None:
    admin.submit("/admin/policy", POLICY)

    answer = admin.submit("/admin/policy", {**POLICY, "transit_days": "5"})

    assert answer.status_code == 409
    assert "Somebody else changed the policy meanwhile" in answer.text
    assert current_policy(read_session).transit_days == 1


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
    admin.submit("/admin/policy", POLICY)

    by_action = admin.get("/admin/audit?action=policy.").text
    by_thing = admin.get("/admin/audit?object_kind=customer&object_name=blechbau").text
    by_nobody = admin.get("/admin/audit?actor=nobody").text

    assert ("policy.changed" in by_action, "customer.suspended" in by_action) == (True, False)
    assert ("policy.changed" in by_thing, "customer.suspended" in by_thing) == (False, True)
    assert "No entry fits" in by_nobody


def test_payments_tell_when_stripe_was_heard_of(admin: Browser, things: Desk) -> None:
    page = admin.get("/admin/payments").text

    assert "Last event from Stripe" in page
    assert "Test mode" in page
    assert "payment_intent.succeeded" in page


@pytest.mark.parametrize(
    "path", ["/admin/orders/S-NOWHERE", "/admin/customers/K-0", "/admin/mail/999999", "/admin/bundles/0"]
)
def test_what_does_not_exist_is_not_found(admin: Browser, things: Desk, path: str) -> None:
    assert admin.get(path).status_code == 404

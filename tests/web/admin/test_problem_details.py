"""Whoever asks for JSON reads problem details, from every form of the storefront and the desk."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session
from starlette.testclient import TestClient

from app.customers.models import Contact
from app.customers.rules.admission import ScreeningState
from app.web.access import REGISTRY, Access
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.admin.test_access import url
from tests.web.conftest import Browser

FORMS = sorted(
    (path, entry.access)
    for (method, path), entry in REGISTRY.items()
    if method == "POST" and entry.access is not Access.WEBHOOK
)
ALWAYS_DONE = {
    *("/account/billing", "/admin/invoices/drafts/{draft_id}", "/admin/invoices/{number}/resend"),
    "/admin/invoices/drafts/{draft_id}/retry",
    *("/admin/orders/{number}/billing", "/orders/{number}/reference"),
    "/admin/language",
    "/admin/logout",
    "/language",
    "/logout",
    "/verify/resend",
    "/complaints/{number}/reopen",
    "/account/sessions/end",
    "/account/card/remove",
    "/account/standing-orders/{standing_order_id}/pause",
    "/account/standing-orders/{standing_order_id}/resume",
    "/account/standing-orders/{standing_order_id}/end",
    "/admin/dispatch/calendar/{day}/remove",
    "/admin/dispatch/runs/{run_on}/close",
    "/admin/mail/{mail_id}/retry",
    "/admin/payments/reconciliation",
    "/admin/payments/reconciliation/{difference_id}/mend",
    "/admin/mail/{mail_id}/abort",
    "/admin/mail/addresses/{address_id}/lift",
    "/admin/services/orders/{number}",
    "/admin/services/offers/{offer_id}/withdraw",
    "/admin/bundles/{bundle_id}/publish",
    "/admin/bundles/{bundle_id}/retire",
    "/admin/bundles/{bundle_id}/duplicate",
    "/admin/categories/{category_id}/delete",
    "/admin/discovery",
    "/admin/discovery/{proposal_id}/draft",
    "/admin/imports/{import_id}/apply",
    "/admin/imports/{import_id}/cancel",
    "/admin/api-keys/{key_id}",
    "/admin/refunds/{refund_id}/again",
    "/admin/disputes/{dispute_id}",
    "/admin/ratings",
    "/admin/ratings/{run_id}/apply",
    "/admin/books/{month}/close",
    "/admin/books/{month}/export",
}
"""Forms of one button: there is nothing to get wrong."""
CALCULATING = {"/admin/bundles/margin"}
"""Forms that only show what is typed in another light."""
NAMED = {
    "/cart/lines/{bundle_id}": {"quantity"},
    "/checkout": {"street", "postal_code", "city", "country", "accept_terms", "is_business"},
    "/cart/lines": {"quantity"},
    "/password/forgot": {"email"},
    "/register": {"company_name", "street", "email", "password", "is_business", "accept_terms"},
    "/account": {"company_name", "street", "phone"},
    "/account/password": {"present_password"},
    "/login": {"email", "password"},
    "/status/objection": {"text"},
    "/complaints/{number}/messages": {"text"},
    "/admin/complaints/{complaint_id}": {"outcome", "fault"},
    "/admin/complaints/{complaint_id}/messages": {"question"},
    "/admin/dispatch": set(),
    "/admin/dispatch/calendar": {"first_on", "name"},
    "/admin/dispatch/tracking": {"list"},
    "/admin/proofs/{proof_id}": {"file"},
    "/admin/screening/{screening_id}": {"decision"},
    "/admin/blocks": {"kind", "vat_rate_bp"},
    "/admin/blocks/{block_id}": {"kind", "vat_rate_bp"},
    "/admin/blocks/bulk": {"ids"},
    "/admin/blocks/{block_id}/stock": {"counted"},
    "/admin/bundles": {"kind", "price_cents"},
    "/admin/bundles/{bundle_id}": {"kind", "price_cents"},
    "/admin/bundles/{bundle_id}/image": {"image"},
    "/admin/bundles/{bundle_id}/approval": {"reason"},
    "/admin/bundles/{bundle_id}/approval/decision": {"decision"},
    "/admin/categories/{category_id}/move": {"to"},
    "/services/{service_id}": {"accept_terms", "is_business"},
    "/services/offers/{offer_id}": {"accept_terms", "is_business"},
    "/admin/services": {"kind", "price_cents"},
    "/admin/services/{service_id}": {"kind", "price_cents"},
    "/admin/services/{service_id}/move": {"to"},
    "/admin/orders/{number}/services": set(),
    "/admin/customers/{number}/fee": set(),
    "/admin/payments/first-payments": {"reason"},
    "/admin/customers/{number}/visit": {"reason", "expected_contribution_cents", "price_cents"},
    "/admin/visits/{visit_id}": {"decision"},
    "/admin/mail/addresses/{address_id}/correct": {"email"},
    "/admin/mail/texts/{kind}/{language}": {"subject", "body"},
    "/admin/customers/{number}/segment": {"segment"},
    "/admin/customers/{number}/suspend": {"reason"},
    "/admin/customers/{number}/agreements": {"ends_on"},
    "/admin/customers/{number}/move-up": {"reason"},
    "/admin/customers/{number}/effort": {"kind", "cause"},
    "/admin/orders/{number}/effort": {"kind", "cause"},
    "/admin/orders/{number}/chargeback": {"reason"},
    "/admin/orders/{number}/refund": {"scope", "reason", "note"},
    "/admin/refunds/requests/{request_id}": {"note"},
    "/admin/payments/{payment_id}/warning": {"decision", "reason"},
    "/admin/disputes/{dispute_id}/files": {"field"},
    "/admin/customers/{number}/effort/step": {"decision", "reason"},
    "/admin/customers/{number}/effort/override": {"level", "ends_on", "reason"},
    "/admin/effort/{event_id}": {"cause", "reason"},
    "/account/objection": {"text"},
    "/account/standing-orders/{standing_order_id}": {"every_days", "run_on"},
    "/admin/policy": {"cut_off_hour"},
    "/admin/terms": {"name", "text_de", "text_en"},
    "/admin/staff": {"email", "name", "role"},
    "/admin/synonyms": {"words"},
    "/admin/synonyms/{group_id}": {"words"},
}
"""For a form that is sent empty, fields that the answer must name."""

SENT = {
    "/account": {"language": "en"},
    "/cart/lines": {"bundle_id": "1"},
    "/cart/lines/{bundle_id}": {"quantity": "x"},
}
"""What a form needs to be sent at all."""


@pytest.fixture
def ask(
    browser: Callable[..., Browser], things: Desk, session: Session
) -> Callable[..., tuple[Browser, str]]:
    def whose(path: str, access: Access) -> Contact | make.StaffMember | None:
        if path in ("/status/objection", "/verify/resend"):
            shut = make.customer(session, screening=ScreeningState.REFUSED)
            return make.contact(session, of=shut)
        if access in (Access.STAFF, Access.HALF_STAFF):
            return make.staff_member(session)
        return things.contact if access is not Access.PUBLIC else None

    def ask(path: str, access: Access) -> tuple[Browser, str]:
        make.terms(session)
        make.cart_line(session, of=things.customer, bundle=things.bundle)
        target = url(path.replace("{token}", "no-such-token"), things)
        return browser(whose(path, access)), target

    return ask


def form_page(path: str) -> str | None:
    """A page that carries the form's token, where it is not the usual one."""
    return "/admin/login" if path == "/admin/login" else None


def problem_of(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text[:300]
    assert "no-store" in answer.headers["cache-control"]
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert all(body[name].strip() for name in ("type", "title", "code", "detail"))
    return body


@pytest.mark.parametrize(("path", "access"), FORMS)
def test_an_empty_form_comes_back_as_problem_details_that_name_the_fields(
    ask: Callable[..., tuple[Browser, str]], path: str, access: Access
) -> None:
    visitor, target = ask(path, access)

    answer = visitor.submit(
        target,
        SENT.get(path, {}),
        page=form_page(path),
        headers={"accept": "application/json"},
    )

    if answer.status_code < 400:
        assert path in ALWAYS_DONE | CALCULATING
        assert answer.status_code == (200 if path in CALCULATING else 303)
        return
    body = problem_of(answer)
    named = {error["field"] for error in body.get("errors", [])}
    assert named >= NAMED.get(path, set())
    assert all(error["detail"].strip() for error in body.get("errors", []))


@pytest.mark.parametrize("path", [path for path, access in FORMS if access is Access.PUBLIC])
def test_a_browser_still_gets_the_page_with_its_form(
    ask: Callable[..., tuple[Browser, str]], path: str
) -> None:
    visitor, target = ask(path, Access.PUBLIC)

    answer = visitor.submit(
        target, {}, page=form_page(path), headers={"accept": "text/html,application/json;q=0.5"}
    )

    assert answer.status_code == 303 or answer.headers["content-type"].startswith("text/html")


def test_a_wrong_log_in_of_staff_is_a_sentence_about_the_whole_form(browser: Callable[..., Browser]) -> None:
    visitor = browser()
    values = {"email": "nobody@x.example", "password": "wrong"}

    answer = visitor.submit(
        "/admin/login", values, page="/admin/login", headers={"accept": "application/json"}
    )

    body = problem_of(answer)
    assert (answer.status_code, body["code"]) == (403, "form.refused")
    assert "errors" not in body
    assert "password" in body["detail"]


def test_what_has_changed_since_the_checkout_was_shown_is_a_conflict(
    ask: Callable[..., tuple[Browser, str]],
) -> None:
    visitor, target = ask("/checkout", Access.ADMITTED)
    values = {
        "company_name": "Probst", "contact_name": "Kim", "street": "Gartenweg 3", "postal_code": "04109",
        "city": "Leipzig", "country": "DE", "accept_terms": "1", "is_business": "1",
        "checkout_key": "k" * 20, "shown": "something else",
    }  # fmt: skip

    body = problem_of(visitor.submit(target, values, headers={"accept": "application/json"}))

    assert (body["status"], body["code"]) == (409, "order.changed")
    assert body["detail"] == "Something has changed since this page was shown. Nothing was ordered."


def test_the_gate_answers_programs_in_their_language_with_what_to_do(
    browser: Callable[..., Browser], session: Session
) -> None:
    german = {"accept": "application/json", "accept-language": "de"}
    waiting = make.contact(session, of=make.customer(session, screening=ScreeningState.REVIEW), language="de")

    unknown = problem_of(browser().get("/catalogue", headers=german))
    refused = problem_of(browser(waiting).get("/catalogue", headers=german))

    assert (unknown["status"], unknown["title"]) == (401, "Sie sind nicht angemeldet")
    assert unknown["detail"] == (
        "Melden Sie sich zuerst an; ein Programm zeigt seinen Schlüssel: „Authorization: Bearer …“."
    )
    assert (refused["status"], refused["code"]) == (403, "admission.in_review")
    assert refused["title"] == "Das dürfen Sie nicht"
    assert refused["status_url"] == "/status"


def test_a_page_that_is_not_there_is_problem_details_too(browser: Callable[..., TestClient]) -> None:
    answer = browser().get("/verify/no-such-token", headers={"accept": "application/json"})

    assert problem_of(answer)["status"] == 404

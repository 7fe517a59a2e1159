"""Every route of the staff × every role: who may look looks, who may not act changes nothing."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from app.core.clock import utc_now
from app.core.db import Database, SQLModel
from app.fulfilment.calendar import work_calendar
from app.fulfilment.rules.runs import Course
from app.fulfilment.rules.tracking_list import read_tracking_list
from app.policy.rules.policy import Policy
from app.staff.rules.roles import Role, may
from app.web.access import REGISTRY, Access
from app.web.admin import words
from app.web.admin.dispatch_tracking import mark_of
from tests import make
from tests.web.admin.conftest import PICTURE, Desk
from tests.web.admin.policy_form import POLICY_FORM
from tests.web.conftest import Browser

FILES = {
    *("/admin/imports/samples/{kind}", "/admin/imports/{import_id}/rejects"),
    *("/admin/blocks/export.csv", "/admin/blocks/export.xlsx", "/admin/reports/cost-to-serve.csv"),
    *("/admin/reports/order-sizes/export.csv", "/admin/reports/recapitulative.csv"),
    "/admin/proofs/{proof_id}/file",
    "/admin/dispatch/runs/{run_on}/pick-list.pdf",
    "/admin/dispatch/runs/{run_on}/packing-slips.pdf",
    "/admin/disputes/{dispute_id}/files/{field}",
    *("/admin/invoices/{number}.pdf", "/admin/invoices/{number}.xml", "/admin/invoices/papers.zip"),
    *(f"/admin/books/{{month}}/{name}.csv" for name in ("documents", "money", "datev")),
    "/admin/books/exports/{export_id}",
}
"""Downloads; tried in tests/web/admin/test_books.py, _imports, _blocks, _effort, _dispatch_runs and others."""
LATER = {"/admin/gate", *FILES}
PAGES = sorted(
    path for (method, path), entry in REGISTRY.items() if method == "GET" and entry.access is Access.STAFF
)
ACTS = sorted(
    path for (method, path), entry in REGISTRY.items() if method == "POST" and entry.access is Access.STAFF
)


def in_a_month() -> str:
    return (utc_now().date() + timedelta(days=30)).isoformat()


def in_two_months() -> str:
    return (utc_now().date() + timedelta(days=60)).isoformat()


def next_run() -> date:
    calendar = work_calendar("SN", "Europe/Berlin")
    return Course(Policy(), calendar, utc_now().astimezone(calendar.zone).date()).next_runs(1)[0].run_on


TOUCH = {"kind": "phone_help", "cause": "theirs", "minutes": "", "note": "", "form_key": "form-key-1"}
VALUES: dict[str, Callable[[Desk], dict[str, Any]]] = {
    "/admin/complaints/{complaint_id}": lambda _: {
        "outcome": "rejected", "rejection": "as_ordered", "fault": "theirs",
    },
    "/admin/complaints/{complaint_id}/messages": lambda _: {"question": "photo", "message": "Of the box."},
    "/admin/dispatch": lambda desk: {"number": desk.order.number, "carrier": "Post"},
    "/admin/dispatch/calendar": lambda _: {"first_on": in_a_month(), "last_on": in_two_months(), "name": "Holidays"},
    "/admin/dispatch/calendar/{day}/remove": lambda _: {},
    "/admin/dispatch/tracking": lambda desk: {
        "list": f"{desk.order.number};T-1;Post", "carrier": "", "act": "dispatch",
        "mark": mark_of(read_tracking_list(f"{desk.order.number};T-1;Post")),
    },
    "/admin/screening/{screening_id}": lambda _: {"decision": "refused", "reason": "no business"},
    "/admin/objections/{objection_id}": lambda _: {"outcome": "dismissed", "answer": "We looked at it again."},
    "/admin/customers/{number}/segment": lambda _: {"segment": "B", "reason": "grew"},
    "/admin/customers/{number}/override": lambda _: {"segment": "B", "reason": "grew", "last_on": in_a_month()},
    "/admin/accounts/{account_id}/override": lambda _: {"segment": "C", "reason": "x", "last_on": in_a_month()},
    "/admin/overrides/{override_id}": lambda _: {"decision": "approve"},
    "/admin/ratings": lambda _: {},
    "/admin/ratings/{run_id}/apply": lambda _: {},
    "/admin/customers/{number}/agreements": lambda desk: {
        "slug": desk.bundle.slug, "minimum_quantity": "2", "ends_on": in_a_month(), "reason": "a small shelf",
    },
    "/admin/customers/{number}/effort": lambda _: TOUCH,
    "/admin/orders/{number}/effort": lambda _: TOUCH,
    "/admin/orders/{number}/refund": lambda _: {
        "scope": "amount", "amount_cents": "1,00", "reason": "goodwill", "note": "They waited long.",
    },
    "/admin/refunds/{refund_id}/again": lambda _: {},
    "/admin/refunds/requests/{request_id}": lambda _: {"decision": "grant"},
    "/admin/payments/{payment_id}/warning": lambda _: {"decision": "leave", "reason": "We know them."},
    "/admin/disputes/{dispute_id}": lambda _: {"uncategorized_text": "It left.", "act": "save"},
    "/admin/customers/{number}/effort/override": lambda _: {
        "level": "normal", "ends_on": in_a_month(), "reason": "a new buyer learns",
    },
    "/admin/effort/{event_id}": lambda _: {"cause": "ours", "reason": "our label was wrong"},
    "/admin/customers/{number}/suspend": lambda _: {"reason": "too much effort"},
    "/admin/customers/{number}/move-up": lambda _: {"reason": "signed there"},
    "/admin/blocks": lambda _: {
        "sku": "NEW-1", "name_de": "Neu", "name_en": "New", "kind": "consumable", "unit_code": "C62",
        "unit_cost_cents": "1,50", "main_brand_price_cents": "4", "main_brand_lead_time_days": "3",
        "vat_rate_bp": "700", "source": "own",
    },
    "/admin/blocks/{block_id}": lambda _: {
        "sku": "DI-100/2", "name_de": "Dichtung", "name_en": "Seal", "kind": "spare_part", "unit_code": "C62",
        "unit_cost_cents": "3.50", "main_brand_price_cents": "9", "main_brand_lead_time_days": "3",
        "vat_rate_bp": "1900", "source": "own",
    },
    "/admin/bundles": lambda _: {
        "slug": "new-pack", "name_de": "Neues Paket", "name_en": "New pack", "text_de": "", "text_en": "",
        "kind": "spare_part", "price_cents": "19,90", "minimum_quantity": "1", "order_step": "1",
        "sku_1": "DI-100/2", "quantity_1": "2",
    },
    "/admin/bundles/{bundle_id}": lambda desk: {
        "slug": desk.bundle.slug, "name_de": "Paket", "name_en": "Pack", "kind": "spare_part",
        "price_cents": "29.90", "minimum_quantity": "2", "order_step": "2", "sku_1": "DI-100/2", "quantity_1": "5",
    },
    "/admin/categories": lambda _: {"slug": "hoses", "name_de": "Schläuche", "name_en": "Hoses"},
    "/admin/categories/{category_id}": lambda _: {"slug": "hoses", "name_de": "Schläuche", "name_en": "Hoses"},
    "/admin/categories/{category_id}/delete": lambda _: {},
    "/admin/synonyms": lambda _: {"words": "Öl\nSchmierstoff", "is_one_way": "1"},
    "/admin/synonyms/{group_id}": lambda _: {"act": "delete"},
    "/admin/discovery": lambda _: {},
    "/admin/discovery/{proposal_id}/draft": lambda _: {},
    "/admin/discovery/{proposal_id}/dismiss": lambda _: {"reason": "nobody needs both"},
    "/admin/blocks/{block_id}/notes": lambda _: {"text": "They drill with it.", "visited_on": "2026-01-31"},
    "/admin/bundles/{bundle_id}/notes": lambda _: {"text": "Half of it is left over."},
    "/admin/services": lambda _: {
        "code": "engraving", "name_de": "Gravur", "name_en": "Engraving", "kind": "other", "price_cents": "12,50",
        "vat_rate_bp": "1900", "minutes": "10", "is_active": "1",
    },
    "/admin/services/{service_id}": lambda _: {
        "code": "phone-help", "name_de": "Anruf", "name_en": "Call", "kind": "phone_help", "price_cents": "31",
        "vat_rate_bp": "1900", "minutes": "15", "is_active": "1",
    },
    "/admin/services/{service_id}/move": lambda _: {"to": "up"},
    "/admin/services/orders/{number}": lambda _: {"note": "Called."},
    "/admin/services/offers/{offer_id}/withdraw": lambda _: {},
    "/admin/orders/{number}/services": lambda desk: {"service_id": str(desk.service_id), "quantity": "2"},
    "/admin/customers/{number}/visit": lambda _: {
        "reason": "A second line.", "expected_contribution_cents": "1.200,00", "price_cents": "390",
    },
    "/admin/visits/{visit_id}": lambda _: {"decision": "approve", "reason": "It pays."},
    "/admin/invoices/{number}/resend": lambda _: {"request_key": "click-1"},
    "/admin/invoices/drafts/{draft_id}": lambda _: {"buyer_reference": "4711"},
    "/admin/invoices/drafts/{draft_id}/retry": lambda _: {},
    "/admin/mail/{mail_id}/retry": lambda _: {},
    "/admin/payments/reconciliation": lambda _: {},
    "/admin/payments/reconciliation/{difference_id}/mend": lambda _: {},
    "/admin/mail/{mail_id}/abort": lambda _: {},
    "/admin/mail/addresses/{address_id}/lift": lambda _: {},
    "/admin/mail/addresses/{address_id}/correct": lambda _: {"email": "new@sauer.example"},
    "/admin/mail/texts/{kind}/{language}": lambda _: {
        "act": "save", "subject": "Order {{ number }}", "body": "It has left.", "since_version": "0",
    },
    "/admin/books/{month}/close": lambda _: {"reason": ""},
    "/admin/books/{month}/export": lambda _: {},
    "/admin/proofs/{proof_id}": lambda _: {"reference": "26DE123456789012A1"},
    "/admin/policy": lambda _: POLICY_FORM,
    "/admin/terms": lambda _: {"name": "2026-02", "text_de": "1. Neu", "text_en": "1. New", "based_on": "2026-01"},
    "/admin/staff": lambda _: {"email": "new@schlicht.example", "name": "Kim Neu", "role": "operations"},
    "/admin/staff/{staff_member_id}": lambda _: {"act": "role", "role": "finance"},
    "/admin/imports/{import_id}/columns": lambda _: {"account_number": "Nr", "company_name": "Firma"},
    "/admin/imports/{import_id}/apply": lambda _: {},
    "/admin/imports/{import_id}/cancel": lambda _: {},
    "/admin/api-keys": lambda _: {"name": "ERP", "scopes": "imports:write", "valid_days": "30"},
    "/admin/api-keys/{key_id}": lambda _: {},
}  # fmt: skip
"""What is posted to each act that works on the desk as it lies there."""

NOT_POSSIBLE_YET = {
    "/admin/complaints/{complaint_id}/refund": "no refund has failed (tests/web/admin/test_complaints.py)",
    "/admin/dispatch/runs/{run_on}/close": "it may take orders still (tests/web/admin/test_dispatch_runs.py)",
    "/admin/ratings/{run_id}/undo": "the rating was not applied yet",
    "/admin/bundles/{bundle_id}/publish": "the bundle is on sale already",
    "/admin/bundles/{bundle_id}/submit": "the bundle is on sale already",
    "/admin/bundles/{bundle_id}/send-back": "nothing waits for a review (tests/web/admin/test_bundle_stages.py)",
    "/admin/bundles/{bundle_id}/schedule": "the bundle is on sale already",
    "/admin/bundles/{bundle_id}/unschedule": "nothing has a date (tests/web/admin/test_bundle_stages.py)",
    "/admin/blocks/bulk": "a preview comes first (tests/web/admin/test_block_bulk.py)",
    "/admin/blocks/{block_id}/stock": "the block is made to order (tests/web/admin/test_blocks.py)",
    "/admin/customers/{number}/resume": "nobody is suspended",
    "/admin/customers/{number}/effort/step": "no step waits (tests/web/admin/test_effort.py)",
    "/admin/bundles/{bundle_id}/approval": "no approval is needed (tests/web/admin/test_guards.py)",
    "/admin/bundles/{bundle_id}/approval/decision": "nobody asks for approval (tests/web/admin/test_guards.py)",
    "/admin/categories/{category_id}/move": "it stands alone (tests/web/admin/test_categories.py)",
    "/admin/discovery/{proposal_id}/reopen": "the proposal is open",
    "/admin/orders/{number}/billing": "the order has its invoice (tests/web/admin/test_invoices.py)",
    "/admin/orders/{number}/chargeback": "no payment was charged back (tests/web/admin/test_dispatch_runs.py)",
    "/admin/customers/{number}/fee": "no card is kept (tests/web/test_kept_card.py)",
    "/admin/payments/first-payments": "no first payment waits (tests/web/test_card_limits.py)",
    "/admin/disputes/{dispute_id}/call-off": "the bank has not decided (tests/web/admin/test_disputes.py)",
    "/admin/orders/{number}/hold": "no payment is held (tests/web/admin/test_hold.py)",
    "/admin/imports/{import_id}/undo": "the import is not written yet (tests/web/admin/test_imports.py)",
}
CHANGING_BY_FILE = {
    "/admin/bundles/{bundle_id}/image",
    "/admin/imports",
    "/admin/disputes/{dispute_id}/files",
}
WITHOUT_VALUES = {"/admin/bundles/{bundle_id}/retire", "/admin/bundles/{bundle_id}/duplicate"}
CALCULATING = {"/admin/bundles/margin"}
"""Forms that work something out and write nothing (tests/web/admin/test_guards.py)."""


def url(path: str, desk: Desk) -> str:
    number = desk.order.number if path.startswith("/admin/orders") else desk.customer.number
    number = desk.complaint.number if path.startswith("/complaints") else number
    if path.startswith("/admin/services"):
        number = desk.service_order.number
    if path.startswith("/admin/invoices"):
        number = desk.invoice.number
    return path.format(
        number=number,
        screening_id=desk.screening.id,
        objection_id=desk.objection.id,
        block_id=desk.block_id,
        bundle_id=desk.bundle.id,
        mail_id=desk.mail.id,
        staff_member_id=desk.colleague.id,
        account_id=desk.account.id,
        override_id=desk.override.id,
        run_id=desk.run.id,
        import_id=desk.checked_import.id,
        key_id=desk.api_key.id,
        category_id=desk.category.id,
        group_id=desk.synonyms.id,
        proposal_id=desk.proposal.id,
        complaint_id=desk.complaint.id,
        photo_id=desk.photo_id,
        run_on=next_run(),
        day=desk.closing_day.day,
        event_id=desk.effort_event_id,
        kind="order_dispatched" if path.startswith("/admin/mail") else "accounts",
        language="en",
        address_id=desk.marked_address_id,
        proof_id=desk.proof_id,
        name="2026-01",
        service_id=desk.service_id,
        offer_id=desk.offer.id,
        visit_id=desk.visit.id,
        standing_order_id=desk.standing_order_id,
        draft_id=desk.draft_id,
        difference_id=desk.difference_id,
        month="2026-02",
        export_id=1,
        payment_id=desk.payment_id,
        dispute_id=desk.dispute_id,
        refund_id=desk.refund_id,
        request_id=desk.request_id,
        field="receipt",
    )


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table but the sessions, which each request may touch."""
    with database.reading.connect() as connection:
        return {
            table.name: connection.execute(table.select()).all()
            for table in SQLModel.metadata.sorted_tables
            if not table.name.endswith("_sessions")
        }


def audit_entries(database: Database) -> list[Any]:
    return contents(database)["audit_entries"]


def test_each_act_of_the_registry_is_tried_here() -> None:
    tried = set(VALUES) | set(NOT_POSSIBLE_YET) | CHANGING_BY_FILE | WITHOUT_VALUES | CALCULATING

    assert tried == set(ACTS)


@pytest.mark.parametrize("role", list(Role))
def test_each_page_opens_for_the_roles_that_may_and_for_no_other(
    things: Desk, sign_in: Callable[[Role], Browser], role: Role
) -> None:
    visitor = sign_in(role)
    for path in [path for path in PAGES if path not in LATER]:
        right = REGISTRY["GET", path].right
        assert right is not None
        answer = visitor.get(url(path, things))

        assert (path, answer.status_code) == (path, 200 if may(role, right) else 403)
        assert answer.headers["cache-control"] == "no-store"
        if may(role, right):
            assert b"<h1>" in answer.content or answer.content == PICTURE


@pytest.mark.parametrize("role", list(Role))
def test_a_role_without_the_right_changes_nothing(
    things: Desk, sign_in: Callable[[Role], Browser], database: Database, role: Role
) -> None:
    visitor = sign_in(role)
    token = visitor.csrf("/admin")
    before = contents(database)
    for path in ACTS:
        right = REGISTRY["POST", path].right
        assert right is not None
        if may(role, right):
            continue
        values = VALUES.get(path, lambda _: {"reason": "x"})(things)

        answer = visitor.post(url(path, things), data={"csrf": token, **values})

        assert (path, answer.status_code) == (path, 403)
    assert contents(database) == before


@pytest.mark.parametrize("path", sorted([*VALUES, *WITHOUT_VALUES]))
def test_an_act_writes_exactly_one_audit_entry(
    things: Desk, sign_in: Callable[[Role], Browser], database: Database, path: str
) -> None:
    admin = sign_in(Role.ADMIN)
    values = VALUES.get(path, lambda _: {})(things)
    before = audit_entries(database)

    answer = admin.submit(url(path, things), values)

    assert answer.status_code in (200, 303), answer.text
    entries = audit_entries(database)
    assert len(entries) == len(before) + 1
    assert entries[-1].actor_name == "Robin admin"
    assert entries[-1].object_kind in words.OBJECTS
    assert entries[-1].action in words.ACTIONS


def test_a_form_from_elsewhere_changes_nothing(
    things: Desk, sign_in: Callable[[Role], Browser], database: Database
) -> None:
    admin = sign_in(Role.ADMIN)
    before = contents(database)
    for path in ACTS:
        values = VALUES.get(path, lambda _: {})(things)

        answer = admin.post(url(path, things), data={"csrf": "forged", **values})

        assert (path, answer.status_code) == (path, 403)
    assert contents(database) == before


def test_a_password_without_the_second_factor_opens_nothing(
    things: Desk, session: Session, browser: Callable[..., Browser]
) -> None:
    member = make.staff_member(session, role=Role.ADMIN)
    visitor = browser()
    token = make.staff_signed_in(session, as_=member, has_second_factor=False, now=utc_now())
    visitor.cookies.set("schlicht_staff", token, domain="testserver.local", path="/admin")
    for method, path in [*(("GET", page) for page in PAGES), *(("POST", act) for act in ACTS)]:
        answer = visitor.request(method, url(path, things))

        to = answer.headers.get("location")
        assert (path, answer.status_code, to) == (path, 303, "/admin/login/code")


def test_the_menu_shows_only_what_the_role_may_open(things: Desk, sign_in: Callable[[Role], Browser]) -> None:
    viewer, admin = sign_in(Role.VIEWER).get("/admin").text, sign_in(Role.ADMIN).get("/admin").text

    assert 'href="/admin/staff"' in admin
    assert 'href="/admin/audit"' in admin
    assert 'href="/admin/staff"' not in viewer
    assert 'href="/admin/audit"' not in viewer
    assert 'href="/admin/orders"' in viewer


def test_one_entry_of_the_menu_leads_to_each_report(sign_in: Callable[[Role], Browser]) -> None:
    page = sign_in(Role.VIEWER).get("/admin/reports", headers={"accept-language": "de"}).text

    reports = {path for path in PAGES if path.startswith("/admin/reports/") and path not in FILES}
    assert len(reports) == 4
    assert set(re.findall('href="(/admin/reports/[^"]+)"', page)) == reports
    assert re.findall('href="(/admin/reports)"[^>]*>([^<]+)<', page) == [("/admin/reports", "Berichte")]

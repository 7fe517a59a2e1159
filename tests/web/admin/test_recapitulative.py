"""The recapitulative statement as staff see it: of one month, per VAT id, what is not proven is flagged."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import Session

from app.customers.models import VatCheck
from app.customers.rules.vat_answers import VatOutcome, VatPurpose, VatService
from app.invoices.models import Invoice
from app.invoices.rules.document import DocumentKind
from app.ordering.rules.vat import VatCase
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser

ISSUED = datetime(2026, 11, 5, 9, tzinfo=UTC)


def document(session: Session, desk: Desk, number: str, **values: Any) -> Invoice:
    order = make.order(session, of=desk.customer, by=desk.contact, bundle=desk.bundle)
    net_cents = values.pop("net_cents", 12_350)
    defaults: dict[str, Any] = {
        "number": number,
        "kind": DocumentKind.INVOICE,
        "order_id": order.id,
        "customer_id": desk.customer.id,
        "issued_at": ISSUED,
        "issued_on": date(2026, 11, 5),
        "language": "de",
        "vat_case": VatCase.INTRA_COMMUNITY,
        "net_cents": net_cents,
        "vat_cents": 0,
        "gross_cents": net_cents,
        "buyer_name": "Holzbau",
        "buyer_vat_id": "ATU12345675",
        "buyer_country": "AT",
        "document": {},
        "report": {},
        "xml": b"",
        "xml_sha256": "",
        "pdf": b"",
        "pdf_sha256": "",
        "retain_until": date(2034, 12, 31),
    }
    return make.saved(session, Invoice(**{**defaults, **values}))


@pytest.fixture
def viewer(things: Desk, sign_in: Callable[[Role], Browser]) -> Browser:
    return sign_in(Role.VIEWER)


def test_the_statement_of_a_month_holds_its_documents_and_flags_what_is_not_proven(
    session: Session, things: Desk, viewer: Browser
) -> None:
    first = document(session, things, "RE-2026-990001")
    document(session, things, "RE-2026-990002", buyer_vat_id="CZ123", vat_case=VatCase.REVERSE_CHARGE)
    document(
        session,
        things,
        "RK-2026-990001",
        kind=DocumentKind.CORRECTION,
        corrects_id=first.id,
        net_cents=2_300,
    )
    document(session, things, "RE-2026-990003", issued_on=date(2026, 12, 1))
    document(session, things, "RE-2026-990004", vat_case=VatCase.EXPORT)
    make.saved(
        session,
        VatCheck(
            customer_id=things.customer.id,
            vat_id="ATU12345675",
            service=VatService.EVATR,
            outcome=VatOutcome.VALID,
            request_id="proof-1",
            answer={},
            matched={},
            purpose=VatPurpose.CHECKOUT,
            at=ISSUED,
        ),
    )

    page = viewer.get("/admin/reports/recapitulative?month=2026-11")
    file = viewer.get("/admin/reports/recapitulative.csv?month=2026-11")

    assert "no proof is stored" in page.text
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.split("\r\n") == [
        "country;vat_id;kind;amount_eur;documents;confirmation",
        "AT;U12345675;L;101;2;confirmed",
        "CZ;123;S;124;1;missing",
        "",
    ]


@pytest.mark.parametrize("month", ["2026-13", "x", "2026-11-01"])
def test_what_is_no_month_is_said_so_as_page_and_as_file(viewer: Browser, month: str) -> None:
    assert viewer.get(f"/admin/reports/recapitulative?month={month}").status_code == 422
    assert viewer.get(f"/admin/reports/recapitulative.csv?month={month}").status_code == 422


def test_without_a_month_it_is_the_last_one(viewer: Browser) -> None:
    page = viewer.get("/admin/reports/recapitulative")

    assert page.status_code == 200
    assert "Nothing to report" in page.text

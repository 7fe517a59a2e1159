"""Proofs of delivery: opened by the dispatch, overdue in the inbox, kept once and never replaced."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import VatCheck
from app.customers.rules.vat_answers import VatOutcome, VatPurpose, VatService
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.fulfilment.models import DeliveryProof
from app.fulfilment.rules.proofs import ProofKind
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.ordering.rules.vat import VatCase
from app.staff.rules.roles import Role
from tests import make
from tests.fulfilment.rules.test_proofs import PAPER
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser

PACKER = Actor(ActorKind.STAFF, "Ole Brandt", 1)


@pytest.fixture
def packer(things: Desk, sign_in: Callable[[Role], Browser]) -> Browser:
    return sign_in(Role.OPERATIONS)


def send(browser: Browser, proof_id: int, content: bytes = b"", reference: str = "") -> object:
    files = {"file": ("proof.pdf", content, "application/pdf")} if content else None
    return browser.submit(f"/admin/proofs/{proof_id}", {"reference": reference}, files=files)


@pytest.mark.parametrize(
    "case, kind",
    [
        (VatCase.INTRA_COMMUNITY, ProofKind.ARRIVAL),
        (VatCase.EXPORT, ProofKind.EXIT),
        (VatCase.DOMESTIC, None),
    ],
)
def test_the_dispatch_opens_the_proof_of_its_case_and_none_at_home(
    session: Session, things: Desk, case: VatCase, kind: ProofKind | None
) -> None:
    with transaction(session):
        for row in session.exec(select(DeliveryProof)):
            session.delete(row)
        session.get_one(Order, things.order.id).vat_case = case

    dispatch_orders(
        session,
        [Parcel(things.order.number)],
        carrier="Post",
        today=date(2026, 3, 10),
        actor=PACKER,
        now=utc_now(),
    )

    session.rollback()
    proofs = session.exec(select(DeliveryProof)).all()
    assert [(proof.kind, proof.due_on) for proof in proofs] == ([(kind, date(2026, 4, 9))] if kind else [])


def test_an_overdue_proof_is_a_task_until_its_file_is_kept(
    session: Session, things: Desk, packer: Browser
) -> None:
    assert "proofs of delivery overdue" in packer.get("/admin").text
    assert "overdue since" in packer.get("/admin/proofs").text

    answer = send(packer, things.proof_id, PAPER, " 26DE123456789012A1 ")

    assert answer.headers["location"] == "/admin/proofs?done=proof"
    proof = session.exec(select(DeliveryProof)).one()
    assert (proof.content, proof.sha256) == (PAPER, hashlib.sha256(PAPER).hexdigest())
    assert (proof.reference, proof.retain_until) == ("26DE123456789012A1", date(utc_now().year + 8, 12, 31))
    assert "No proof is missing" in packer.get("/admin/proofs").text
    file = packer.get(f"/admin/proofs/{things.proof_id}/file")
    assert (file.content, file.headers["content-type"]) == (PAPER, "application/pdf")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"


def test_a_proof_that_is_there_is_never_replaced(session: Session, things: Desk, packer: Browser) -> None:
    send(packer, things.proof_id, PAPER)

    again = send(packer, things.proof_id, b"", "another number")

    assert again.status_code == 409
    assert "This proof is there already." in again.text
    proof = session.exec(select(DeliveryProof)).one()
    assert (proof.content, proof.reference) == (PAPER, "")


@pytest.mark.parametrize(
    "content, reference, said",
    [
        (b"", "", "Please choose the file of the proof"),
        (b"<svg onload=alert(1)>", "", "Please use PDF, JPEG, PNG or WebP."),
        (b"", "x" * 65, "at most 64 characters"),
        (b"", "line\nend", "at most 64 characters"),
    ],
)
def test_what_is_no_proof_is_named_and_nothing_is_kept(
    session: Session, things: Desk, packer: Browser, content: bytes, reference: str, said: str
) -> None:
    answer = send(packer, things.proof_id, content, reference)

    assert answer.status_code == 422
    assert said in answer.text
    assert session.exec(select(DeliveryProof)).one().uploaded_at is None


def test_an_id_that_turned_invalid_after_the_order_is_a_task_for_a_person(
    session: Session, things: Desk, packer: Browser
) -> None:
    with transaction(session):
        order = make.order(
            session,
            of=things.customer,
            by=things.contact,
            bundle=things.bundle,
            state=OrderState.ACCEPTED,
            accepted_at=make.NOW,
            vat_case=VatCase.INTRA_COMMUNITY,
            vat_id="ATU12345675",
        )
        session.add(
            VatCheck(
                customer_id=order.customer_id,
                vat_id="ATU12345675",
                service=VatService.VIES,
                outcome=VatOutcome.INVALID,
                answer={},
                matched={},
                purpose=VatPurpose.INVOICE,
                at=order.placed_at + timedelta(hours=1),
            )
        )

    assert "orders without VAT whose VAT id was refuted" in packer.get("/admin").text
    page = packer.get("/admin/proofs").text
    assert "VAT ids that were refuted after the order" in page
    assert "ATU12345675" in page
    assert "invalid" in packer.get(f"/admin/customers/{things.customer.number}").text

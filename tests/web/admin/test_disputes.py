"""Staff's pages of disputes: the inbox, evidence with its files, and what is left after a lost one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select, update

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.jobs.models import Job
from app.ordering.rules.states import OrderState
from app.payments.models import Dispute, DisputeFile, StripeEvent
from app.staff.rules.roles import Role
from tests import make_money
from tests.flows.complaining import photo
from tests.web.admin.conftest import PICTURE, Desk, fresh
from tests.web.conftest import Browser

PDF = b"%PDF-1.7\nproof\n%%EOF\n"


@pytest.fixture
def clerk(sign_in: Callable[[Role], Browser]) -> Browser:
    """Somebody of the books."""
    return sign_in(Role.FINANCE)


def test_a_dispute_stands_in_the_inbox_until_it_is_answered(
    things: Desk, clerk: Browser, session: Session
) -> None:
    at = f"/admin/disputes/{things.dispute_id}"
    assert "<b>1</b> disputes to answer" in " ".join(clerk.get("/admin").text.split())
    assert at in clerk.get("/admin/disputes").text
    page = clerk.get(at).text
    assert "version 2026-01" in page

    kept = clerk.submit(at, {"uncategorized_text": "It left on Tuesday.", "act": "save"})
    sent = [clerk.submit(at, {"uncategorized_text": "It left.", "act": "send"}, page=at) for _ in range(1)]

    assert kept.headers["location"] == f"{at}?done=evidence_saved"
    assert [one.headers["location"] for one in sent] == [f"{at}?done=evidence_sent"]
    session.rollback()
    dispute = session.get_one(Dispute, things.dispute_id)
    assert (dispute.evidence, dispute.submitted_by) == ({"uncategorized_text": "It left."}, "Robin finance")
    assert len(session.exec(select(Job.id).where(col(Job.kind) == "submit_dispute")).all()) == 1
    page = clerk.get(at).text
    assert "on its way to the bank" in page
    assert "Send to the bank" not in page


def test_files_are_added_seen_replaced_and_taken_out(things: Desk, clerk: Browser, session: Session) -> None:
    at = f"/admin/disputes/{things.dispute_id}"
    token = clerk.csrf(at)

    def upload(field: str, content: bytes, **more: str) -> int:
        files = {"file": ("../../evil.pdf", content, "application/pdf")} if content else None
        answer = clerk.post(f"{at}/files", data={"csrf": token, "field": field, **more}, files=files)
        return answer.status_code

    assert upload("shipping_documentation", PDF) == 303
    assert upload("receipt", photo()) == 303
    assert upload("receipt", b"<script>") == 422
    assert upload("evil", PDF) == 422
    assert upload("shipping_documentation", b"", act="remove") == 303

    session.rollback()
    file = session.exec(select(DisputeFile)).one()
    assert (file.field, file.content_type, "evil" in file.name) == ("receipt", "image/jpeg", False)
    answer = clerk.get(f"{at}/files/receipt")
    assert answer.content == file.content != PICTURE
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert clerk.get(f"{at}/files/refund_policy").status_code == 404


def test_an_order_whose_dispute_is_lost_is_ended_and_never_before(
    things: Desk, clerk: Browser, session: Session
) -> None:
    dispute = make_money.dispute(session, about=things.order)
    at = f"/admin/disputes/{dispute.id}"
    assert clerk.submit(f"{at}/call-off", page=at).status_code == 409
    with transaction(session):
        session.exec(update(Dispute).where(col(Dispute.id) == dispute.id).values(status="lost"))

    assert "End the order" in clerk.get(at).text
    answers = [clerk.submit(f"{at}/call-off", page=at).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert fresh(session, things.order).state is OrderState.CANCELLED


def test_silent_webhooks_are_told_in_words(things: Desk, clerk: Browser, session: Session) -> None:
    with transaction(session):
        session.exec(update(StripeEvent).values(received_at=utc_now() - timedelta(hours=3)))
    assert "No event from Stripe" not in clerk.get("/admin/payments").text
    order = things.service_order
    make_money.payment(session, of=order, created_at=utc_now() - timedelta(minutes=30))

    page = clerk.get("/admin/payments").text

    assert "although 1 payment began since" in page
    assert "Last event from Stripe 180 minutes ago." in page

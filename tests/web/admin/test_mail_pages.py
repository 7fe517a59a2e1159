"""Staff see what came back and whom to call, and edit what the e-mails say."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from sqlmodel import Session, select

from app.core.transaction import transaction
from app.customers.models import Contact
from app.mail.models import HELD, AddressState, Mail, MailAddress, MailInbox, MailState, MailText
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk
from tests.web.conftest import Browser

TEXT = "/admin/mail/texts/order_dispatched/en"


@pytest.fixture
def bounced(session: Session, things: Desk) -> Mail:
    """An e-mail that came back; its address is marked and one more is held for it."""
    with transaction(session):
        mail = session.get_one(Mail, things.mail.id)
        mail.sent_at, mail.bounced_at, mail.error = make.NOW, make.NOW, "came back: 5.1.1 unknown"
        copy = {
            **mail.model_dump(exclude={"id", "sent_at", "bounced_at"}),
            "key": "held",
            "message_id": "<2@s>",
        }
        session.add(Mail(**{**copy, "error": HELD}))
        session.add(
            MailAddress(
                address=mail.to_address, state=AddressState.BOUNCED, status="5.1.1", reason="unknown",
                mail_id=mail.id, at=make.NOW,
            )
        )  # fmt: skip
    return mail


def said(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_inbox_leads_to_each_address_with_the_person_to_call(
    admin: Browser, things: Desk, bounced: Mail, session: Session
) -> None:
    with transaction(session):
        session.get_one(make.Customer, things.customer.id).phone = "+49 341 99"

    inbox, page = admin.get("/admin").text, admin.get("/admin/mail/addresses").text

    assert "<b>2</b> addresses from which e-mails come back" in inbox
    assert 'href="/admin/mail/addresses"' in inbox
    for part in ("anna@oettinger.example", "Öttinger Blechbau GmbH", "tel:+49 341 99", "5.1.1 unknown"):
        assert part in page
    assert f'href="/admin/mail/{bounced.id}"' in page


def test_the_list_finds_what_came_back_and_says_what_is_held(admin: Browser, bounced: Mail) -> None:
    assert said(admin.get("/admin/mail?state=bounced").text).count("anna@oettinger.example") == 1
    assert "Held: earlier e-mails to this address came back." in admin.get("/admin/mail?state=failed").text
    shown = admin.get(f"/admin/mail/{bounced.id}").text
    assert "Correct the address or lift its mark" in shown
    assert "Send once more" not in shown


def test_lifting_the_mark_sends_what_was_held(
    admin: Browser, bounced: Mail, session: Session, things: Desk
) -> None:
    mark = session.exec(select(MailAddress).where(MailAddress.address == "anna@oettinger.example")).one()

    answer = admin.submit(f"/admin/mail/addresses/{mark.id}/lift")

    assert answer.headers["location"] == "/admin/mail/addresses?done=mark_lifted"
    session.rollback()
    held = session.exec(select(Mail).where(Mail.key == "held")).one()
    assert held.state is MailState.QUEUED
    assert "Send once more" in admin.get(f"/admin/mail/{bounced.id}").text


def test_a_wrong_correction_stands_in_the_form_again_with_its_error(
    admin: Browser, session: Session, things: Desk
) -> None:
    answer = admin.submit(f"/admin/mail/addresses/{things.marked_address_id}/correct", {"email": "nobody@"})

    assert answer.status_code == 422
    assert 'value="nobody@"' in answer.text
    assert 'href="#f-email"' in answer.text
    session.rollback()
    assert session.exec(select(Contact).where(Contact.email == "ceo@sauer.example")).one()


def test_a_person_whose_address_is_marked_reads_it_in_the_account(
    browser: Callable[..., Browser], things: Desk, bounced: Mail
) -> None:
    page = said(browser(things.contact).get("/account").text)

    assert "Our e-mails to you come back" in page
    assert "E-mails to anna@oettinger.example did not arrive" in page


def test_a_person_whose_address_works_reads_nothing_of_it(
    browser: Callable[..., Browser], things: Desk
) -> None:
    assert "come back" not in browser(things.contact).get("/account").text


def test_an_inbox_that_cannot_be_read_is_a_task_that_says_why(
    admin: Browser, session: Session, things: Desk
) -> None:
    make.saved(session, MailInbox(name="bounces", failed_since=make.NOW, error="wrong password"))

    assert "<b>1</b> inboxes of undelivered e-mails that cannot be read" in admin.get("/admin").text
    assert "wrong password" in admin.get("/admin/mail/addresses").text


def test_the_papers_of_an_e_mail_are_named_and_a_missing_one_is_told(
    admin: Browser, session: Session, things: Desk
) -> None:
    with transaction(session):
        mail = session.get_one(Mail, things.mail.id)
        mail.attachments, mail.text_fault = [{"kind": "invoice_pdf", "id": 4711}], "body, line 2: gone"

    page = admin.get(f"/admin/mail/{things.mail.id}").text

    assert "A paper that goes with this e-mail does not exist." in page
    assert "The edited text could not be used, so the default was sent: body, line 2: gone" in page


def test_a_text_is_tried_on_a_real_e_mail_before_it_counts(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit(
        TEXT,
        {
            "act": "preview",
            "subject": "Gone: {{ number }}",
            "body": "By {{ carrier }}.",
            "since_version": "0",
        },
    )

    shown = said(answer.text)
    assert answer.status_code == 200
    assert f"Gone: {things.order.number}" in shown
    assert "By Post. -- schlicht. is a brand of" in shown
    assert "{{ carrier }}" in unescape(answer.text)
    session.rollback()
    assert session.exec(select(MailText)).all() == []


def test_a_text_is_saved_shown_and_given_back(admin: Browser, things: Desk, session: Session) -> None:
    values = {
        "act": "save",
        "subject": "Gone: {{ number }}",
        "body": "By {{ carrier }}.",
        "since_version": "0",
    }
    saved = admin.submit(TEXT, values)
    listed = said(admin.get("/admin/mail/texts").text)
    shown = said(admin.get(f"/admin/mail/{things.mail.id}").text)
    back = admin.submit(TEXT, {"act": "restore", "since_version": "1"})

    assert saved.headers["location"] == f"{TEXT}?done=text_saved"
    assert "edited Robin admin" in listed
    assert f"Gone: {things.order.number}" in shown
    assert back.headers["location"] == f"{TEXT}?done=text_restored"
    assert "edited Robin admin" not in said(admin.get("/admin/mail/texts").text)
    assert "By {{ carrier }}." in unescape(admin.get(f"{TEXT}?version=1").text)


def test_a_fault_names_line_and_value_and_keeps_what_was_typed(
    admin: Browser, session: Session, things: Desk
) -> None:
    values = {
        "act": "save",
        "subject": "S",
        "body": "Hello {{ xyzzy }}\r\n{{ trackin_code }}",
        "since_version": "0",
    }

    answer = admin.submit(TEXT, values)

    assert answer.status_code == 422
    told = said(answer.text)
    assert "Line 2: there is no value “trackin_code” here. Did you mean “tracking_code”?" in told
    assert "Line 1: there is no value “xyzzy” here." in told
    assert "{{ trackin_code }}" in unescape(answer.text)
    session.rollback()
    assert session.exec(select(MailText)).all() == []


def test_who_edits_an_older_state_is_told_and_loses_nothing(
    admin: Browser, session: Session, things: Desk
) -> None:
    first = {"act": "save", "subject": "S", "body": "Mine.", "since_version": "0"}
    admin.submit(TEXT, first)

    answer = admin.submit(TEXT, {**first, "body": "Yours."})

    assert answer.status_code == 409
    assert "Yours." in answer.text
    assert "Somebody else has changed this text meanwhile" in answer.text


def test_the_secret_of_a_link_is_never_shown_in_the_preview(
    admin: Browser, session: Session, things: Desk
) -> None:
    make.saved(
        session,
        Mail(
            kind="verify_email", key="v", message_id="<v@s>", to_address="kim@firma.example", language="en",
            object_kind="customer", object_id=1, created_at=make.NOW, secret_values={"token": "s3cret-link"},
            values={"contact_name": "Kim", "company_name": "Firma", "hours": 48},
        ),
    )  # fmt: skip

    page = admin.get("/admin/mail/texts/verify_email/en").text

    assert "verify/••••••••" in page
    assert "s3cret-link" not in page


def test_a_kind_of_which_nothing_was_written_has_no_preview(admin: Browser, things: Desk) -> None:
    assert "No e-mail of this kind has been written yet" in admin.get("/admin/mail/texts/order_late/de").text


@pytest.mark.parametrize("path", ["nothing/en", "order_late/fr", "..%2Fadmin/en"])
def test_a_text_that_does_not_exist_is_not_found(admin: Browser, things: Desk, path: str) -> None:
    assert admin.get(f"/admin/mail/texts/{path}").status_code == 404


def test_operations_read_the_texts_but_have_no_button(
    sign_in: Callable[[Role], Browser], things: Desk
) -> None:
    page = sign_in(Role.OPERATIONS).get(TEXT).text

    assert "How it looks" in page
    assert 'name="act"' not in page

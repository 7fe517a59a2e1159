"""Messages go in by SMTP and come out as pages and JSON; failures come as ordered."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from dev.mailbox.__main__ import main
from dev.mailbox.app import linked
from dev.mailbox.server import MailboxProcess

TEXT = "Guten Tag,\n\nbitte bestätigen: http://127.0.0.1:8000/verify/abc?x=1&y=2.\n\nIhr Team <schlicht>\n"


def send(
    mailbox: MailboxProcess, *recipients: str, subject: str = "Prüfung läuft", timeout: float = 5
) -> dict[str, tuple[int, bytes]]:
    message = EmailMessage()
    message["From"] = "shop@demo.example"
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message["Message-ID"] = "<outbox-1@demo.example>"
    message.set_content(TEXT)
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=timeout) as smtp:
        return smtp.send_message(message)


def test_a_message_is_readable_as_json_with_its_text_and_id(mailbox: MailboxProcess) -> None:
    send(mailbox, "c@demo.example")

    (message,) = mailbox.messages()

    assert message["from"] == "shop@demo.example"
    assert message["to"] == ["c@demo.example"]
    assert message["subject"] == "Prüfung läuft"
    assert message["text"] == TEXT
    assert message["message_id"] == "<outbox-1@demo.example>"


def test_the_list_is_newest_first_and_searched_by_recipient(mailbox: MailboxProcess) -> None:
    send(mailbox, "c@demo.example", subject="one")
    send(mailbox, "a@demo.example", subject="two")
    send(mailbox, "C@demo.example", subject="three")

    assert [one["subject"] for one in mailbox.messages()] == ["three", "two", "one"]
    assert [one["subject"] for one in mailbox.messages(to="c@demo")] == ["three", "one"]
    page = mailbox.http.get(mailbox.url, params={"to": "a@demo.example"}).text
    assert "two" in page
    assert "three" not in page


def test_the_page_of_a_message_has_links_and_no_markup_of_the_sender(mailbox: MailboxProcess) -> None:
    send(mailbox, "c@demo.example", subject="<b>bold</b>")

    page = mailbox.http.get(f"{mailbox.url}/messages/{mailbox.messages()[0]['id']}")

    assert "&lt;b&gt;bold&lt;/b&gt;" in page.text
    assert "Ihr Team &lt;schlicht&gt;" in page.text
    assert '<a href="http://127.0.0.1:8000/verify/abc?x=1&amp;y=2" rel="noreferrer">' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_link_cannot_break_out_of_its_attribute() -> None:
    text = 'see http://x.example/"><script>alert(1)</script> and javascript:alert(1)'

    shown = str(linked(text))

    assert shown.count("<a ") == 1
    assert '<a href="http://x.example/" rel="noreferrer">' in shown
    assert "<script>" not in shown


def test_an_unknown_message_is_a_404(mailbox: MailboxProcess) -> None:
    assert mailbox.http.get(f"{mailbox.url}/messages/none").status_code == 404
    assert mailbox.http.get(f"{mailbox.url}/messages/none/raw").status_code == 404


def test_deleting_empties_the_box(mailbox: MailboxProcess) -> None:
    send(mailbox, "c@demo.example")

    answer = mailbox.http.delete(f"{mailbox.url}/api/messages")

    assert answer.json() == {"deleted_count": 1}
    assert mailbox.messages() == []


def test_greylisting_refuses_as_often_as_told(mailbox: MailboxProcess) -> None:
    mailbox.fail_next(rcpt="c@demo.example", code=451, times=2)

    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(mailbox, "c@demo.example")
        assert refused.value.recipients["c@demo.example"][0] == 451
    send(mailbox, "c@demo.example")

    assert len(mailbox.messages()) == 1


def test_a_dead_recipient_fails_alone(mailbox: MailboxProcess) -> None:
    mailbox.fail_next(rcpt="*@dead.example", code=550, times=None)

    refused = send(mailbox, "c@demo.example", "x@dead.example")

    assert {address: code for address, (code, _) in refused.items()} == {"x@dead.example": 550}
    assert [one["to"] for one in mailbox.messages()] == [["c@demo.example"]]


def test_a_refusal_after_the_text_keeps_nothing(mailbox: MailboxProcess) -> None:
    mailbox.fail_next(code=451, stage="data")

    with pytest.raises(smtplib.SMTPDataError):
        send(mailbox, "c@demo.example")

    assert mailbox.messages() == []


def test_a_cut_after_storing_leaves_a_message_the_sender_does_not_know_of(mailbox: MailboxProcess) -> None:
    mailbox.fail_next(is_dropped=True, stage="stored")

    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        send(mailbox, "c@demo.example")

    assert len(mailbox.messages()) == 1


def test_a_hanging_server_runs_into_the_timeout_and_others_go_on(mailbox: MailboxProcess) -> None:
    mailbox.fail_next(rcpt="slow@demo.example", hang_s=3)

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        send(mailbox, "slow@demo.example", timeout=0.3)
    send(mailbox, "c@demo.example", timeout=2)

    assert [one["to"] for one in mailbox.messages()] == [["c@demo.example"]]


def test_an_unclear_order_to_fail_is_refused(mailbox: MailboxProcess) -> None:
    for wrong in ({}, {"code": 451, "hang_s": 1}, {"code": 250}, {"code": 451, "surprise": 1}):
        assert mailbox.http.post(f"{mailbox.url}/api/behaviour", json=wrong).status_code == 422

    assert mailbox.http.get(f"{mailbox.url}/api/behaviour").json() == []


def test_messages_survive_a_restart_when_they_have_a_folder(tmp_path: Path) -> None:
    with MailboxProcess(folder=tmp_path / "mail") as first:
        send(first, "c@demo.example")
        kept = first.messages()

    with MailboxProcess(folder=tmp_path / "mail") as second:
        assert second.messages() == kept
        second.clear()
    assert list((tmp_path / "mail").iterdir()) == []


def test_it_refuses_to_be_reached_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0", "--port", "1"]) == 2
    assert "loopback only" in capsys.readouterr().err

"""Which reports count as a bounce or a complaint, and which never may."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mail.rules.reports import (
    LARGEST_REPORT_BYTES,
    Report,
    Told,
    is_about_address,
    is_report,
    read_report,
    status_of_answer,
)
from tests.mail.reports import COMPLAINT, VACATION, bounce

ID = "<5f0c@schlicht.example>"


def test_a_delivery_report_names_the_message_the_recipient_and_the_reason() -> None:
    assert read_report(bounce(ID, "Kim@Firma.example")) == Report(
        Told.BOUNCED, (ID,), "kim@firma.example", "5.1.1", "smtp; 550 5.1.1 no such user"
    )


def test_the_original_recipient_counts_before_the_one_it_was_forwarded_to() -> None:
    report = read_report(bounce(ID, "privat@weiter.example", original="kim@firma.example"))

    assert report is not None
    assert report.recipient == "kim@firma.example"


def test_a_report_that_returns_the_whole_message_is_read_as_well() -> None:
    report = read_report(bounce(ID, "kim@firma.example", returned="message/rfc822"))

    assert report is not None
    assert report.message_ids == (ID,)


def test_a_report_without_the_message_is_found_by_what_it_answers() -> None:
    raw = bounce("", "kim@firma.example").replace(b"Subject:", f"In-Reply-To: {ID}\r\nSubject:".encode(), 1)

    report = read_report(raw)

    assert report is not None
    assert report.message_ids == (ID,)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_only_a_final_failure_is_a_bounce(action: str) -> None:
    assert read_report(bounce(ID, "kim@firma.example", action=action, status="4.4.1")) is None


def test_a_mail_that_expired_comes_back_but_says_nothing_against_the_address() -> None:
    report = read_report(bounce(ID, "kim@firma.example", status="4.4.7"))

    assert report is not None
    assert (report.told, report.marks_address) == (Told.BOUNCED, False)


def test_an_out_of_office_answer_never_counts() -> None:
    assert read_report(VACATION.replace(b"@ID@", ID.encode())) is None


def test_a_read_receipt_is_no_bounce() -> None:
    raw = bounce(ID, "kim@firma.example").replace(
        b"message/delivery-status", b"message/disposition-notification"
    )

    assert read_report(raw) is None


def test_a_complaint_names_the_message_and_marks_the_address() -> None:
    report = read_report(COMPLAINT.replace(b"@ID@", ID.encode()))

    assert report is not None
    assert (report.told, report.message_ids, report.recipient, report.marks_address) == (
        Told.COMPLAINED, (ID,), "kim@firma.example", True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("5.1.1", True), ("5.1.10", True), ("5.0.0", True), ("5.2.1", True), ("5.2.2", True), ("5.4.4", True),
        ("5.1.7", False), ("5.1.8", False), ("5.2.3", False), ("5.3.4", False), ("5.4.1", False), ("5.6.0", False),
        ("5.7.1", False), ("4.1.1", False), ("2.1.5", False), ("", False), ("5.1", False), ("x5.1.1", False),
    ],
)  # fmt: skip
def test_only_what_speaks_of_the_address_marks_it(status: str, expected: bool) -> None:
    assert is_about_address(status) is expected


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 no such user", "5.1.1"),
        (550, "5.7.1 blocked by policy", "5.7.1"),
        (550, "no such user", "5.1.1"),
        (552, "quota", "5.2.2"),
        (554, "transaction failed", ""),
        (550, "4.2.1 nonsense of a broken server", "5.1.1"),
        (550, "see 5.7.1 in our manual", "5.1.1"),
    ],
)
def test_an_smtp_answer_without_an_enhanced_code_is_read_by_its_plain_one(
    code: int, text: str, expected: str
) -> None:
    assert status_of_answer(code, text) == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [('Multipart/Report; report-type="delivery-status"', True), ("multipart/mixed", False), ("", False)],
)
def test_only_what_promises_a_report_is_worth_reading(content_type: str, expected: bool) -> None:
    assert is_report(content_type) is expected


def nested(depth: int) -> bytes:
    raw = b"Content-Type: multipart/report; boundary=b0\r\n\r\n"
    for level in range(depth):
        raw += f"--b{level}\r\nContent-Type: multipart/mixed; boundary=b{level + 1}\r\n\r\n".encode()
    return raw


HOSTILE = {
    "empty": b"",
    "nested a thousand times": nested(1000),
    "no end": bounce(ID, "kim@firma.example")[:400],
    "bytes in the headers": bounce(ID, "kim@firma.example").replace(b"Action: failed", b"Action: \xff\xfe"),
    "a boundary of nothing": b"Content-Type: multipart/report; boundary=\r\n\r\n--\r\n",
    "a megabyte of boundaries": b"Content-Type: multipart/report; boundary=a\r\n\r\n"
    + b"--a\r\n\r\n" * 150_000,
    "a line without end": b"Content-Type: multipart/report; boundary=" + b"x" * 2_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_report_is_read_in_bounded_time_and_says_nothing(name: str) -> None:
    begin = time.process_time()

    assert read_report(HOSTILE[name]) is None

    assert time.process_time() - begin < 1.0


def test_what_stands_behind_the_largest_size_is_not_looked_at() -> None:
    raw = bounce(ID, "kim@firma.example")
    padded = raw.replace(b"--b", b"x" * LARGEST_REPORT_BYTES + b"\r\n--b", 1)

    assert read_report(padded) is None


def test_control_characters_of_a_stranger_reach_no_page() -> None:
    raw = bounce(ID, "kim@firma.example").replace(b"no such user", b"no\x1b[31m such\x00 user \x9b")

    report = read_report(raw)

    assert report is not None
    assert report.detail.isprintable()


@given(st.binary(max_size=300), st.integers(0, 600))
@settings(max_examples=60)
def test_damage_anywhere_in_a_report_never_raises(noise: bytes, at: int) -> None:
    raw = bounce(ID, "kim@firma.example")

    read_report(raw[:at] + noise + raw[at + len(noise) :])

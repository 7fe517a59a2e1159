"""What a relay tells us: who signed it, and what of it counts."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mail.rules.relay_events import MOST_EVENTS, Unreadable, read_events
from app.mail.rules.reports import Report, Told
from app.mail.rules.signatures import is_genuine, signature_of
from tests.make import NOW

SECRET = "s" * 32
BODY = b'{"events": []}'


def test_a_body_signed_with_the_secret_within_five_minutes_is_genuine() -> None:
    header = signature_of(BODY, secret=SECRET, at=NOW)

    for minutes in (-5, 0, 5):
        assert is_genuine(BODY, header, secret=SECRET, now=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("body", "secret", "minutes"),
    [(BODY + b" ", SECRET, 0), (BODY, "t" * 32, 0), (BODY, "", 0), (BODY, SECRET, 5.1), (BODY, SECRET, -5.1)],
)
def test_anything_else_is_forged(body: bytes, secret: str, minutes: float) -> None:
    header = signature_of(BODY, secret=SECRET, at=NOW)

    assert not is_genuine(body, header, secret=secret, now=NOW + timedelta(minutes=minutes))


def test_an_empty_secret_signs_nothing() -> None:
    assert not is_genuine(BODY, signature_of(BODY, secret="", at=NOW), secret="", now=NOW)


@given(st.text(max_size=120))
@settings(max_examples=25)
def test_no_text_in_place_of_a_signature_is_believed_or_raises(header: str) -> None:
    assert not is_genuine(BODY, header, secret=SECRET, now=NOW)


def events(*given: Any) -> bytes:
    return json.dumps({"events": list(given)}).encode()


def test_bounces_and_complaints_are_read_and_the_rest_is_left_out() -> None:
    body = events(
        {"event": "bounced", "message_id": "1@schlicht.example", "recipient": "Kim@Firma.example", "status": "5.1.1",
         "detail": "no\n such user"},
        {"event": "complained", "message_id": "<2@schlicht.example>"},
        {"event": "delayed", "message_id": "<3@schlicht.example>", "status": "4.4.1"},
        {"event": "delivered"},
    )  # fmt: skip

    assert read_events(body) == [
        Report(Told.BOUNCED, ("<1@schlicht.example>",), "kim@firma.example", "5.1.1", "no such user"),
        Report(Told.COMPLAINED, ("<2@schlicht.example>",)),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'{"events": {}}', b'{"events": [1]}', b'{"events": [{"event": 1}]}', b"\xff",
        events({"event": "bounced"}), events({"event": "bounced", "message_id": ["x"]}), b"[" * 100_000,
        events(*[{"event": "delivered"}] * (MOST_EVENTS + 1)),
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_events(body)


def test_no_character_that_a_database_refuses_comes_through() -> None:
    body = b'{"events": [{"event": "bounced", "message_id": "<1@a>", "detail": "a\\u0000b\\ud800c"}]}'

    [report] = read_events(body)

    assert report.detail == "a b?c"

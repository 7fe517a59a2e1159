"""The inbox of reports is read over TLS, piece by piece, and nothing in it is changed or read that is none of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.mail.inbox import Found, ImapInbox, InboxUnavailable, Position, open_inbox
from tests.mail.certificates import self_signed
from tests.mail.imap_server import Folder, served_imap
from tests.mail.reports import VACATION, bounce

BOUNCE = bounce("<1@schlicht.example>", "kim@firma.example")


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def url(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The folder over TLS, by a certificate that this machine believes."""
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with served_imap(folder, certificate) as address:
        yield address


def read(url: str, *, validity: int = 1, after: int = 0) -> list[Found]:
    inbox = open_inbox(url)
    assert inbox is not None
    with inbox.opened() as mailbox:
        return list(mailbox.new_reports(after=Position(validity, after)))


def test_only_reports_are_read_and_nothing_is_changed(url: str, folder: Folder) -> None:
    folder.put(VACATION)
    folder.put(BOUNCE)

    assert read(url) == [Found(Position(1, 1), b""), Found(Position(1, 2), BOUNCE)]
    asked = " ".join(folder.asked)
    assert "UID FETCH 1 (BODY.PEEK[]" not in asked
    for changing in ("SELECT", "STORE", "EXPUNGE", "DELETE", "COPY", "MOVE", "BODY[]"):
        assert changing not in asked


def test_what_was_read_before_is_not_read_again(url: str, folder: Folder) -> None:
    for _ in range(3):
        folder.put(BOUNCE)

    assert [found.position.uid for found in read(url, after=2)] == [3]
    assert read(url, after=3) == []


def test_an_inbox_that_was_made_anew_is_read_from_its_beginning(url: str, folder: Folder) -> None:
    folder.uid_validity = 7
    folder.put(BOUNCE)

    assert read(url, validity=1, after=40) == [Found(Position(7, 1), BOUNCE)]


def test_gaps_of_any_size_are_passed(url: str, folder: Folder) -> None:
    folder.mails = {9_000: BOUNCE}

    found = read(url, after=10)

    assert found[-1] == Found(Position(1, 9_000), BOUNCE)
    assert [one.raw for one in found[:-1]] == [b""] * (len(found) - 1)
    assert len(found) < 8


def test_an_e_mail_of_any_size_costs_a_bounded_piece(url: str, folder: Folder) -> None:
    folder.put(BOUNCE + b"x" * 3_000_000)

    assert len(read(url)[0].raw) == 256 * 1024


def test_an_empty_inbox_says_nothing(url: str) -> None:
    assert read(url) == []


@pytest.mark.parametrize("at", ["EXAMINE", "SEARCH", "FETCH", "LOGIN"])
def test_a_server_that_breaks_off_or_refuses_is_told_as_unavailable(
    url: str, folder: Folder, at: str
) -> None:
    folder.put(BOUNCE)
    folder.breaks_at = at
    with pytest.raises(InboxUnavailable):
        read(url)

    folder.breaks_at, folder.says_no_to = "", at
    with pytest.raises(InboxUnavailable):
        read(url)


def test_a_wrong_password_is_told_as_unavailable_without_telling_it(url: str) -> None:
    with pytest.raises(InboxUnavailable) as told:
        read(url.replace("secret", "wrong-pass"))

    assert "wrong-pass" not in str(told.value)


def test_a_certificate_that_nobody_vouches_for_gets_no_password(folder: Folder, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    told = pytest.raises(InboxUnavailable, match="CERTIFICATE_VERIFY_FAILED")
    with served_imap(folder, certificate) as address, told:
        read(address)

    assert folder.asked == []


def test_no_inbox_is_read_where_none_is_named() -> None:
    assert open_inbox("") is None
    assert isinstance(open_inbox("imaps://shop%40a:p%2Fw@mail.example/Bounces"), ImapInbox)


@pytest.mark.parametrize(
    "address",
    [
        "imap://a:b@mail.example",
        "imaps://mail.example",
        "imaps://a:b@",
        "imaps://a:b@mail.example/a%22b",
        "file:///x",
    ],
)
def test_an_inbox_is_never_read_in_clear_and_its_name_is_no_command(address: str) -> None:
    with pytest.raises(ValueError, match="SHOP_BOUNCE_IMAP_URL"):
        open_inbox(address)

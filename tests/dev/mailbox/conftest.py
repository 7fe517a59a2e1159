"""One mailbox for all tests of this folder, emptied before each."""

from collections.abc import Iterator

import pytest

from dev.mailbox.server import MailboxProcess


@pytest.fixture(scope="package")
def running_mailbox() -> Iterator[MailboxProcess]:
    with MailboxProcess() as mailbox:
        yield mailbox


@pytest.fixture
def mailbox(running_mailbox: MailboxProcess) -> MailboxProcess:
    running_mailbox.clear()
    return running_mailbox

"""Reading a page like a person: what is seen or heard of it, and which words of that are English."""

import re
from enum import StrEnum
from html import unescape
from html.parser import HTMLParser

from app.catalogue.rules.kinds import BundleState, Kind, Source
from app.customers.rules.admission import Admission, ScreeningState
from app.customers.rules.application import LegalForm
from app.customers.rules.matching import Because, MatchField
from app.mail.models import MailState
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.states import PaymentState
from app.staff.rules.roles import Right

STATES: tuple[type[StrEnum], ...] = (
    *(OrderState, CancelReason, PaymentState, MailState, ScreeningState, Admission, Because, MatchField),
    *(BundleState, Kind, Source, Right, LegalForm),
)
ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "the of is are and your you this that with have from to which it our please been by has can for we or",
    )
) | {state.value for states in STATES for state in states if state.value.isascii() and state.value.islower()}
"""Words that no German sentence has, and the program's own names for states, which nobody is to read."""

READ_ATTRIBUTES = {"alt", "aria-label", "aria-description", "data-label", "label", "placeholder", "title"}
NOT_READ = {"script", "style", "code", "pre", "textarea"}
VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr"}
MADE_BY_TESTS = re.compile(r"Line of S-\d+|Your order S-\d+ has left|unknown to the main brand$")
WORD = re.compile(r"\w+(?:-\w+)*")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in READ_ATTRIBUTES and value]
        if tag not in VOID:
            # What is said to be English is the bundle's own text in that language, shown on purpose.
            self.inside.append((tag, tag in NOT_READ or ("lang", "en") in attrs))

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(is_left_out for _, is_left_out in self.inside) and data.strip():
            self.texts.append(data.strip())


def texts_of(page: str) -> list[str]:
    """What a person sees or hears of a page; code, mails shown as sent and typed texts are left out."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.texts


def visible_text(page: str) -> str:
    """All that a page shows, in one line with single plain spaces."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def english_in(page: str) -> set[str]:
    """The texts of a page that hold an English word or a raw state."""
    return {
        text for text in texts_of(page) if ENGLISH & set(WORD.findall(MADE_BY_TESTS.sub("", text).strip()))
    }

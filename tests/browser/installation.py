"""One running installation of real processes: shop, worker, card service and mailbox over a small demo company."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

import pyotp

from app.cli.demo_company.names import company
from app.cli.demo_company.people import FIRST_CUSTOMER
from dev.mailbox.server import MailboxProcess
from dev.stripe_standin.server import StandinProcess

WAIT_SECONDS = 30.0
STEP_SECONDS = 30


@dataclass
class Installation:
    """Where everything answers, and the log-ins of the demo."""

    url: str
    standin: StandinProcess
    mailbox: MailboxProcess
    password: str
    totp_secrets: dict[str, str]
    last_steps: dict[str, int] = field(default_factory=dict)

    def code_of(self, email: str, *, secret: str = "") -> str:
        """A second factor that was not used yet; waits for the next one only where this one was."""
        step = max(int(time.time()) // STEP_SECONDS, self.last_steps.get(email, 0) + 1)
        while int(time.time()) // STEP_SECONDS < step - 1:
            time.sleep(0.2)
        self.last_steps[email] = step
        return pyotp.TOTP(secret or self.totp_secrets[email]).generate_otp(step)

    def message(self, *, to: str, subject: str | re.Pattern[str]) -> dict[str, Any]:
        """The newest message to a recipient with a subject, or one of a form, as soon as it is there."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while True:
            found = self.mailbox.messages(to=to)
            for message in found:
                if message["subject"] == subject or (
                    isinstance(subject, re.Pattern) and subject.fullmatch(message["subject"])
                ):
                    return message
            if time.monotonic() > give_up_at:
                subjects = [message["subject"] for message in found]
                raise TimeoutError(f"no {subject!r} to {to}, only {subjects}")
            time.sleep(0.05)

    def subjects(self, *, to: str) -> list[str]:
        """The subjects of all messages to a recipient, oldest first."""
        return [str(message["subject"]) for message in reversed(self.mailbox.messages(to=to))]

    def order_of(self, card_page: str) -> str:
        """The number of the order that is paid on a card page, given its address."""
        session_id = card_page.split("?")[0].rsplit("/", 1)[1]
        found = [one for one in self.standin.books()["sessions"] if one["id"] == session_id]
        return str(found[0]["metadata"]["order"])

    def captured_cents(self, *, of: str) -> list[int]:
        """What was taken from cards for an order, one amount for each payment."""
        return [
            intent["captured"]
            for intent in self.standin.books()["intents"]
            if of in intent["metadata"].values() and intent["captured"]
        ]


def buyer_email(number: int) -> str:
    """The log-in of one of the demo's further admitted companies."""
    return f"einkauf@{company(FIRST_CUSTOMER + number).domain}"

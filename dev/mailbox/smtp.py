"""The SMTP side: takes messages, or fails as told."""

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from aiosmtpd.smtp import SMTP

from dev.mailbox.messages import Mailbox

_SIZE_LIMIT_BYTES = 20_000_000


@dataclass
class Behaviour:
    """What happens to recipients that match; exactly one of code, hang_s and is_dropped is set.

    Stage `rcpt`: when the recipient is named. `data`: after the text came, nothing is kept. `stored`: the message is
    kept, and the sender does not learn it. `times` None means until cleared.
    """

    rcpt: str = "*"
    code: int | None = None
    hang_s: float | None = None
    is_dropped: bool = False
    stage: str = "rcpt"
    times: int | None = 1

    def applies_to(self, stage: str, recipients: list[str]) -> bool:
        """True when it shall act now."""
        is_meant = any(fnmatchcase(one.casefold(), self.rcpt.casefold()) for one in recipients)
        return self.stage == stage and self.times != 0 and is_meant


class Receiver:
    """The handler that aiosmtpd calls."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.behaviours: list[Behaviour] = []

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, rcpt_options: list[str]
    ) -> str:
        """Takes a recipient or refuses it."""
        refusal = await self._disturb(server, "rcpt", [address])
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        """Keeps the message."""
        refusal = await self._disturb(server, "data", envelope.rcpt_tos)
        if refusal is not None:
            return refusal
        raw = envelope.original_content or b""
        self.mailbox.add(sender=envelope.mail_from or "", recipients=envelope.rcpt_tos, raw=raw)
        refusal = await self._disturb(server, "stored", envelope.rcpt_tos)
        return refusal or "250 Message accepted for delivery"

    async def _disturb(self, server: SMTP, stage: str, recipients: list[str]) -> str | None:
        found = next((one for one in self.behaviours if one.applies_to(stage, recipients)), None)
        if found is None:
            return None
        if found.times is not None:
            found.times -= 1
        self.behaviours = [one for one in self.behaviours if one.times != 0]
        if found.hang_s is not None:
            await asyncio.sleep(found.hang_s)
        if found.is_dropped and server.transport is not None:
            server.transport.abort()  # type: ignore[attr-defined]  # each TCP transport has it
            return "421 Closing"
        return None if found.code is None else _refusal(found.code)


async def listen(receiver: Receiver, *, host: str, port: int) -> asyncio.Server:
    """An SMTP server in the running loop."""

    def session() -> SMTP:
        return SMTP(
            receiver,
            hostname="mailbox.local",
            enable_SMTPUTF8=True,
            data_size_limit=_SIZE_LIMIT_BYTES,
            ident="mailbox",
        )

    return await asyncio.get_running_loop().create_server(session, host, port)


def _refusal(code: int) -> str:
    sentence = "try again later" if code < 500 else "no such mailbox here"
    return f"{code} {code // 100}.0.0 {sentence}"

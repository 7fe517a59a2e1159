"""The mailbox as a process of its own, with its controls as methods, for tests."""

import time
from pathlib import Path
from typing import Any

from dev.processes import ServerProcess, free_port


class MailboxProcess(ServerProcess):
    """`with MailboxProcess() as mailbox:` listens on two free ports; `smtp_url` for the shop, `url` for readers."""

    def __init__(
        self, *, port: int | None = None, smtp_port: int | None = None, folder: Path | None = None
    ) -> None:
        self.port = port or free_port()
        self.smtp_port = smtp_port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.smtp_url = f"smtp://127.0.0.1:{self.smtp_port}"
        arguments = ["--port", str(self.port), "--smtp-port", str(self.smtp_port)]
        if folder is not None:
            arguments += ["--dir", str(folder)]
        super().__init__("dev.mailbox", arguments, ready_url=f"{self.url}/api/behaviour")

    def messages(self, *, to: str = "") -> list[dict[str, Any]]:
        """Newest first: id, from, to, subject, text, message_id, received_at, headers."""
        found: list[dict[str, Any]] = self.http.get(f"{self.url}/api/messages", params={"to": to}).json()
        return found

    def wait_for(self, *, to: str, count: int = 1, within_s: float = 10.0) -> list[dict[str, Any]]:
        """The messages to a recipient once there are as many. Raises TimeoutError."""
        give_up_at = time.monotonic() + within_s
        while len(found := self.messages(to=to)) < count:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{len(found)} of {count} messages to {to}")
            time.sleep(0.05)
        return found

    def clear(self) -> None:
        """Forgets messages and failures."""
        self.http.delete(f"{self.url}/api/messages").raise_for_status()
        self.http.delete(f"{self.url}/api/behaviour").raise_for_status()

    def fail_next(self, **behaviour: Any) -> None:
        """Deliveries to `rcpt` (a pattern) fail `times` times: code=451, code=550, hang_s=… or is_dropped=True.

        stage="rcpt" (default), "data" (text came, nothing kept) or "stored" (kept, the sender does not learn it).
        """
        self.http.post(f"{self.url}/api/behaviour", json=behaviour).raise_for_status()

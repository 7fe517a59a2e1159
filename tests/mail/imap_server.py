"""A small IMAP server over TLS for tests: one folder, the few commands of a reader, and faults on demand."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Folder:
    """What lies in the inbox, by UID; `asked` keeps every command, so that a test sees what was read."""

    mails: dict[int, bytes] = field(default_factory=dict)
    uid_validity: int = 1
    password: str = "secret"
    asked: list[str] = field(default_factory=list)
    breaks_at: str = ""
    says_no_to: str = ""

    def put(self, raw: bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = raw
        return uid


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        folder: Folder = self.server.folder  # type: ignore[attr-defined]
        self.wfile.write(b"* OK ready\r\n")
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            tag, _, command = line.partition(" ")
            if command.upper().startswith("LOGIN"):
                folder.asked.append("LOGIN")
            else:
                folder.asked.append(command)
            if folder.breaks_at and folder.breaks_at in command:
                return
            if folder.says_no_to and folder.says_no_to in command:
                self._say(f"{tag} NO not today")
                continue
            self._answer(folder, tag, command)
            if command.upper() == "LOGOUT":
                return

    def _answer(self, folder: Folder, tag: str, command: str) -> None:
        word = command.upper()
        if word == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1")
        elif word.startswith("LOGIN") and folder.password not in command:
            self._say(f"{tag} NO [AUTHENTICATIONFAILED] wrong password")
            return
        elif word.startswith("EXAMINE"):
            self._say(f"* {len(folder.mails)} EXISTS")
            self._say(f"* OK [UIDVALIDITY {folder.uid_validity}]")
            self._say(f"* OK [UIDNEXT {max(folder.mails, default=0) + 1}]")
        elif found := re.fullmatch(r"UID SEARCH UID (\d+):(\d+)", word):
            first, last = int(found[1]), int(found[2])
            uids = [str(uid) for uid in folder.mails if first <= uid <= last]
            self._say(" ".join(["* SEARCH", *(uids or [str(uid) for uid in list(folder.mails)[-1:]])]))
        elif found := re.fullmatch(r"UID FETCH (\d+) \((.+)\)", word):
            self._fetch(folder, int(found[1]), found[2])
        self._say(f"{tag} OK done")

    def _fetch(self, folder: Folder, uid: int, what: str) -> None:
        raw = folder.mails.get(uid)
        if raw is None:
            return
        if "HEADER.FIELDS" in what:
            head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
            kinds = re.findall(rb"(?im)^content-type:.*\r\n(?:[ \t].*\r\n)*", head)
            piece = b"".join(kinds) + b"\r\n"
        else:
            piece = raw[: int(re.findall(r"<0\.(\d+)>", what)[0])]
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(piece)}}}\r\n".encode() + piece + b")\r\n")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, folder: Folder, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.folder = folder
        self._context = context

    def get_request(self) -> Any:
        connection, address = super().get_request()
        return self._context.wrap_socket(connection, server_side=True), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not believe the certificate hangs up: nothing to print."""


@contextmanager
def served_imap(folder: Folder, certificate: Path) -> Iterator[str]:
    """Serves a folder; its address as in SHOP_BOUNCE_IMAP_URL. `certificate` holds key and certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _Server(folder, context) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"imaps://shop:{folder.password}@127.0.0.1:{server.server_address[1]}/INBOX"
        finally:
            server.shutdown()

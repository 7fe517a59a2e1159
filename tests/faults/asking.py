"""Asks for pages over kept-alive sockets and notes when: the cheapest client, so that the shop is what is measured."""

import socket
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Answer:
    """One request of one company's session; the moments are monotonic seconds around it."""

    index: int
    sent_at: float
    answered_at: float
    status: int


class Line:
    """One connection to one process; a request is bytes made beforehand."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def ask(self, request: bytes, *, index: int) -> Answer:
        """Sends the request and reads its whole answer. Raises ConnectionError when the process hangs up."""
        sent_at = monotonic()
        self._socket.sendall(request)
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._read_on()
        head = self._buffer[:end].lower()
        place = head.find(b"content-length:")
        if place < 0:
            raise ValueError(f"an answer without a length: {head!r}")
        wanted = end + 4 + int(head[place + 15 :].split(b"\r\n", 1)[0])
        while len(self._buffer) < wanted:
            self._read_on()
        answered_at = monotonic()
        self._buffer = self._buffer[wanted:]
        return Answer(index, sent_at, answered_at, int(head[9:12]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def _read_on(self) -> None:
        more = self._socket.recv(262_144)
        if not more:
            raise ConnectionError("the process hung up")
        self._buffer += more


def request_for(port: int, path: str, *, token: str) -> bytes:
    """A GET of a signed-in person's browser."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/html",
        "Accept-Language: en",
        f"Cookie: schlicht={token}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()

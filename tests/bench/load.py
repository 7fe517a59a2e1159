"""Sends one request again and again over kept-alive connections, as fast as the server answers."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

CONNECTIONS = 8


@dataclass(frozen=True)
class Measured:
    """What a stretch of load brought: answers a second, and how many answers were not the expected status."""

    request_count: int
    seconds: float
    wrong_count: int
    body_bytes: int
    first_wrong: bytes

    @property
    def per_second(self) -> float:
        return self.request_count / self.seconds


class _Connection(asyncio.Protocol):
    """One connection that sends the next request when an answer is complete."""

    def __init__(self, requests: "itertools.cycle[bytes]", status: bytes, deadline: float) -> None:
        self._requests, self._status, self._deadline = requests, status, deadline
        self._buffer = bytearray()
        self._wanted = 0
        self.count = self.wrong = self.body_bytes = 0
        self.first_wrong = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._wanted:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            place = head.find(b"content-length:")
            length = int(
                head[place + 15 : head.find(b"\r\n", place) if head.find(b"\r\n", place) > 0 else end]
            )
            self._wanted = end + 4 + length
            self.body_bytes = length
        if len(self._buffer) < self._wanted:
            return
        self.count += 1
        if self._buffer[9:12] != self._status:
            self.wrong += 1
            self.first_wrong = self.first_wrong or bytes(self._buffer[:2000])
        self._buffer.clear()
        self._wanted = 0
        if time.perf_counter() >= self._deadline:
            self._transport.close()
            self.done.set_result(None)
        else:
            self._transport.write(next(self._requests))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


def measure(
    port: int, requests: Sequence[bytes], *, seconds: float, status: int = 200, connections: int = CONNECTIONS
) -> Measured:
    """Plays the requests in turn over several connections for some seconds."""

    async def run() -> Measured:
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        deadline = started + seconds
        opened = []
        for n in range(connections):
            turn = itertools.cycle([*requests[n % len(requests) :], *requests[: n % len(requests)]])
            _, protocol = await loop.create_connection(
                lambda turn=turn: _Connection(turn, str(status).encode(), deadline), "127.0.0.1", port
            )
            opened.append(protocol)
        await asyncio.gather(*(protocol.done for protocol in opened))
        return Measured(
            request_count=sum(protocol.count for protocol in opened),
            seconds=time.perf_counter() - started,
            wrong_count=sum(protocol.wrong for protocol in opened),
            body_bytes=opened[0].body_bytes,
            first_wrong=next((protocol.first_wrong for protocol in opened if protocol.first_wrong), b""),
        )

    return asyncio.run(run())


def get(port: int, path: str, *, cookie: str = "") -> bytes:
    """A GET as a browser sends it."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: text/html", "Accept-Language: en"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(port: int, path: str, body: str, *, cookie: str) -> bytes:
    """A form as a browser sends it."""
    payload = body.encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/html",
        "Accept-Language: en",
        f"Cookie: {cookie}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(payload)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + payload

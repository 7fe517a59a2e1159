"""Receiving a large file: piece by piece from the connection to the disk, never as a whole in memory."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.core.errors import N_, Invalid
from app.imports.spool import Incoming, Spool

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PIECE_BYTES = 1 << 20
MOST_FIELD_BYTES = 64 * 1024
MOST_HEADER_BYTES = 16 * 1024


@dataclass
class Upload:
    """A received file, and the texts that were sent before it."""

    incoming: Incoming
    file_name: str
    values: dict[str, str]


async def receive_form(
    request: Request, spool: Spool, *, file_field: str, check: Callable[[dict[str, str]], None]
) -> Upload:
    """Reads a multipart form whose last field is a file. `check` sees the texts before a byte of it is stored.

    Raises Invalid (`form.damaged`, `import.no_file`), what `check` raises, and Unavailable for a full disk; then
    nothing of the file stays.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise _damaged()
    parts = _Parts(file_field)
    parser = MultipartParser(boundary, parts.callbacks())
    incoming: Incoming | None = None
    try:
        async for chunk in request.stream():
            if chunk:
                parser.write(chunk)
            if parts.is_in_file and incoming is None:
                check(parts.values)
                incoming = await anyio.to_thread.run_sync(spool.receive)
            if incoming is not None and len(parts.data) >= PIECE_BYTES:
                await anyio.to_thread.run_sync(incoming.write, parts.take())
        parser.finalize()
        if not parts.is_complete:
            raise _damaged()
        if incoming is None:
            check(parts.values)
            raise Invalid(N_("Please choose a file first."), code="import.no_file")
        await anyio.to_thread.run_sync(incoming.write, parts.take())
        return Upload(incoming, parts.file_name, parts.values)
    except BaseException as error:
        if incoming is not None:
            incoming.discard()
        if isinstance(error, FormParserError):
            raise _damaged() from error
        raise


async def receive_body(request: Request, spool: Spool, *, file_name: str) -> Upload:
    """Reads a request whose body is the file itself. Raises Unavailable for a full disk."""
    incoming = await anyio.to_thread.run_sync(spool.receive)
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) >= PIECE_BYTES:
                await anyio.to_thread.run_sync(incoming.write, bytes(data))
                data.clear()
        await anyio.to_thread.run_sync(incoming.write, bytes(data))
    except BaseException:
        incoming.discard()
        raise
    return Upload(incoming, file_name, {})


@dataclass
class _Parts:
    """What the parser has found so far: texts by name, and the part of the file that nobody has taken yet."""

    file_field: str
    values: dict[str, str] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    file_name: str = ""
    is_in_file: bool = False
    is_complete: bool = False
    _has_file: bool = False
    _name: str = ""
    _text: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _header: bytearray = field(default_factory=bytearray)
    _header_value: bytearray = field(default_factory=bytearray)
    _small_bytes: int = 0

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": functools.partial(self._collect, "_header"),
            "on_header_value": functools.partial(self._collect, "_header_value"),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def take(self) -> bytes:
        """The piece of the file that has come since the last call."""
        piece = bytes(self.data)
        self.data.clear()
        return piece

    def _begin(self) -> None:
        self._headers = {}
        self._text = bytearray()
        self._name = ""

    def _collect(self, target: str, data: bytes, start: int, end: int) -> None:
        self._count(end - start, MOST_HEADER_BYTES)
        getattr(self, target).extend(data[start:end])

    def _header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._header_value)
        self._header.clear()
        self._header_value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        # The file is the last field: a second one, or a text behind it, has no business here.
        if self._has_file:
            raise _damaged()
        if self._name == self.file_field and b"filename" in options:
            self._has_file = self.is_in_file = True
            self.file_name = options[b"filename"].decode("utf-8", "replace")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self.is_in_file:
            self.data += data[start:end]
        else:
            self._count(end - start, MOST_FIELD_BYTES)
            self._text += data[start:end]

    def _part_end(self) -> None:
        if self.is_in_file:
            return
        if self._name in self.values:
            raise _damaged()
        self.values[self._name] = self._text.decode("utf-8", "replace").replace("\0", "")

    def _end(self) -> None:
        self.is_complete = True

    def _count(self, byte_count: int, most: int) -> None:
        self._small_bytes += byte_count
        if self._small_bytes > most:
            raise _damaged()


def _damaged() -> Invalid:
    return Invalid(N_("The form was damaged on its way. Reload the page and try again."), code="form.damaged")

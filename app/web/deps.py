"""What handlers ask for, as annotated aliases."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.requests import Request

from app.catalogue.rules.pictures import LARGEST_UPLOAD_BYTES
from app.core.clock import utc_now
from app.core.errors import N_, FieldError, Invalid
from app.shop import Shop
from app.web.csrf import FIELD, HEADER, check_csrf
from app.web.visitor import StaffVisitor, Visitor

MOST_FILES = 10
"""More than any form takes, so that a few too many get a sentence of their own."""
LARGEST_ID = 2**31 - 1
"""The largest number that a column of ids holds on PostgreSQL."""


def _shop(request: Request) -> Shop:
    shop: Shop = request.scope["shop"]
    return shop


def _visitor(request: Request) -> Visitor:
    visitor: Visitor | None = request.scope["visitor"]
    if visitor is None:
        raise RuntimeError("this route must not be declared public")
    return visitor


def _staff(request: Request) -> StaffVisitor:
    staff: StaffVisitor | None = request.scope["staff"]
    if staff is None:
        raise RuntimeError("this route must be declared for staff")
    return staff


def _read_session(request: Request) -> Iterator[Session]:
    with _shop(request).db.read_session() as session:
        yield session


def _write_session(request: Request) -> Iterator[Session]:
    with _shop(request).db.session() as session:
        yield session


async def form_values(request: Request) -> dict[str, str]:
    """The posted form's texts, after the proof that it is ours. Raises Refused, or Invalid for a field sent twice."""
    texts = await _posted(request)
    values = dict(texts)
    if len(values) != len(texts):
        twice = next(name for name, _ in texts if [n for n, _ in texts].count(name) > 1)
        raise Invalid(
            N_("The field %(field)s was sent twice."),
            code="form.field_twice",
            field=twice,
            fields=(
                FieldError(
                    twice,
                    N_("Please send this field once."),
                ),
            ),
        )
    return values


async def form_lists(request: Request) -> dict[str, list[str]]:
    """Like `form_values`, for forms whose fields repeat: each name with all its values, in order."""
    lists: dict[str, list[str]] = {}
    for name, value in await _posted(request):
        lists.setdefault(name, []).append(value)
    return lists


@dataclass(frozen=True, slots=True)
class PhotoForm:
    """A posted form's texts, and the files of its field `photos` in the order they were chosen."""

    values: dict[str, str]
    photos: list[bytes]


async def photo_form(request: Request) -> PhotoForm:
    """Like `form_values`, for a form with photos: of each one byte more is read than is allowed, so that it shows."""
    form = await request.form(max_files=MOST_FILES, max_fields=500)
    values = await form_values(request)
    photos = [
        await file.read(LARGEST_UPLOAD_BYTES + 1)
        for file in form.getlist("photos")
        if isinstance(file, UploadFile) and file.size
    ]
    await form.close()
    return PhotoForm(values, photos)


@dataclass(frozen=True, slots=True)
class FileForm:
    """A posted form's texts, and the bytes of its field `file`; one more than is allowed where it is too large."""

    values: dict[str, str]
    content: bytes


async def file_form(request: Request) -> FileForm:
    """Like `form_values`, for a form with one file."""
    values = await form_values(request)
    form = await request.form(max_files=1, max_fields=500)
    upload = form.get("file")
    content = await upload.read(LARGEST_UPLOAD_BYTES + 1) if isinstance(upload, UploadFile) else b""
    await form.close()
    return FileForm(values, content)


async def _posted(request: Request) -> list[tuple[str, str]]:
    form = await request.form(max_files=1, max_fields=500)
    token = request.headers.get(HEADER) or form.get(FIELD, "")
    check_csrf(request, token=token if isinstance(token, str) else "")
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != FIELD]
    # No database column takes a NUL, and nobody types one.
    return [(name, value.replace("\0", "")) for name, value in texts]


def caller_address(request: Request) -> str:
    """The caller's network address, counted from the right past the configured proxies.

    Of an IPv6 address the network (/64): one line of a provider has as many addresses as it likes.
    """
    trusted = _shop(request).settings.trusted_proxies
    forwarded = [
        part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()
    ]
    if trusted and len(forwarded) >= trusted:
        return _network(forwarded[-trusted])
    return _network(request.client.host) if request.client else "unknown"


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))


ShopDep = Annotated[Shop, Depends(_shop)]
VisitorDep = Annotated[Visitor, Depends(_visitor)]
StaffDep = Annotated[StaffVisitor, Depends(_staff)]
ReadDep = Annotated[Session, Depends(_read_session)]
WriteDep = Annotated[Session, Depends(_write_session)]
Values = Annotated[dict[str, str], Depends(form_values)]
ValueLists = Annotated[dict[str, list[str]], Depends(form_lists)]
PhotoFormDep = Annotated[PhotoForm, Depends(photo_form)]
FileFormDep = Annotated[FileForm, Depends(file_form)]
Now = Annotated[datetime, Depends(utc_now)]
Address = Annotated[str, Depends(caller_address)]
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]

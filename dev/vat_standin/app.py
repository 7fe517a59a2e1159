"""A stand-in for VIES and eVatR: which ids it knows, what each question got, and how it is made to fail."""

import asyncio
import html
import itertools
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

STATES = frozenset(
    "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split()  # noqa: SIM905
)
NUMBER = re.compile(r"[A-Z0-9+*]{2,12}")
SLOW_SECONDS = 20.0
_SHOWN_COUNT = 50

Manner = Literal["valid", "mismatch", "invalid", "outage", "busy", "slow", "garbage", "unproven", "broken"]
Service = Literal["vies", "evatr"]


class ViesIn(BaseModel):
    """A question as VIES' REST service takes it; anything else is refused."""

    model_config = ConfigDict(extra="forbid")

    countryCode: str
    vatNumber: str
    requesterMemberStateCode: str = ""
    requesterNumber: str = ""
    traderName: str = ""
    traderStreet: str = ""
    traderPostalCode: str = ""
    traderCity: str = ""
    traderCompanyType: str = ""


class EvatrIn(BaseModel):
    """A question as eVatR takes it; anything else is refused."""

    model_config = ConfigDict(extra="forbid")

    anfragendeUstid: str
    angefragteUstid: str
    firmenname: str = ""
    ort: str = ""
    plz: str = ""
    strasse: str = ""


class MannerIn(BaseModel):
    """How the next questions are answered: about one id or all, by one service or both, `times` or for ever."""

    model_config = ConfigDict(extra="forbid")

    manner: Manner
    vat_id: str = ""
    service: Service | None = None
    times: int | None = Field(default=None, ge=1)


@dataclass
class Rule:
    """One manner that was asked for, and for how many questions more it holds."""

    given: MannerIn
    left: int | None


@dataclass
class Book:
    """All that the stand-in knows: the rules, newest first to count, and each question with its answer."""

    rules: list[Rule] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def manner(self, service: Service, vat_id: str) -> Manner:
        """What the newest rule says that fits; without one every well-formed id is valid."""
        for rule in reversed(self.rules):
            fits = rule.given.vat_id in ("", vat_id) and rule.given.service in (None, service)
            if fits and rule.left != 0:
                rule.left = None if rule.left is None else rule.left - 1
                return rule.given.manner
        return "valid"


def _book(request: Request) -> Book:
    book: Book = request.app.state.book
    return book


BookDep = Annotated[Book, Depends(_book)]


def create_app() -> FastAPI:
    """The application: `/vies/check-vat-number`, `/evatr/abfrage`, a page, and controls under `/_control`."""
    app = FastAPI(title="VIES and eVatR stand-in", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.book = Book()
    app.post("/vies/check-vat-number")(ask_vies)
    app.post("/evatr/abfrage")(ask_evatr)
    app.get("/_control/health")(lambda: {"is_ready": True})
    app.get("/_control/asked")(list_asked)
    app.post("/_control/manners")(set_manner)
    app.delete("/_control/manners")(forget)
    app.get("/")(show)
    app.post("/manner")(press)
    app.add_exception_handler(RequestValidationError, _refuse_unknown)
    return app


async def ask_vies(request: Request, asked: ViesIn, book: BookDep) -> Response:
    vat_id = asked.countryCode + asked.vatNumber
    manner = book.manner("vies", vat_id)
    is_known = asked.countryCode in STATES and NUMBER.fullmatch(asked.vatNumber)
    has_requester = bool(asked.requesterMemberStateCode and asked.requesterNumber)
    book.asked.append({"service": "vies", "vat_id": vat_id, "manner": manner, **asked.model_dump()})
    if not is_known:
        return _vies_error("INVALID_INPUT", status=400)
    failure = await _failure(
        request, manner, outage="MS_UNAVAILABLE", busy="MS_MAX_CONCURRENT_REQ", error=_vies_error
    )
    if failure is not None:
        return failure
    is_valid = manner != "invalid"
    return JSONResponse(
        {
            "countryCode": asked.countryCode,
            "vatNumber": asked.vatNumber,
            "requestDate": datetime.now(UTC).isoformat(),
            "valid": is_valid,
            "requestIdentifier": f"WAPIAAAA{next(book.numbers):08d}"
            if has_requester and manner != "unproven"
            else "",
            "name": "---",
            "address": "---",
            "traderNameMatch": {"valid": "VALID", "mismatch": "INVALID"}.get(manner, "NOT_PROCESSED"),
            "traderStreetMatch": "NOT_PROCESSED",
            "traderPostalCodeMatch": "NOT_PROCESSED",
            "traderCityMatch": "NOT_PROCESSED",
            "traderCompanyTypeMatch": "NOT_PROCESSED",
        }
    )


async def ask_evatr(request: Request, asked: EvatrIn, book: BookDep) -> Response:
    vat_id = asked.angefragteUstid
    manner = book.manner("evatr", vat_id)
    book.asked.append({"service": "evatr", "manner": manner, "vat_id": vat_id, **asked.model_dump()})
    if not re.fullmatch(r"DE\d{9}", asked.anfragendeUstid):
        return _evatr_error("evatr-0004", status=400)
    if vat_id.startswith("DE"):
        return _evatr_error("evatr-0006", status=403)
    if vat_id[:2] not in STATES or not NUMBER.fullmatch(vat_id[2:]):
        return _evatr_error("evatr-0005", status=400)
    failure = await _failure(request, manner, outage="evatr-0011", busy="evatr-1001", error=_evatr_error)
    if failure is not None:
        return failure
    if manner == "invalid":
        return _evatr_error("evatr-2001", status=404)
    told = {
        "id": "" if manner == "unproven" else f"standin{next(book.numbers):09d}",
        "anfrageZeitpunkt": datetime.now(UTC).isoformat(),
        "status": "evatr-0000",
    }
    fields = {"ergFirmenname": asked.firmenname, "ergStrasse": asked.strasse, "ergPlz": asked.plz}
    for name, value in {**fields, "ergOrt": asked.ort}.items():
        told[name] = "C" if not value else "A"
    if manner == "mismatch":
        told["ergFirmenname"] = "B"
    return JSONResponse(told)


async def _failure(
    request: Request, manner: Manner, *, outage: str, busy: str, error: Any
) -> Response | None:
    """The answer of a manner that is none, or None where the question is answered."""
    if manner == "outage":
        return error(outage, status=503)  # type: ignore[no-any-return]
    if manner == "busy":
        return error(busy, status=503)  # type: ignore[no-any-return]
    if manner == "broken":
        return Response(status_code=500)
    if manner == "garbage":
        return HTMLResponse("<html>Wartung</html>")
    if manner == "slow":
        give_up_at = time.monotonic() + SLOW_SECONDS
        while time.monotonic() < give_up_at and not await request.is_disconnected():
            await asyncio.sleep(0.05)
    return None


def list_asked(book: BookDep) -> list[dict[str, Any]]:
    return book.asked


def set_manner(given: MannerIn, book: BookDep) -> dict[str, bool]:
    book.rules.append(Rule(given, given.times))
    return {"is_set": True}


def forget(book: BookDep) -> dict[str, bool]:
    book.rules.clear()
    book.asked.clear()
    return {"is_clear": True}


async def press(request: Request, book: BookDep) -> Response:
    word = (await request.body()).decode(errors="replace").partition("manner=")[2]
    book.rules.clear()
    if word in ("outage", "slow", "invalid", "mismatch"):
        set_manner(MannerIn(manner=word), book)
    return RedirectResponse("/", status_code=303)


def show(book: BookDep) -> HTMLResponse:
    """What was asked, newest first, and buttons that make both services fail."""
    rows = "".join(
        f"<tr><td>{html.escape(one['service'])}<td>{html.escape(one['vat_id'])}<td>{html.escape(one['manner'])}"
        for one in reversed(book.asked[-_SHOWN_COUNT:])
    )
    words = (
        ("", "answer"),
        ("outage", "outage"),
        ("slow", "slow"),
        ("invalid", "invalid"),
        ("mismatch", "other"),
    )
    buttons = " ".join(f'<button name="manner" value="{value}">{word}</button>' for value, word in words)
    now = book.rules[-1].given.manner if book.rules else "answer"
    return HTMLResponse(
        "<!doctype html><html lang=en><title>VIES and eVatR stand-in</title>"
        f"<h1>VIES and eVatR stand-in</h1><p>Every well-formed VAT id is valid. Now: {now}.</p>"
        f'<form method="post" action="/manner">{buttons}</form>'
        f"<table><tr><th>service<th>VAT id<th>manner{rows}</table>"
    )


def _vies_error(word: str, *, status: int) -> JSONResponse:
    return JSONResponse({"actionSucceed": False, "errorWrappers": [{"error": word}]}, status_code=status)


def _evatr_error(word: str, *, status: int) -> JSONResponse:
    return JSONResponse(
        {"anfrageZeitpunkt": datetime.now(UTC).isoformat(), "status": word}, status_code=status
    )


async def _refuse_unknown(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/vies"):
        return _vies_error("INVALID_INPUT", status=400)
    return _evatr_error("evatr-0002", status=400)

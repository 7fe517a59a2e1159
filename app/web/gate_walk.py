"""The gate's proof: every route × method × persona, with what would have to stay hidden."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from app.web.access import REGISTRY, Access, Entry


class Persona(StrEnum):
    """Everybody who could ask. `admitted` is the control: it must see what the others must not."""

    ANONYMOUS = "anonymous"
    EXPIRED = "expired"
    UNVERIFIED = "unverified"
    IN_REVIEW = "in_review"
    A = "a"
    B = "b"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    MOVED_UP = "moved_up"
    OTHER_C = "other_c"
    HALF_STAFF = "half_staff"
    VIEWER = "viewer"
    ADMITTED = "admitted"


STAFF = frozenset({Persona.HALF_STAFF, Persona.VIEWER})
"""Those who bring a staff session: without the second factor, and with no right but to look."""
UNKNOWN = frozenset({Persona.ANONYMOUS, Persona.EXPIRED})
NOT_ADMITTED = frozenset(
    {
        Persona.UNVERIFIED,
        Persona.IN_REVIEW,
        Persona.A,
        Persona.B,
        Persona.REFUSED,
        Persona.SUSPENDED,
        Persona.MOVED_UP,
    }
)


class Answer(Protocol):
    """What a request brought back."""

    @property
    def status_code(self) -> int: ...

    @property
    def content(self) -> bytes: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


Ask = Callable[[Persona, str, str, dict[str, str]], Answer]
"""Sends a request as a persona: persona, method, path, extra headers; redirects are not followed."""


@dataclass(frozen=True)
class Things:
    """What exists, by path template and parameter, for walking to it and for comparing with what does not."""

    existing: dict[str, str]
    """For a path template the path of a thing that exists and belongs to the control's company."""
    catalogue_canaries: tuple[bytes, ...]
    """Words, prices and image bytes of bundles: nobody but an admitted company may see one."""
    own_canaries: tuple[bytes, ...]
    """Words of the control company's own orders and account: no other company may see one."""


@dataclass(frozen=True)
class Finding:
    """One place where the gate does not hold."""

    route: str
    persona: Persona
    fault: str


@dataclass
class Walk:
    """The outcome: a cell per route and persona, the findings, and how many requests it took."""

    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    request_count: int = 0
    control_sightings: int = 0

    @property
    def is_tight(self) -> bool:
        """No finding, and the control really saw what was hidden from the others."""
        return not self.findings and self.control_sightings > 0


MISSING = "/{}".format("no-such-thing-7f3a")
VARIANTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("page", {"accept": "text/html"}),
    ("json", {"accept": "application/json"}),
    ("fragment", {"accept": "text/html", "hx-request": "true"}),
    ("revalidation", {"accept": "text/html", "if-none-match": "*"}),
    ("range", {"accept": "*/*", "range": "bytes=0-99"}),
)
WANDERING = re.compile(rb'(name="csrf" value=")[^"]*|[0-9a-f]{12}(?=</span>)')


def walk(
    ask: Ask,
    things: Things,
    *,
    personas: Sequence[Persona] = tuple(Persona),
    registry: Mapping[tuple[str, str], Entry] = REGISTRY,
) -> Walk:
    """Asks for every route in every variant as every persona and notes each fault; changes nothing by itself."""
    done = Walk()
    for (method, template), entry in sorted(registry.items(), key=lambda item: (item[0][1], item[0][0])):
        route = f"{method} {template}"
        done.cells[route] = {}
        for persona in personas:
            faults = list(
                _faults(done, ask, things, method=method, template=template, entry=entry, persona=persona)
            )
            done.findings.extend(Finding(route, persona, fault) for fault in faults)
            done.cells[route][persona.value] = "open" if faults else expected(entry, persona)
    return done


class Unwalked(LookupError):
    """A kind of access for which nobody has said what each persona should meet: such a route cannot be proved."""


def expected(entry: Entry, persona: Persona) -> str:
    """What a persona should meet: `shown`, `login` (303 or 401), `refused` (403), `missing` (404) or `own` things.

    Raises Unwalked for a kind of access that is not known here.
    """
    is_staff = persona in STAFF
    match entry.access:
        case Access.PUBLIC | Access.WEBHOOK:
            return "shown"
        case Access.API:
            return "login"
        case Access.HALF_STAFF:
            return "shown" if is_staff else "login"
        case Access.STAFF:
            if persona is not Persona.VIEWER:
                return "login"
            return "shown" if entry.right == "view" else "refused"
        case Access.KNOWN:
            return "login" if persona in UNKNOWN or is_staff else "shown"
        case Access.ADMITTED | Access.OWN:
            if persona in UNKNOWN or is_staff:
                return "login"
            if persona in NOT_ADMITTED:
                return "refused"
            return "own" if entry.access is Access.OWN and persona is Persona.OTHER_C else "shown"
        case _:
            raise Unwalked(f"nobody walks routes of the access {entry.access!r}")


def _faults(
    done: Walk, ask: Ask, things: Things, *, method: str, template: str, entry: Entry, persona: Persona
) -> Iterator[str]:
    wanted = expected(entry, persona)
    is_control = persona is Persona.ADMITTED
    if method != "GET" and (is_control or wanted == "shown"):
        return
    missing = re.sub(r"/\{[a-z_]+\}", MISSING, template) if "{" in template else None
    # Of what does not exist yet (a new shop has no order) there is nothing to compare.
    present = things.existing.get(template, missing or template)
    variants = VARIANTS if method == "GET" else VARIANTS[:3]
    for name, headers in variants:
        for verb in (method, "HEAD") if method == "GET" and name == "page" else (method,):
            answer = ask(persona, verb, present, headers)
            done.request_count += 1
            yield from (f"{name} {verb}: {fault}" for fault in _answer_faults(answer, wanted, name, headers))
            yield from (
                f"{name} {verb}: {fault}" for fault in _leaks(done, answer, present, things, persona, entry)
            )
            if missing and not is_control and wanted in ("login", "refused", "own"):
                other = ask(persona, verb, missing, headers)
                done.request_count += 1
                if _looks(answer, present) != _looks(other, missing):
                    yield f"{name} {verb}: a thing that exists looks different from one that does not"


def _answer_faults(answer: Answer, wanted: str, variant: str, headers: Mapping[str, str]) -> Iterator[str]:
    status = answer.status_code
    if status >= 500:
        yield f"answered {status}"
    if wanted != "shown" and "no-store" not in answer.headers.get("cache-control", ""):
        yield "may be stored by a cache"
    if wanted == "login" and status not in (303, 401):
        yield f"answered {status} instead of sending to the log-in"
    if wanted == "refused" and status != 403:
        yield f"answered {status} instead of 403"
    if wanted == "refused" and variant == "json" and not _is_gate_code(answer.content):
        yield "was refused by something else than the gate"


def _is_gate_code(content: bytes) -> bool:
    return b'"admission.' in content or b'"access.' in content


def _leaks(
    done: Walk, answer: Answer, path: str, things: Things, persona: Persona, entry: Entry
) -> Iterator[str]:
    text = answer.content + b"\n" + "\n".join(f"{k}: {v}" for k, v in answer.headers.items()).encode()
    # The address that was asked for may come back: who asks knows it already.
    text = text.replace(path.encode(), b"PATH").replace(path.replace("/", "%2F").encode(), b"PATH")
    seen = [canary for canary in things.catalogue_canaries if canary in text]
    own = [canary for canary in things.own_canaries if canary in text]
    if persona is Persona.ADMITTED:
        done.control_sightings += len(seen)
        return
    may_see_catalogue = persona is Persona.OTHER_C or (
        persona is Persona.VIEWER and entry.access is Access.STAFF
    )
    if seen and not may_see_catalogue:
        yield f"shows {seen[0][:40]!r}"
    if own and not (persona is Persona.VIEWER and entry.access is Access.STAFF):
        yield f"shows another company's {own[0][:40]!r}"


def _looks(answer: Answer, path: str) -> tuple[int, bytes, frozenset[tuple[str, str]]]:
    """An answer without what differs between any two requests: the path itself, form tokens, request numbers."""
    wandering = {"x-request-id", "set-cookie", "date", "content-length"}
    place = path.encode()
    quoted = path.replace("/", "%2F").encode()
    headers = frozenset(
        (name.lower(), value.replace(quoted.decode(), "PATH"))
        for name, value in answer.headers.items()
        if name.lower() not in wandering
    )
    body = WANDERING.sub(rb"\1", answer.content).replace(place, b"PATH").replace(quoted, b"PATH")
    return answer.status_code, body, headers

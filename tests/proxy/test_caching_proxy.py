"""Behind a proxy that keeps whatever it may, no stranger is served what an admitted company was shown."""

import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlmodel import Session

from app.core.clock import utc_now
from app.core.db import Database, open_database
from app.flows.audit_gate import Probes, plant_probes
from app.web.access import REGISTRY, Access, Entry
from app.web.gate_walk import NOT_ADMITTED, STAFF, UNKNOWN, Persona, Things, expected
from app.web.static import static_url
from tests.databases import Databases
from tests.nginx import WHAT_TO_INSTALL, Nginx, find_nginx, free_ports
from tests.processes import ShopProcess
from tests.web.test_gate_walk import plant_canaries

USUAL_KEY = "$scheme$host$request_uri"
STRANGERS = sorted(UNKNOWN | NOT_ADMITTED)
FEW = (Persona.ANONYMOUS, Persona.B)
"""Who asks for the staff's and the public pages too: to those all strangers are alike."""
OPEN = (Access.PUBLIC, Access.WEBHOOK)
STATIC = tuple(static_url(name) for name in ("css/base.css", "js/shop.js", "img/favicon.svg"))


@dataclass(frozen=True)
class Answer:
    """One answer as it came through the proxy."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def is_kept(self) -> bool:
        return self.headers.get("x-kept") in ("HIT", "REVALIDATED", "STALE", "UPDATING")


@dataclass
class Place:
    """A shop behind nginx with canaries in it, and the cookies of all personas."""

    nginx: Nginx
    probes: Probes
    things: Things
    connection: http.client.HTTPConnection

    def ask(
        self, persona: Persona, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
    ) -> Answer:
        name = "schlicht_staff" if persona in STAFF else "schlicht"
        token = self.probes.tokens.get(persona.value)
        cookies = {"cookie": f"schlicht_language=en; {name}={token}" if token else "schlicht_language=en"}
        self.connection.request(method, path, headers={"accept": "text/html", **cookies, **(headers or {})})
        answer = self.connection.getresponse()
        content = answer.read()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)

    def close(self) -> None:
        self.connection.close()

    def leaks(self, answer: Answer, *, known: str = "") -> list[bytes]:
        """The canaries in an answer, headers included; the address that was asked for may come back."""
        text = answer.content + repr(answer.headers).encode()
        for asked in (known, quote(known, safe="")) if known else ():
            text = text.replace(asked.encode(), b"PATH")
        wanted = (*self.things.catalogue_canaries, *self.things.own_canaries)
        return [canary for canary in wanted if canary in text]


@pytest.fixture(scope="module")
def binary() -> str:
    found = find_nginx()
    if found is None:
        pytest.skip(WHAT_TO_INSTALL)
    return found


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Iterator[tuple[str, Probes, Things]]:
    """A database with every persona and a bundle full of canaries."""
    made = databases.new()
    database: Database = open_database(made.url)
    with database.session() as session:
        probes, things = _plant(session)
    database.close()
    yield made.url, probes, things
    made.drop()


def _plant(session: Session) -> tuple[Probes, Things]:
    probes = plant_probes(session, now=utc_now())
    return probes, plant_canaries(session, probes)


@pytest.fixture(scope="module")
def shop(
    filled: tuple[str, Probes, Things], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ShopProcess, int]]:
    """A shop whose own address is the proxy's."""
    outside, inside = free_ports()
    log = tmp_path_factory.mktemp("proxied") / "shop.log"
    settings = {"SHOP_BASE_URL": f"http://127.0.0.1:{outside}"}
    with ShopProcess(filled[0], log=log, settings=settings, port=inside) as process:
        yield process, outside


@pytest.fixture(params=[USUAL_KEY, "$scheme$host$uri"], ids=["key with query", "key without query"])
def place(
    request: pytest.FixtureRequest,
    binary: str,
    shop: tuple[ShopProcess, int],
    filled: tuple[str, Probes, Things],
    tmp_path: Path,
) -> Iterator[Place]:
    nginx = _open(binary, shop, tmp_path, key=request.param)
    with nginx, closing(_place(nginx, filled)) as opened:
        yield opened


def _open(
    binary: str,
    shop: tuple[ShopProcess, int],
    folder: Path,
    *,
    key: str,
    more: str = "",
) -> Nginx:
    return Nginx(binary, folder / "nginx", port=shop[1], upstream=shop[0].port, key=key, more=more)


def _place(nginx: Nginx, filled: tuple[str, Probes, Things]) -> Place:
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=30)
    return Place(nginx, filled[1], filled[2], connection)


def test_what_an_admitted_company_was_shown_is_kept_for_nobody(place: Place) -> None:
    validators, sightings = _warm(place)

    faults = [
        fault
        for persona in STRANGERS
        for path, entry in _pages(place.things)
        if persona in FEW or entry.access in (Access.KNOWN, Access.ADMITTED, Access.OWN)
        for fault in _faults(place, persona, path, entry, validators.get(path, {}))
    ]

    assert faults == []
    assert sightings >= len(place.things.catalogue_canaries)


def test_an_admitted_company_never_gets_another_persons_page_from_the_store(place: Place) -> None:
    paths = [path for path, entry in _pages(place.things) if entry.access not in OPEN]
    for path in paths:
        place.ask(Persona.ADMITTED, path)

    answers = {path: place.ask(Persona.OTHER_C, path) for path in paths}

    own = place.things.own_canaries
    assert [path for path, answer in answers.items() if answer.is_kept] == []
    assert [path for path, answer in answers.items() if any(one in answer.content for one in own)] == []


def test_static_files_are_kept_and_only_they_and_the_icon(place: Place) -> None:
    asked = [*STATIC, *(path for path, _ in _pages(place.things))]
    for _ in range(2):
        answers = {path: place.ask(Persona.ADMITTED, path) for path in asked}

    kept = {path for path, answer in answers.items() if answer.is_kept}
    assert kept == {*STATIC, "/favicon.ico"}
    for path in STATIC:
        validator = answers[path].headers.get("etag") or answers[path].headers["last-modified"]
        name = "if-none-match" if "etag" in answers[path].headers else "if-modified-since"
        assert place.ask(Persona.A, path, headers={name: validator}).status_code == 304


def test_this_test_would_see_a_leak(
    binary: str, shop: tuple[ShopProcess, int], filled: tuple[str, Probes, Things], tmp_path: Path
) -> None:
    """The oracle itself: a proxy that is told to keep everything, whatever the shop says, must be found out."""
    more = "proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;"
    nginx = _open(binary, shop, tmp_path, key=USUAL_KEY, more=more)
    with nginx, closing(_place(nginx, filled)) as place:
        validators, _ = _warm(place)
        path = place.things.existing["/bundles/{slug}"]
        entry = REGISTRY["GET", "/bundles/{slug}"]

        faults = list(_faults(place, Persona.A, path, entry, validators.get(path, {})))

    assert any("shows" in fault for fault in faults)
    assert any("came from the store" in fault for fault in faults)


def _pages(things: Things) -> list[tuple[str, Entry]]:
    found = {
        things.existing.get(template, template): entry
        for (method, template), entry in REGISTRY.items()
        if method == "GET"
    }
    return sorted(found.items())


def _warm(place: Place) -> tuple[dict[str, dict[str, str]], int]:
    """Those who may see ask for everything twice; comes back with validators by path and how much was seen."""
    validators: dict[str, dict[str, str]] = {}
    sightings = 0
    for path, entry in _pages(place.things):
        persona = Persona.VIEWER if entry.access is Access.STAFF else Persona.ADMITTED
        for asked in (path, path, f"{path}?utm_source=mail", f"/{path}"):
            answer = place.ask(persona, asked)
            sightings += len(place.leaks(answer)) if persona is Persona.ADMITTED else 0
            given = {
                name: answer.headers[name] for name in ("etag", "last-modified") if name in answer.headers
            }
            validators.setdefault(path, {}).update(given)
        place.ask(persona, path, method="HEAD")
        place.ask(persona, path, headers={"accept": "application/json"})
        place.ask(persona, path, headers={"range": "bytes=0-99"})
    return validators, sightings


def _faults(
    place: Place, persona: Persona, path: str, entry: Entry, validators: dict[str, str]
) -> Iterator[str]:
    """What is wrong with the answers that a stranger gets for one address, in each way of asking for it."""
    wanted = expected(entry, persona)
    host = f"127.0.0.1:{place.nginx.port}"
    dated = validators.get("last-modified", "Tue, 03 Mar 2037 09:00:00 GMT")
    ways: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        ("page", "GET", path, {}),
        ("head", "HEAD", path, {}),
        ("range", "GET", path, {"range": "bytes=0-99"}),
        ("any validator", "GET", path, {"if-none-match": "*"}),
        ("known validator", "GET", path, {"if-none-match": validators.get("etag", '"x"')}),
        ("dated", "GET", path, {"if-modified-since": dated}),
        ("json", "GET", path, {"accept": "application/json"}),
        ("fragment", "GET", path, {"hx-request": "true"}),
        ("query", "GET", f"{path}?utm_source=mail", {}),
        ("double slash", "GET", f"/{path}", {}),
        ("escaped", "GET", re.sub(r"([a-z])$", lambda last: f"%{ord(last[1]):02X}", path), {}),
        ("dotted host", "GET", path, {"host": f"127.0.0.1.:{place.nginx.port}"}),
        ("forwarded host", "GET", path, {"x-forwarded-host": host, "x-original-url": path}),
        ("absolute address", "GET", f"http://{host}{path}", {}),
    )
    for way, method, asked, headers in ways:
        answer = place.ask(persona, asked, method=method, headers=headers)
        name = f"{persona} {way} {path}"
        if leaked := place.leaks(answer, known=path):
            yield f"{name} shows {leaked[0][:40]!r}"
        if entry.access in OPEN:
            continue
        if answer.status_code in (200, 206, 304) and wanted != "shown":
            yield f"{name} is answered with {answer.status_code}"
        if answer.is_kept:
            yield f"{name} came from the store"

"""Nobody but an admitted company sees anything of a bundle, on any route, by any method."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import Session
from starlette.routing import Route

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Objection, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.audit_gate import Probes, plant_probes
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from app.shop import Shop
from app.web.access import REGISTRY, Access, Entry
from app.web.app import build, declared
from app.web.doorkeeper import RouteTable
from app.web.gate_walk import Answer, Persona, Things, walk
from tests import make
from tests.web.conftest import Browser

CANARIES = ("Zanderkiel", "Pfahlmuschel", "zanderkiel-satz", "QX-7731-ZK", "7,913.31", "7.913,31")
PICTURE = b"\x89PNG canary of a picture that nobody else may see " * 4
OWN = ("Habichtsweg 77", "REF-Kolkrabe-9")


@pytest.fixture
def probes(session: Session) -> Probes:
    return plant_probes(session, now=utc_now())


@pytest.fixture
def things(session: Session, probes: Probes) -> Things:
    return plant_canaries(session, probes)


def plant_canaries(session: Session, probes: Probes) -> Things:
    """A bundle full of canaries, and an order of the control's company with its own."""
    with transaction(session):
        company = session.get_one(make.Customer, probes.control_customer_id)
        person = session.get_one(make.Contact, probes.control_contact_id)
        part = make.block(session, sku="QX-7731-ZK", name_de="Pfahlmuschel roh", name_en="Pfahlmuschel raw")
        bundle = make.bundle(
            session,
            items=[(part, 2)],
            slug="zanderkiel-satz",
            name_de="Zanderkiel Satz",
            name_en="Zanderkiel set",
            text_de="Mit Pfahlmuschel.",
            text_en="With Pfahlmuschel.",
            price_cents=791_331,
            image=PICTURE,
        )
        order = make.order(
            session, of=company, by=person, bundle=bundle, street=OWN[0], purchase_reference=OWN[1]
        )
        make.cart_line(session, of=company, bundle=bundle)
        stranger = make.customer(session, screening=ScreeningState.REVIEW, segment=Segment.UNRATED)
        screening = make.saved(
            session,
            Screening(
                customer_id=stranger.id,
                trigger="registration",
                outcome=ScreeningState.REVIEW,
                screened_at=make.NOW,
            ),
        )
        mail = make.saved(
            session,
            Mail(
                kind="order_received", key="x", message_id="<x@schlicht>", to_address="x@x.example", language="en",
                object_kind="order", object_id=order.id, created_at=make.NOW,
                values={"number": order.number},
            ),
        )  # fmt: skip
        member = make.staff_member(session)
        objection = _objection(session, stranger)
        existing = {
            "/bundles/{slug}": "zanderkiel-satz",
            "/bundles/{slug}/image": "zanderkiel-satz",
            "/cart/lines/{bundle_id}": bundle.id,
            "/orders/{number}": order.number,
            "/admin/orders/{number}": order.number,
            "/admin/customers/{number}": stranger.number,
            "/admin/screening/{screening_id}": screening.id,
            "/admin/objections/{objection_id}": objection.id,
            "/admin/blocks/{block_id}": part.id,
            "/admin/bundles/{bundle_id}": bundle.id,
            "/admin/mail/{mail_id}": mail.id,
            "/admin/staff/{staff_member_id}": member.id,
        }
    paths = {}
    for _, template in REGISTRY:
        for prefix, thing in existing.items():
            if template.startswith(prefix):
                paths[template] = re.sub(r"\{[a-z_]+\}", str(thing), template)
    return Things(
        existing=paths,
        catalogue_canaries=(*(canary.encode() for canary in CANARIES), PICTURE[:64]),
        own_canaries=tuple(canary.encode() for canary in OWN),
    )


def _objection(session: Session, stranger: make.Customer) -> Objection:
    return make.saved(
        session,
        Objection(
            customer_id=stranger.id,
            contact_id=make.contact(session, of=stranger).id,
            against="refused",
            text="It is another company.",
            created_at=make.NOW,
        ),
    )


@pytest.fixture
def ask(browser: Callable[..., Browser], probes: Probes) -> Callable[..., Answer]:
    stranger = browser()

    def ask(persona: Persona, method: str, path: str, headers: dict[str, str]) -> Answer:
        name = "schlicht_staff" if persona is Persona.VIEWER else "schlicht"
        token = probes.tokens.get(persona.value)
        stranger.cookies.clear()
        cookies = {"cookie": f"{name}={token}"} if token else {}
        return stranger.request(method, path, headers={**headers, **cookies})  # type: ignore[return-value]

    return ask


@pytest.mark.parametrize("persona", [persona for persona in Persona if persona is not Persona.ADMITTED])
def test_nothing_leaks_and_what_exists_looks_like_what_does_not(
    ask: Callable[..., Answer], things: Things, persona: Persona
) -> None:
    done = walk(ask, things, personas=(persona,))

    assert [f"{finding.route}: {finding.fault}" for finding in done.findings] == []
    assert done.request_count > 300


def test_the_control_sees_what_the_others_must_not(ask: Callable[..., Answer], things: Things) -> None:
    done = walk(ask, things, personas=(Persona.ADMITTED,))

    assert done.is_tight
    assert done.control_sightings >= len(things.catalogue_canaries)


def test_the_walk_finds_a_route_that_is_declared_public_by_mistake(
    things: Things, probes: Probes, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle itself: with one entry opened, the walk must notice."""
    truth = dict(REGISTRY)
    monkeypatch.setitem(REGISTRY, ("GET", "/catalogue"), Entry(Access.KNOWN))
    opened = build(shop)
    leaking = Browser(opened, base_url="http://testserver", follow_redirects=False)

    def ask_leaking(persona: Persona, method: str, path: str, headers: dict[str, str]) -> Answer:
        cookie = f"schlicht={probes.tokens[persona.value]}"
        return leaking.request(method, path, headers={**headers, "cookie": cookie})  # type: ignore[return-value]

    done = walk(ask_leaking, things, personas=(Persona.B,), registry=truth)

    assert {finding.route for finding in done.findings} == {"GET /catalogue"}


def test_every_route_is_declared_and_every_declaration_has_its_route(shop: Shop) -> None:
    assert declared(build(shop)) == set(REGISTRY)


def test_a_route_that_nobody_declared_is_refused() -> None:
    table = RouteTable([Route("/forgotten", lambda request: None, methods=["GET"])])

    assert table.find("GET", "/forgotten") is None

"""Nobody but an admitted company sees anything of a bundle, on any route, by any method."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select
from starlette.routing import Route

from app.care.models import Complaint, ComplaintPhoto
from app.catalogue.models import Bundle, Category
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Objection, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.audit_gate import Probes, plant_probes
from app.mail.models import AddressState, Mail, MailAddress
from app.mainbrand.rules.segments import Segment
from app.shop import Shop
from app.staff.rules.roles import Right
from app.web.access import REGISTRY, Access, Entry
from app.web.app import build, declared
from app.web.doorkeeper import RouteTable
from app.web.gate_walk import STAFF, Answer, Persona, Things, Unwalked, expected, walk
from tests import make, make_invoice, make_money, make_services
from tests.flows.standing import asked_standing
from tests.make_complaint import make_complaint
from tests.make_effort import effort_event
from tests.make_proofs import delivery_proof
from tests.web.conftest import Browser

CANARIES = (
    "Zanderkiel",
    "Pfahlmuschel",
    "Otterbucht",
    "Kranichsteg",
    "zanderkiel-satz",
    "QX-7731-ZK",
    "7,913.31",
    "7.913,31",
)
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
        part, bundle = _bundle_of_canaries(session)
        order = make.order(
            session, of=company, by=person, bundle=bundle, street=OWN[0], purchase_reference=OWN[1]
        )
        make.cart_line(session, of=company, bundle=bundle)
        stranger = make.customer(session, screening=ScreeningState.REVIEW, segment=Segment.UNRATED)
        screening, mail = _case(session, stranger), _mail(session, order)
        member = make.staff_member(session)
        complaint = make_complaint(session, about=order, photo=PICTURE)
        photo_id = session.exec(select(ComplaintPhoto.id)).one()
        objection = _objection(session, stranger)
        existing = {
            **_of_the_main_brand(session),
            "/bundles/{slug}": "zanderkiel-satz",
            "/bundles/{slug}/image": "zanderkiel-satz",
            "/cart/lines/{bundle_id}": bundle.id,
            "/orders/{number}": order.number,
            "/complaints/{number}": complaint.number,
            "/admin/complaints/{complaint_id}": complaint.id,
            **_standing(session, company, person, bundle),
            **_of_services(session, company, person, order),
            "/admin/orders/{number}": order.number,
            "/admin/customers/{number}": stranger.number,
            "/admin/dispatch/runs/{run_on}": "2026-03-10",
            "/admin/dispatch/calendar/{day}": make.closing_day(session, date(2099, 12, 24)).day,
            "/admin/screening/{screening_id}": screening.id,
            "/admin/objections/{objection_id}": objection.id,
            "/admin/blocks/{block_id}": part.id,
            "/admin/bundles/{bundle_id}": bundle.id,
            "/admin/categories/{category_id}": make.category(session).id,
            "/admin/terms/{name}": make.terms(session).name,
            "/admin/synonyms/{group_id}": make.synonyms(session, "Otterbucht", "Kranichsteg").id,
            "/admin/discovery/{proposal_id}": make.proposal(session, "Pfahlmuschel").id,
            "/admin/proofs/{proof_id}": delivery_proof(session, of=order).id,
            "/admin/effort/{event_id}": effort_event(session, of=stranger).id,
            "/admin/mail/{mail_id}": mail.id,
            "/admin/mail/addresses/{address_id}": _marked_address(session, mail),
            "/admin/books/{month}": "2026-03",
            "/admin/books/exports/{export_id}": 1,
            "/admin/payments/reconciliation/{difference_id}": make.book_difference(session).id,
            **_of_money(session, order),
            "/admin/staff/{staff_member_id}": member.id,
        }
    paths = {}
    for _, template in REGISTRY:
        for prefix, thing in existing.items():
            if template.startswith(prefix):
                paths[template] = re.sub(r"\{[a-z_]+\}", str(thing), template)
    _name_photos(paths, complaint, photo_id)
    _name_corrections(session, paths, order)
    paths["/admin/mail/texts/{kind}/{language}"] = "/admin/mail/texts/order_received/en"
    return Things(
        existing=paths,
        catalogue_canaries=(*(canary.encode() for canary in CANARIES), PICTURE[:64]),
        own_canaries=tuple(canary.encode() for canary in OWN),
    )


def _bundle_of_canaries(session: Session) -> tuple[make.Block, make.Bundle]:
    """A bundle and its block whose every word and figure can be found again."""
    part = make.block(session, sku="QX-7731-ZK", name_de="Pfahlmuschel roh", name_en="Pfahlmuschel raw")
    shelf = make.saved(
        session, Category(slug="otter", name_de="Otterbucht", name_en="Otterbucht", text_en="Otterbucht.")
    )
    bundle = make.bundle(
        session,
        items=[(part, 2)],
        category_id=shelf.id,
        purpose_de="Am Kranichsteg.",
        purpose_en="For the Kranichsteg.",
        slug="zanderkiel-satz",
        name_de="Zanderkiel Satz",
        name_en="Zanderkiel set",
        text_de="Mit Pfahlmuschel.",
        text_en="With Pfahlmuschel.",
        price_cents=791_331,
        image=PICTURE,
    )
    return part, bundle


def _of_money(session: Session, order: make.Order) -> dict[str, Any]:
    """Payments, refunds and disputes: paths up to the thing, and the thing."""
    paid = make_money.payment(session, of=order)
    dispute = make_money.dispute(session, about=order)
    return {
        "/admin/payments/{payment_id}": paid.id,
        "/admin/refunds/{refund_id}": make_money.refund(session, of=paid).id,
        "/admin/refunds/requests/{request_id}": make_money.request(session, of=order).id,
        "/admin/disputes/{dispute_id}": dispute.id,
    }


def _of_services(
    session: Session, company: make.Customer, person: make.Contact, order: make.Order
) -> dict[str, Any]:
    """Services, offers and visits: paths up to the thing, and the thing."""
    return {
        "/services/{service_id}": make_services.service(session).id,
        "/services/offers/{offer_id}": make_services.service_offer(session, of=company, for_order=order).id,
        "/admin/services/{service_id}": make_services.service(session).id,
        "/admin/services/orders/{number}": make_services.service_order(session, of=company, by=person).number,
        "/admin/services/offers/{offer_id}": make_services.service_offer(session, of=company).id,
        "/admin/visits/{visit_id}": make_services.field_visit(session, of=company).id,
    }


def _standing(
    session: Session, company: make.Customer, person: make.Contact, bundle: Bundle
) -> dict[str, Any]:
    """A standing order that waits for its answer: paths up to the thing, and the thing."""
    token = "asked-of-kranich"
    standing, _ = asked_standing(session, of=company, by=person, bundle=bundle, token=token)
    return {
        "/account/standing-orders/{standing_order_id}": standing.id,
        "/account/standing-orders/runs/{token}": token,
    }


def _name_photos(paths: dict[str, str], complaint: Complaint, photo_id: int | None) -> None:
    """A photo's path has two names in it."""
    for prefix in (f"/complaints/{complaint.number}", f"/admin/complaints/{complaint.id}"):
        for template in [one for one, path in paths.items() if path.startswith(f"{prefix}/photos/")]:
            paths[template] = f"{prefix}/photos/{photo_id}"


def _name_corrections(session: Session, paths: dict[str, str], order: make.Order) -> None:
    """The order has an invoice and a correction, whose papers and data say where the company is."""
    own: dict[str, Any] = {"pdf": b"%PDF " + OWN[0].encode(), "xml": f"<x>{OWN[1]}</x>".encode()}
    invoice = make_invoice.invoice(session, of=order, **own)
    fixed = make_invoice.correction_of(session, invoice, of=order, **own)
    draft = make_invoice.draft(session, of=order)
    for template in [path for _, path in REGISTRY if path.startswith("/admin/invoices/{number}")]:
        paths[template] = template.replace("{number}", invoice.number)
    for template in [path for _, path in REGISTRY if path.startswith("/admin/invoices/drafts/")]:
        paths[template] = template.replace("{draft_id}", str(draft.id))
    for kind in ("pdf", "xml"):
        template = f"/orders/{{number}}/corrections/{{document}}.{kind}"
        paths[template] = f"/orders/{order.number}/corrections/{fixed.number}.{kind}"


def _of_the_main_brand(session: Session) -> dict[str, Any]:
    """Lists, ratings and keys: paths up to the thing, and the thing."""
    account, entry = make.main_account(session), make.checked_import(session)
    return {
        "/admin/imports/{import_id}": entry.id,
        "/api/v1/imports/{import_id}": entry.id,
        "/admin/imports/samples/{kind}": "accounts",
        "/admin/api-keys/{key_id}": make.api_key(session).id,
        "/admin/accounts/{account_id}": account.id,
        "/admin/ratings/{run_id}": make.proposed_rating(session, account).id,
        "/admin/overrides/{override_id}": make.waiting_override(session).id,
    }


def _case(session: Session, stranger: make.Customer) -> Screening:
    return make.saved(
        session,
        Screening(
            customer_id=stranger.id,
            trigger="registration",
            outcome=ScreeningState.REVIEW,
            screened_at=make.NOW,
        ),
    )


def _marked_address(session: Session, mail: Mail) -> int | None:
    return make.saved(
        session,
        MailAddress(address="x@x.example", state=AddressState.BOUNCED, mail_id=mail.id, at=make.NOW),
    ).id


def _mail(session: Session, order: make.Order) -> Mail:
    return make.saved(
        session,
        Mail(
            kind="order_received", key="x", message_id="<x@schlicht>", to_address="x@x.example", language="en",
            object_kind="order", object_id=order.id, created_at=make.NOW, values={"number": order.number},
        ),
    )  # fmt: skip


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
        name = "schlicht_staff" if persona in STAFF else "schlicht"
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


MISTAKES = {
    "open to anybody": lambda _: Entry(Access.PUBLIC),
    "open to who is signed in": lambda entry: Entry(
        Access.HALF_STAFF if entry.access in (Access.STAFF, Access.HALF_STAFF) else Access.KNOWN
    ),
    "open to staff who may only look": lambda entry: (
        Entry(Access.STAFF, Right.VIEW) if entry.access is Access.STAFF else entry
    ),
}
"""How a declaration can be wrong: what the route's entry becomes by it."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_walk_finds_every_single_route_that_is_opened_by_mistake(
    things: Things, probes: Probes, shop: Shop, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    """One mutant for each guarded route: its gate is taken away, and the walk must notice."""
    not_found = []
    mutants = opened_by_mistake(mistake)
    for key, truth, opened in mutants:
        with monkeypatch.context() as patch:
            patch.setitem(REGISTRY, key, opened)
            leaking = Browser(build(shop), base_url="http://testserver", follow_redirects=False)

        def ask_leaking(
            persona: Persona, method: str, path: str, headers: dict[str, str], leaking: Browser = leaking
        ) -> Answer:
            name = "schlicht_staff" if persona in STAFF else "schlicht"
            token = probes.tokens.get(persona.value)
            cookies = {"cookie": f"{name}={token}"} if token else {}
            return leaking.request(method, path, headers={**headers, **cookies})  # type: ignore[return-value]

        personas = (Persona.ANONYMOUS, Persona.B, Persona.HALF_STAFF, Persona.VIEWER)
        walks = (walk(ask_leaking, things, personas=(one,), registry={key: truth}) for one in personas)
        if not any(done.findings for done in walks):
            not_found.append(key)

    assert not_found == []
    assert len(mutants) >= 20


def opened_by_mistake(mistake: str) -> list[tuple[tuple[str, str], Entry, Entry]]:
    """Each guarded route whose declaration that mistake changes: its key, its entry, and the wrong one."""
    found = []
    for key, truth in sorted(REGISTRY.items()):
        opened = MISTAKES[mistake](truth)
        if opened != truth and truth.access not in (Access.PUBLIC, Access.WEBHOOK):
            found.append((key, truth, opened))
    return found


OPEN_TO_ANYBODY = {
    *("GET /", "GET /favicon.ico", "GET /healthz", "GET /imprint", "GET /privacy", "GET /readyz"),
    *(
        "GET /robots.txt",
        "GET /terms",
        "GET /terms/{name}.pdf",
        "POST /language",
        "GET /login",
        "POST /login",
        "GET /register",
    ),
    *("POST /register", "GET /verify/{token}", "POST /verify/{token}", "GET /password/forgot"),
    *("POST /password/forgot", "GET /password/reset/{token}", "POST /password/reset/{token}"),
    *("GET /admin/login", "POST /admin/login", "GET /api/v1/openapi.json"),
}
OPEN_TO_WHO_HAS_A_KEY = {
    *("POST /api/v1/imports/accounts", "POST /api/v1/imports/purchases", "POST /api/v1/imports/blocks"),
    "POST /api/v1/orders/check",
    *("GET /api/v1/imports/{import_id}", "GET /api/v1/imports/{import_id}/rejects"),
    *("POST /api/v1/orders/check", "POST /api/v1/shipments"),
}
OPEN_TO_WHO_SIGNS = {"POST /hooks/stripe", "POST /hooks/mail"}
OPEN_TO_WHO_IS_SIGNED_IN = {"POST /logout", "GET /status", "POST /status/objection", "POST /verify/resend"}
OPEN_TO_HALF_STAFF = {
    *("GET /admin/login/code", "POST /admin/login/code", "GET /admin/login/enrol", "POST /admin/login/enrol"),
    *("POST /admin/language", "POST /admin/logout"),
}


def test_no_other_routes_than_these_are_open_to_somebody_the_gate_has_not_let_in() -> None:
    """A second opinion beside the registry: whoever opens a route has to say so here too."""
    declared_as = {
        access: {f"{method} {path}" for (method, path), entry in REGISTRY.items() if entry.access is access}
        for access in Access
    }

    assert declared_as[Access.PUBLIC] == OPEN_TO_ANYBODY
    assert declared_as[Access.API] == OPEN_TO_WHO_HAS_A_KEY
    assert declared_as[Access.WEBHOOK] == OPEN_TO_WHO_SIGNS
    assert declared_as[Access.KNOWN] == OPEN_TO_WHO_IS_SIGNED_IN
    assert declared_as[Access.HALF_STAFF] == OPEN_TO_HALF_STAFF
    assert {line for line in declared_as[Access.STAFF] if not line.split()[1].startswith("/admin")} == set()


def test_every_kind_of_access_says_what_each_persona_should_meet() -> None:
    entries = [Entry(access, right) for access in Access for right in (None, *Right)]

    met = {expected(entry, persona) for entry in entries for persona in Persona}

    assert met == {"shown", "login", "refused", "own"}


def test_a_route_of_a_kind_that_nobody_walks_fails(things: Things, ask: Callable[..., Answer]) -> None:
    forgotten = Entry("by the back door")  # type: ignore[arg-type]

    with pytest.raises(Unwalked):
        walk(ask, things, registry={("GET", "/catalogue"): forgotten})


def test_every_guarded_route_to_a_thing_is_walked_to_one_that_exists(things: Things) -> None:
    templates = {
        path
        for (_, path), entry in REGISTRY.items()
        if "{" in path and entry.access not in (Access.PUBLIC, Access.WEBHOOK)
    }

    unwalked = {path for path in templates if "{" in things.existing.get(path, path)}
    assert unwalked == set()


def test_every_route_is_declared_and_every_declaration_has_its_route(shop: Shop) -> None:
    assert declared(build(shop)) == set(REGISTRY)


def test_a_route_that_nobody_declared_is_refused() -> None:
    table = RouteTable([Route("/forgotten", lambda request: None, methods=["GET"])])

    assert table.find("GET", "/forgotten") is None

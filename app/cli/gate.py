"""`shop gate-audit`: walks every route of the running shop as everybody who must stay outside."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from sqlmodel import Session, col, select

from app.catalogue.models import BundleImage, Listing
from app.cli.gate_signature import check_signature, write_file
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.customers.models import Customer, Objection, Screening
from app.customers.queries_gate import record_of
from app.customers.rules.gate_audits import to_file
from app.flows.audit_gate import PREFIX, note_audit, plant_probes, remove_probes
from app.ordering.models import Order
from app.settings import Settings
from app.shop import Shop, open_shop
from app.web.cookies import session_cookie, staff_cookie
from app.web.gate_walk import STAFF, Ask, Persona, Things, Walk, walk

SHORTEST_CANARY = 10
CANARY_COUNT = 400


@dataclass(frozen=True)
class HttpAnswer:
    """One answer of the running shop."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]


def register(cli: typer.Typer) -> None:
    """Adds the command of this module."""
    cli.command("gate-audit")(gate_audit)


def gate_audit(
    url: Annotated[str, typer.Option(help="where the shop answers; default SHOP_BASE_URL")] = "",
    output: Annotated[Path | None, typer.Option(help="write the signed audit to this file")] = None,
    verify: Annotated[
        str,
        typer.Option(metavar="FILE|last", help="walk nothing; check the signature of a file, or of the last"),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Walk every route × persona of the running shop and print who meets what; exit 1 when anything is open.

    The outcome is kept for the admin's gate page, signed with a key that comes from SHOP_SECRET_KEY.
    """
    settings = load_settings()
    if verify:
        check_signature(settings, verify, as_json=as_json)
        return
    shop = open_shop(settings)
    with shop.db.session() as session:
        probes = plant_probes(session, now=utc_now())
        try:
            done = walk(_asker(settings, probes.tokens, url=url or settings.base_url), _things(shop))
        finally:
            remove_probes(session)
        audit = note_audit(
            session,
            cells=done.cells,
            findings=[asdict(finding) for finding in done.findings],
            request_count=done.request_count,
            control_sightings=done.control_sightings,
            secret_key=settings.secret_key.get_secret_value(),
            now=utc_now(),
        )
        document, signature = record_of(audit).document, audit.signature
    shop.close()
    if output is not None:
        write_file(output, to_file(document, signature))
    typer.echo(_as_json(document, signature) if as_json else _as_table(done))
    if not done.is_tight:
        raise typer.Exit(1)


def _asker(settings: Settings, tokens: dict[str, str], *, url: str) -> Ask:
    target = urlsplit(url)
    connect = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = connect(target.netloc, timeout=30)

    def ask(persona: Persona, method: str, path: str, headers: dict[str, str]) -> HttpAnswer:
        name = staff_cookie(settings) if persona in STAFF else session_cookie(settings)
        token = tokens.get(persona.value)
        cookies = f"schlicht_language=en; {name}={token}" if token else "schlicht_language=en"
        connection.request(method, path, headers={"cookie": cookies, "host": settings.host, **headers})
        answer = connection.getresponse()
        content = answer.read()
        return HttpAnswer(answer.status, content, {k.lower(): v for k, v in answer.getheaders()})

    return ask


def _things(shop: Shop) -> Things:
    """What is real here: listed bundles with their names and pictures, and somebody's newest order."""
    with shop.db.read_session() as session:
        listings = session.exec(select(Listing).order_by(col(Listing.position)).limit(CANARY_COUNT)).all()
        images = session.exec(select(BundleImage.content).limit(20)).all()
        names = {
            text for row in listings for text in (row.name_de, row.name_en) if len(text) >= SHORTEST_CANARY
        }
        return Things(
            existing=_existing(session, listings[0] if listings else None),
            catalogue_canaries=tuple(name.encode() for name in sorted(names))
            + tuple(image[:200] for image in images),
            own_canaries=(),
        )


def _existing(session: Session, listing: Listing | None) -> dict[str, str]:
    order = session.exec(select(Order.number).order_by(col(Order.id).desc()).limit(1)).first()
    company = session.exec(
        select(Customer.number).where(col(Customer.number).not_like(PREFIX + "%")).limit(1)
    ).first()
    found: dict[str, str] = {}
    if listing is not None:
        found |= {
            "/bundles/{slug}": f"/bundles/{listing.slug}",
            "/bundles/{slug}/image": f"/bundles/{listing.slug}/image",
            "/cart/lines/{bundle_id}": f"/cart/lines/{listing.bundle_id}",
            "/admin/bundles/{bundle_id}": f"/admin/bundles/{listing.bundle_id}",
            "/admin/bundles/{bundle_id}/image": f"/admin/bundles/{listing.bundle_id}/image",
            "/admin/bundles/{bundle_id}/preview": f"/admin/bundles/{listing.bundle_id}/preview",
            "/admin/bundles/{bundle_id}/compare": f"/admin/bundles/{listing.bundle_id}/compare",
        }
    if order is not None:
        found |= {
            "/orders/{number}": f"/orders/{order}",
            "/orders/{number}/pay": f"/orders/{order}/pay",
            "/orders/{number}/cancel": f"/orders/{order}/cancel",
            "/orders/{number}/reorder": f"/orders/{order}/reorder",
            "/admin/orders/{number}": f"/admin/orders/{order}",
        }
    if company is not None:
        found["/admin/customers/{number}"] = f"/admin/customers/{company}"
    screening = session.exec(select(Screening.id).limit(1)).first()
    if screening is not None:
        found["/admin/screening/{screening_id}"] = f"/admin/screening/{screening}"
    objection = session.exec(select(Objection.id).limit(1)).first()
    if objection is not None:
        found["/admin/objections/{objection_id}"] = f"/admin/objections/{objection}"
    return found


def _as_json(document: dict[str, Any], signature: str) -> str:
    return json.dumps({**document, "signature": signature}, indent=2)


def _as_table(done: Walk) -> str:
    personas = [persona.value for persona in Persona]
    width = max(len(route) for route in done.cells)
    lines = [" " * width + "  " + "  ".join(persona[:10].ljust(10) for persona in personas)]
    for route, row in done.cells.items():
        lines.append(route.ljust(width) + "  " + "  ".join(row[persona].ljust(10) for persona in personas))
    lines += [f"OPEN  {finding.route}  {finding.persona}: {finding.fault}" for finding in done.findings]
    verdict = "The gate holds." if done.is_tight else "THE GATE IS OPEN."
    if not done.control_sightings:
        verdict += " The control saw no bundle: publish one, or the walk proves nothing."
    lines.append(f"{verdict} {done.request_count} requests, {len(done.findings)} findings.")
    return "\n".join(lines)

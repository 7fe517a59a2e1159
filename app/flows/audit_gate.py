"""The gate is walked by probes: companies of every standing that exist only for the length of the walk."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.core.ids import hash_token, new_token
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Contact, ContactSession, Customer, GateAudit
from app.customers.queries_gate import record_of
from app.customers.rules.admission import ScreeningState
from app.customers.rules.gate_audits import signature_of
from app.mainbrand.rules.segments import Segment
from app.staff.models import StaffMember, StaffSession
from app.staff.rules.roles import Role

PREFIX = "PROBE-"
NO_PASSWORD = "!"
DOMAIN = "gate-probe.invalid"
LIFETIME = timedelta(minutes=15)

STANDINGS: dict[str, dict[str, Any]] = {
    "expired": {},
    "unverified": {},
    "in_review": {"screening": ScreeningState.REVIEW, "segment": Segment.UNRATED},
    "a": {"segment": Segment.A, "screening": ScreeningState.BLOCKED},
    "b": {"segment": Segment.B},
    "refused": {"screening": ScreeningState.REFUSED},
    "suspended": {"is_suspended": True},
    "moved_up": {"is_moved_up": True},
    "other_c": {},
    "admitted": {},
}
"""What makes each persona; the default is an admitted C-customer."""


@dataclasses.dataclass(frozen=True)
class Probes:
    """The session cookies of the planted personas, by persona name; `viewer` and `half_staff` are staff's."""

    tokens: dict[str, str]
    control_customer_id: int
    control_contact_id: int


def plant_probes(session: Session, *, now: datetime) -> Probes:
    """Makes one company per standing and two staff members, one who may only look and one without a second
    factor; what an earlier walk left is removed.

    Nobody can log in as one of them: they have no password, and their sessions end by themselves.
    """
    with transaction(session):
        _remove(session)
        tokens: dict[str, str] = {}
        for persona, standing in STANDINGS.items():
            customer, contact, tokens[persona] = _plant(session, persona, standing, now)
            if persona == "admitted":
                control = customer.id or 0, contact.id or 0
        tokens["viewer"] = _plant_staff(session, "viewer", now, has_second_factor=True)
        tokens["half_staff"] = _plant_staff(session, "half_staff", now, has_second_factor=False)
    return Probes(tokens, *control)


def remove_probes(session: Session) -> None:
    """Takes every probe away again."""
    with transaction(session):
        _remove(session)


def note_audit(
    session: Session,
    *,
    cells: Mapping[str, Mapping[str, str]],
    findings: list[dict[str, str]],
    request_count: int,
    control_sightings: int,
    secret_key: str,
    now: datetime,
) -> GateAudit:
    """Keeps the outcome of a walk, signed, for the admin's gate page; the row comes back."""
    with transaction(session):
        newest = select(GateAudit).order_by(col(GateAudit.id).desc()).limit(1)
        # Once more after the lock: of two walks that end at once the second follows the first.
        session.exec(newest.with_for_update()).first()
        before = session.exec(newest).first()
        audit = GateAudit(
            at=now,
            request_count=request_count,
            control_sightings=control_sightings,
            cells={route: dict(row) for route, row in cells.items()},
            findings=findings,
            previous_signature=before.signature if before is not None else "",
        )
        audit.signature = signature_of(record_of(audit).document, secret_key=secret_key)
        session.add(audit)
    return audit


def _plant(
    session: Session, persona: str, standing: dict[str, Any], now: datetime
) -> tuple[Customer, Contact, str]:
    customer = Customer(
        number=PREFIX + persona.upper(),
        company_name=f"Gate probe {persona}",
        street="-",
        postal_code="-",
        city="-",
        segment=standing.get("segment", Segment.C),
        screening=standing.get("screening", ScreeningState.CLEAR),
        business_confirmed_at=now,
        business_verified_at=now,
        suspended_at=now if standing.get("is_suspended") else None,
        moved_up_at=now if standing.get("is_moved_up") else None,
        created_at=now,
    )
    session.add(customer)
    session.flush()
    contact = Contact(
        customer_id=customer.id or 0,
        email=f"{persona}@{DOMAIN}",
        name=f"Probe {persona}",
        language="en",
        password_hash=NO_PASSWORD,
        email_verified_at=None if persona == "unverified" else now,
        created_at=now,
    )
    session.add(contact)
    session.flush()
    token = new_token()
    expires_at = now - timedelta(seconds=1) if persona == "expired" else now + LIFETIME
    session.add(
        ContactSession(
            token_hash=hash_token(token),
            contact_id=contact.id or 0,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
        )
    )
    return customer, contact, token


def _plant_staff(session: Session, persona: str, now: datetime, *, has_second_factor: bool) -> str:
    member = StaffMember(
        email=f"{persona}@{DOMAIN}",
        name=f"Gate probe {persona}",
        role=Role.VIEWER,
        password_hash=NO_PASSWORD,
        is_totp_confirmed=True,
        created_at=now,
    )
    session.add(member)
    session.flush()
    token = new_token()
    session.add(
        StaffSession(
            token_hash=hash_token(token),
            staff_member_id=member.id or 0,
            has_second_factor=has_second_factor,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return token


def _remove(session: Session) -> None:
    companies = select(col(Customer.id)).where(col(Customer.number).startswith(PREFIX))
    people = select(col(Contact.id)).where(col(Contact.customer_id).in_(companies))
    members = select(col(StaffMember.id)).where(col(StaffMember.email).endswith("@" + DOMAIN))
    for statement in (
        delete(ContactSession).where(col(ContactSession.contact_id).in_(people)),
        delete(Contact).where(col(Contact.customer_id).in_(companies)),
        delete(BlockedAttempt).where(col(BlockedAttempt.customer_id).in_(companies)),
        delete(Customer).where(col(Customer.number).startswith(PREFIX)),
        delete(StaffSession).where(col(StaffSession.staff_member_id).in_(members)),
        delete(StaffMember).where(col(StaffMember.email).endswith("@" + DOMAIN)),
    ):
        session.execute(statement.execution_options(synchronize_session=False))

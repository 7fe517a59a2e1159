"""Staff write the price list of special services and put it in order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from app.audit.service import Actor, record
from app.care.models import SpecialService
from app.care.queries_services import price_list
from app.care.rules.price_list import faults_of_service
from app.care.rules.services import ServiceKind
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction

TEXTS = ("code", "name_de", "name_en", "text_de", "text_en", "unit_de", "unit_en")


def save_service(
    session: Session,
    *,
    service_id: int | None,
    kind: ServiceKind,
    texts: Mapping[str, str],
    price_cents: int,
    vat_rate_bp: int,
    minutes: int,
    is_active: bool,
    actor: Actor,
    now: datetime,
) -> int:
    """Writes an entry of the price list, a new one at its end; returns its id. Orders and offers keep their price.

    `texts` are keyed as in TEXTS. Raises Invalid with a fault per field, NotFound for an unknown entry.
    """
    words = {name: texts.get(name, "").strip() for name in TEXTS}
    faults = faults_of_service(words, price_cents=price_cents, vat_rate_bp=vat_rate_bp, minutes=minutes)
    values: dict[str, Any] = {
        **words,
        "kind": kind,
        "price_cents": price_cents,
        "vat_rate_bp": vat_rate_bp,
        "minutes": minutes,
        "is_active": is_active,
    }
    with transaction(session):
        taken = session.exec(
            select(SpecialService.id).where(col(SpecialService.code) == words["code"])
        ).first()
        if taken is not None and taken != service_id:
            faults.append(FieldError("code", N_("Another service has this short name already.")))
        service = None if service_id is None else _find(session, service_id)
        if service is not None and service.kind is not kind:
            faults.append(FieldError("kind", N_("The kind stays: make a new service for another one.")))
        if faults:
            raise Invalid(N_("Please check the entries."), code="service.invalid", fields=tuple(faults))
        old = None if service is None else {name: getattr(service, name) for name in values}
        if service is None:
            last = session.exec(select(func.max(SpecialService.position))).one()
            service = SpecialService(position=(last or 0) + 1, changed_at=now, **values)
            session.add(service)
        else:
            service.sqlmodel_update({**values, "changed_at": now})
        session.flush()
        _note(session, service, "service.saved", actor=actor, now=now, old=old, new=dict(values))
        return service.id or 0


def move_service(session: Session, service_id: int, *, is_up: bool, actor: Actor, now: datetime) -> None:
    """Changes an entry's place with the one before (or after) it; at the end of the row nothing changes.

    Raises NotFound for an unknown entry.
    """
    with transaction(session):
        service = _find(session, service_id)
        row = list(price_list(session))
        place = row.index(service)
        other = place - 1 if is_up else place + 1
        if not 0 <= other < len(row):
            return
        row[place], row[other] = row[other], row[place]
        for position, one in enumerate(row, start=1):
            one.position = position
        old, new = {"place": place + 1}, {"place": other + 1}
        _note(session, service, "service.moved", actor=actor, now=now, old=old, new=new)


def _find(session: Session, service_id: int) -> SpecialService:
    service = session.exec(
        select(SpecialService).where(col(SpecialService.id) == service_id).with_for_update()
    ).first()
    if service is None:
        raise NotFound(N_("There is no such service."), code="service.not_found")
    return service


def _note(
    session: Session, service: SpecialService, action: str, *, actor: Actor, now: datetime, **values: Any
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="service",
        object_id=service.id,
        object_name=service.name_de,
        now=now,
        **values,
    )

"""Staff write a building block; bundles take its new facts when they are published next."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block
from app.catalogue.rules.falling import touches_margin
from app.catalogue.rules.kinds import Kind, Source
from app.catalogue.service_margins import refresh_margins
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.i18n import LANGUAGES
from app.core.transaction import transaction

SKU = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ./_-]*[A-Za-z0-9])?")
UNIT_CODE = re.compile(r"[A-Z0-9]{2,3}")
VAT_RATES_BP = (0, 700, 1900)
GREATEST_PRICE_CENTS = 100_000_000
GREATEST_LEAD_TIME_DAYS = 365


def save_block(
    session: Session,
    *,
    block_id: int | None = None,
    sku: str,
    names: Mapping[str, str],
    kind: Kind,
    unit_code: str,
    unit_cost_cents: int,
    main_brand_price_cents: int,
    main_brand_lead_time_days: int,
    vat_rate_bp: int,
    source: Source,
    actor: Actor,
    now: datetime,
) -> int:
    """Makes or changes a block and returns its id; published bundles keep the facts they were published with.

    Raises Invalid with a fault per field, NotFound for an unknown block.
    """
    values: dict[str, Any] = {
        "sku": sku.strip(),
        "name_de": names.get("de", "").strip(),
        "name_en": names.get("en", "").strip(),
        "kind": kind,
        "unit_code": unit_code.strip().upper(),
        "unit_cost_cents": unit_cost_cents,
        "main_brand_price_cents": main_brand_price_cents,
        "main_brand_lead_time_days": main_brand_lead_time_days,
        "vat_rate_bp": vat_rate_bp,
        "source": source,
    }
    faults = _faults(values)
    if faults:
        raise _invalid(*faults)
    with transaction(session):
        taken = session.exec(select(Block.id).where(col(Block.sku) == values["sku"])).first()
        if taken is not None and taken != block_id:
            raise _invalid(FieldError("sku", N_("Another block has this number already.")))
        if block_id is None:
            block, old = Block(created_at=now, **values), None
            session.add(block)
        else:
            block = _find(session, block_id)
            old = {name: getattr(block, name) for name in values}
            block.sqlmodel_update(values)
        session.flush()
        record(
            session,
            actor,
            action="block.saved",
            object_kind="block",
            object_id=block.id,
            object_name=block.sku,
            now=now,
            old=old,
            new=values,
        )
        if old is not None and touches_margin({name for name in values if old[name] != values[name]}):
            refresh_margins(session, block_ids=[block.id or 0], now=now)
        return block.id or 0


def _find(session: Session, block_id: int) -> Block:
    block = session.exec(select(Block).where(col(Block.id) == block_id).with_for_update()).first()
    if block is None:
        raise NotFound(N_("There is no such block."), code="block.not_found")
    return block


def _faults(values: Mapping[str, Any]) -> list[FieldError]:
    faults = []
    if not SKU.fullmatch(values["sku"]) or len(values["sku"]) > 64:
        faults.append(FieldError("sku", N_("Please use letters, digits and - . / _ only.")))
    for language in LANGUAGES:
        if not 1 <= len(values[f"name_{language}"]) <= 200:
            faults.append(FieldError(f"name_{language}", N_("Please give a name of at most 200 characters.")))
    if not UNIT_CODE.fullmatch(values["unit_code"]):
        faults.append(
            FieldError("unit_code", N_("Please use a unit code such as C62 (piece) or KGM (kilogram)."))
        )
    for field in ("unit_cost_cents", "main_brand_price_cents"):
        if not 0 <= values[field] <= GREATEST_PRICE_CENTS:
            faults.append(FieldError(field, N_("Please enter an amount of zero or more.")))
    if not 0 <= values["main_brand_lead_time_days"] <= GREATEST_LEAD_TIME_DAYS:
        faults.append(FieldError("main_brand_lead_time_days", N_("Please enter 0 to 365 working days.")))
    if values["vat_rate_bp"] not in VAT_RATES_BP:
        faults.append(FieldError("vat_rate_bp", N_("Please choose one of the offered values.")))
    return faults


def _invalid(*faults: FieldError) -> Invalid:
    return Invalid(N_("Please check the entries."), code="block.invalid", fields=faults)

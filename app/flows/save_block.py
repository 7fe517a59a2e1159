"""Staff write a building block; bundles take its new facts when they are published next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor
from app.catalogue.models import Block, BundleItem, Partner
from app.catalogue.queries_blocks import blocks_on_sale, entry_of
from app.catalogue.rules.blocks import SIZES, BlockEntry, entry_faults, keeps_out, shown_mark
from app.catalogue.rules.falling import touches_margin
from app.catalogue.rules.kinds import PriceCause
from app.catalogue.service import hold_catalogue
from app.catalogue.service_blocks import (
    add_block,
    change_block,
    columns_of,
    lock_block,
    partner_ids,
    retire_bundles_with,
)
from app.catalogue.service_margins import refresh_margins
from app.catalogue.service_sizes import lock_with_neighbours, refresh_sizes
from app.catalogue.service_stock import switch_counting
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.mainbrand.models import Purchase
from app.ordering.queries_stock import needs_of_open_orders

NOW_HAZARDOUS = N_("Block %(sku)s is dangerous goods.")
NOW_RESTRICTED = N_("Block %(sku)s is a restricted good.")


@dataclass(frozen=True)
class SavedBlock:
    """The block's id, and the bundles (id, name in the shop's address) that had to leave the shop for it."""

    block_id: int
    retired: tuple[tuple[int, str], ...] = ()


def save_block(
    session: Session,
    entry: BlockEntry,
    *,
    block_id: int | None = None,
    may_retire: Collection[int] = (),
    seen: str = "",
    actor: Actor,
    now: datetime,
) -> SavedBlock:
    """Makes or changes a block; published bundles keep the facts they were published with.

    Where the block becomes dangerous or restricted, all bundles on sale that hold it are retired with it; the
    person must have seen them (`may_retire`: their ids), else it is Refused (`block.retires_bundles`). Where
    somebody changed the block since it was `seen` (a `shown_mark`, or empty), it is Refused
    (`block.changed_meanwhile`). Raises Invalid with a fault per field, NotFound for an unknown block.
    """
    entry = entry.tidied()
    faults = entry_faults(entry)
    if faults:
        raise _invalid(*faults)
    with transaction(session):
        if block_id is not None and _says_other_sizes(session, block_id, entry):
            lock_with_neighbours(session, [block_id])
        block = lock_block(session, block_id) if block_id is not None else None
        if block is not None:
            _check_seen(session, block, seen)
        taken = session.exec(select(Block.id).where(col(Block.sku) == entry.sku)).first()
        if taken is not None and taken != block_id:
            raise _invalid(FieldError("sku", N_("Another block has this number already.")))
        values = columns_of(entry, partner_ids(session, [entry.partner], now=now))
        if block is None:
            block = add_block(session, values, actor=actor, now=now)
            return SavedBlock(block.id or 0)
        _refuse_other_number(session, block, entry)
        _refuse_other_unit(session, block, entry)
        goes_out = keeps_out(entry) and not keeps_out(block)
        old = change_block(session, block, values, cause=PriceCause.EDITOR, actor=actor, now=now)
        retired = _retire(session, block, may_retire, actor=actor, now=now) if goes_out else ()
        if "is_made_to_order" in old:
            switch_counting(session, [block.id or 0], needs_of_open_orders)
        if not old.keys().isdisjoint(SIZES):
            refresh_sizes(session, [block.id or 0])
        if touches_margin(old):
            refresh_margins(session, block_ids=[block.id or 0], now=now)
        return SavedBlock(block.id or 0, retired)


def _says_other_sizes(session: Session, block_id: int, entry: BlockEntry) -> bool:
    query = select(Block.minimum_quantity_milli, Block.order_step_milli).where(col(Block.id) == block_id)
    known = session.exec(query).first()
    return known is not None and known != (entry.minimum_quantity_milli, entry.order_step_milli)


def _check_seen(session: Session, block: Block, seen: str) -> None:
    partner = session.get(Partner, block.partner_id) if block.partner_id else None
    if seen and seen != shown_mark(entry_of(block, partner.name if partner else "")):
        raise Refused(
            N_("Somebody changed this block while you looked at it. Nothing was saved: please compare."),
            code="block.changed_meanwhile",
        )


def _retire(
    session: Session, block: Block, may_retire: Collection[int], *, actor: Actor, now: datetime
) -> tuple[tuple[int, str], ...]:
    assert block.id is not None
    reason = (NOW_HAZARDOUS if block.is_hazardous else NOW_RESTRICTED) % {"sku": block.sku}
    bundles = retire_bundles_with(session, [block.id], reason=reason, actor=actor, now=now)
    retired = tuple((bundle.id or 0, bundle.slug) for bundle in bundles)
    unseen = sorted({bundle_id for bundle_id, _ in retired} - set(may_retire))
    if unseen:
        # Nothing is kept: the person is shown first what goes off the shop with it.
        raise Refused(
            N_("This takes %(count)s bundles off the shop. Please look at them first."),
            code="block.retires_bundles",
            count=len(retired),
        )
    return retired


def _refuse_other_number(session: Session, block: Block, entry: BlockEntry) -> None:
    """A number says what the main brand's customers bought: another one would hide that from the guard."""
    if entry.sku == block.sku:
        return
    held = select(BundleItem.id).where(col(BundleItem.block_id) == block.id).limit(1)
    bought = select(Purchase.id).where(col(Purchase.sku) == block.sku).limit(1)
    if session.exec(held).first() is not None:
        message = N_(
            "A bundle holds this block under its number, so the number stays. Make a new block instead."
        )
        raise _invalid(FieldError("sku", message))
    if session.exec(bought).first() is not None:
        message = N_("The main brand's customers bought it under this number, so the number stays.")
        raise _invalid(FieldError("sku", message))


def _refuse_other_unit(session: Session, block: Block, entry: BlockEntry) -> None:
    if entry.unit_code == block.unit_code:
        return
    # Whoever publishes waits from here on: what is on sale now is all there is.
    hold_catalogue(session)
    if blocks_on_sale(session, [block.id or 0]):
        message = N_("A bundle on sale counts in this unit: take it off the shop before the unit changes.")
        raise _invalid(FieldError("unit_code", message))
    if block.stock_milli or block.reserved_milli:
        message = N_("There is stock of it, or orders hold some: count it to zero before its unit changes.")
        raise _invalid(FieldError("unit_code", message))


def _invalid(*faults: FieldError) -> Invalid:
    return Invalid(N_("Please check the entries."), code="block.invalid", fields=faults)

"""Staff say how much of a block is there: counted on the shelf, or received."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, StockMove
from app.catalogue.rules.stock import StockCause
from app.catalogue.rules.units import has_decimals
from app.catalogue.service_blocks import lock_block
from app.catalogue.service_stock import refresh_stock_levels
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction

MOST_MILLI = 1_000_000_000_000
LONGEST_REASON = 500


def count_stock(
    session: Session,
    block_id: int,
    *,
    counted_milli: int,
    reason: str,
    seen: int | None = None,
    actor: Actor,
    now: datetime,
) -> Block:
    """The shelf holds this much now, whatever stood here; it may be less than orders hold, and then staff see that.

    `seen` is the newest move that the person saw (0 for none). Raises Refused (`block.made_to_order`,
    `block.stock_moved`), Invalid for an amount that the unit cannot have or a missing reason, NotFound.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise _invalid("reason", N_("Please say in at most 500 characters why it is counted."))
    with transaction(session):
        block = _counted_block(session, block_id, counted_milli, seen=seen, field="counted")
        _move(session, block, counted_milli, StockCause.COUNTED, reason=reason, actor=actor, now=now)
    return block


def receive_stock(
    session: Session,
    block_id: int,
    *,
    received_milli: int,
    reason: str = "",
    seen: int | None = None,
    actor: Actor,
    now: datetime,
) -> Block:
    """This much came in and is added. Raises as `count_stock` does; nothing received is Invalid."""
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if received_milli <= 0:
        raise _invalid("received", N_("Please enter how much came in, more than zero."))
    with transaction(session):
        block = _counted_block(session, block_id, received_milli, seen=seen, field="received")
        stock_milli = block.stock_milli + received_milli
        if stock_milli > MOST_MILLI:
            raise _invalid("received", N_("This is more than any shelf holds."))
        _move(session, block, stock_milli, StockCause.RECEIVED, reason=reason, actor=actor, now=now)
    return block


def _counted_block(
    session: Session, block_id: int, amount_milli: int, *, seen: int | None, field: str
) -> Block:
    block = lock_block(session, block_id)
    if block.is_made_to_order:
        raise Refused(
            N_("This block is made to order: nobody counts it. Change that first."),
            code="block.made_to_order",
        )
    if not 0 <= amount_milli <= MOST_MILLI:
        raise _invalid(field, N_("This is more than any shelf holds."))
    if amount_milli % 1000 and not has_decimals(block.unit_code):
        raise _invalid(field, N_("This unit has no decimals: please enter a whole number."))
    newest = select(func.max(col(StockMove.id))).where(col(StockMove.block_id) == block_id)
    if seen is not None and (session.exec(newest).one() or 0) != seen:
        raise Refused(
            N_("The stock changed while you looked at it. Please look at the figures and send it again."),
            code="block.stock_moved",
        )
    return block


def _move(
    session: Session,
    block: Block,
    stock_milli: int,
    cause: StockCause,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    old_milli, block.stock_milli = block.stock_milli, stock_milli
    refresh_stock_levels(session, [block.id or 0])
    session.add(
        StockMove(
            block_id=block.id or 0,
            cause=cause,
            delta_milli=stock_milli - old_milli,
            stock_after_milli=stock_milli,
            reason=reason,
            changed_by=actor.name[:200],
            at=now,
        )
    )
    record(
        session,
        actor,
        action="block.stock_changed",
        object_kind="block",
        object_id=block.id,
        object_name=block.sku,
        now=now,
        reason=reason,
        old={"stock_milli": old_milli},
        new={"stock_milli": stock_milli, "cause": cause},
    )


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(
        N_("Please check the entries."), code="block.invalid", fields=(FieldError(field, message),)
    )

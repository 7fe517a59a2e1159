"""Reading how many of each bundle a company could order now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlmodel import Session, col, func, select

from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion, Listing, StockReservation
from app.catalogue.rules.agreements import Agreement as SizeAgreement
from app.catalogue.rules.agreements import sizes_of
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stock import (
    Need,
    ReservationState,
    Wanted,
    free_milli,
    sellable_counts,
    spare_counts,
)
from app.ordering.models import Agreement, CartLine, Order, OrderLine
from app.ordering.rules.quantities import QuantityRule
from app.ordering.rules.states import OPEN, OrderState
from app.policy.rules.policy import BelowMinimum, Policy


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A quantity of a bundle at a version that is on sale."""

    bundle_id: int
    version_id: int
    quantity: int


SIZE_COLUMNS: tuple[Any, ...] = (
    Listing.minimum_quantity,
    Listing.order_step,
    BundleVersion.maximum_quantity,
    col(Agreement.minimum_quantity).label("agreed_minimum"),
    col(Agreement.order_step).label("agreed_step"),
)
"""What `rule_of` reads; a query that asks for them goes through `with_sizes`."""


def with_sizes(query: Any, customer_id: int, *, now: datetime) -> Any:
    """A query of bundles and their versions, joined with their sizes of today and this company's exceptions."""
    is_in_force = and_(
        col(Agreement.bundle_id) == col(Bundle.id),
        col(Agreement.customer_id) == customer_id,
        col(Agreement.ended_at).is_(None),
        col(Agreement.ends_at) > now,
    )
    return query.outerjoin(Listing, col(Listing.bundle_id) == col(Bundle.id)).outerjoin(
        Agreement, is_in_force
    )


def rule_of(row: Any, *, available_count: int | None, policy: Policy) -> QuantityRule:
    """The sizes in which a company may order a bundle (a row with SIZE_COLUMNS) when so many are available."""
    sizes = sizes_of(
        SizeAgreement(row.agreed_minimum, row.agreed_step),
        SizeAgreement(row.minimum_quantity, row.order_step),
    )
    return QuantityRule(
        sizes.minimum_quantity,
        sizes.order_step,
        row.maximum_quantity,
        available_count,
        is_less_allowed=policy.below_minimum_quantity is BelowMinimum.SURCHARGE,
    )


def sold_now(
    session: Session, customer_id: int, bundle_ids: Collection[int], *, now: datetime
) -> dict[int, Any]:
    """Those of some bundles that are on sale, by id: version, names, price, and the sizes for this company."""
    query: Any = (
        select(  # type: ignore[call-overload]
            col(Bundle.id).label("bundle_id"),
            Bundle.slug,
            col(BundleVersion.id).label("version_id"),
            BundleVersion.name_de,
            BundleVersion.name_en,
            BundleVersion.price_cents,
            *SIZE_COLUMNS,
        )
        .join(BundleVersion, col(Bundle.current_version_id) == col(BundleVersion.id))
        .where(col(Bundle.id).in_(bundle_ids), col(Bundle.state) == BundleState.PUBLISHED)
    )
    return {row.bundle_id: row for row in session.execute(with_sizes(query, customer_id, now=now))}


def free_of_blocks(rows: Iterable[Any], *, own: Mapping[int, int] | None = None) -> dict[int, int]:
    """What is free of each counted block, from rows with `block_id` and the block's three columns of stock.

    What `own` orders hold (see `own_held`) counts as free.
    """
    freed = own or {}
    return {
        row.block_id: free_milli(row.stock_milli, row.reserved_milli - freed.get(row.block_id, 0))
        for row in rows
        if not row.is_made_to_order
    }


def own_held(session: Session, customer_id: int) -> dict[int, int]:
    """The thousandths of each block that the company's own unpaid orders hold: a new order would free them."""
    rows = session.exec(
        select(StockReservation.block_id, func.sum(StockReservation.quantity_milli))
        .join(Order, col(Order.id) == col(StockReservation.order_id))
        .where(
            col(Order.customer_id) == customer_id,
            col(Order.state) == OrderState.RECEIVED,
            col(StockReservation.state) == ReservationState.HELD,
        )
        .group_by(col(StockReservation.block_id))
    )
    return {block_id: int(milli) for block_id, milli in rows}


def blocks_of_orders(session: Session, order_ids: Collection[int]) -> set[int]:
    """All blocks of these orders, counted or made to order."""
    rows = (
        select(BundleItem.block_id)
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleItem.bundle_version_id))
        .where(col(OrderLine.order_id).in_(order_ids))
    )
    return set(session.exec(rows))


def needs_of_open_orders(session: Session, block_ids: Collection[int]) -> list[tuple[int, int, int]]:
    """What orders that are not dispatched and not cancelled need of these blocks: order, block, thousandths."""
    rows = session.exec(
        select(
            OrderLine.order_id,
            BundleItem.block_id,
            func.sum(col(OrderLine.quantity) * col(BundleItem.quantity_milli)),
        )
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(OrderLine.bundle_version_id))
        .where(col(Order.state).in_(OPEN), col(BundleItem.block_id).in_(block_ids))
        .group_by(col(OrderLine.order_id), col(BundleItem.block_id))
        .order_by(col(OrderLine.order_id), col(BundleItem.block_id))
    )
    return [(order_id, block_id, int(milli)) for order_id, block_id, milli in rows]


def counts_of_lines(session: Session, customer_id: int, lines: Sequence[SoldLine]) -> list[int | None]:
    """For each line how many the company can order, the lines before it served first.

    None where no block of the bundle is counted. What the company's own unpaid orders hold counts as free.
    """
    return [count for count, _ in counts_and_spares(session, customer_id, lines)]


def counts_and_spares(
    session: Session, customer_id: int, lines: Sequence[SoldLine]
) -> list[tuple[int | None, int | None]]:
    """What `counts_of_lines` gives, and how many more of each line there are once all lines are served."""
    rows = session.execute(
        select(  # type: ignore[call-overload]
            BundleItem.bundle_version_id,
            BundleItem.block_id,
            BundleItem.quantity_milli,
            Block.is_made_to_order,
            Block.stock_milli,
            Block.reserved_milli,
        )
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(
            col(BundleItem.bundle_version_id).in_({line.version_id for line in lines}),
            col(Block.is_made_to_order).is_(False),
        )
    ).all()
    if not rows:
        return [(None, None)] * len(lines)
    needs: dict[int, list[Need]] = {}
    for row in rows:
        needs.setdefault(row.bundle_version_id, []).append(Need(row.block_id, row.quantity_milli))
    wanted = [Wanted("", line.quantity, tuple(needs.get(line.version_id, ()))) for line in lines]
    free = free_of_blocks(rows, own=own_held(session, customer_id))
    return list(zip(sellable_counts(wanted, free), spare_counts(wanted, free), strict=True))


def cart_versions(session: Session, customer_id: int) -> list[SoldLine]:
    """What is still sold of a company's cart, at the versions that are sold now, oldest line first."""
    rows = session.exec(
        select(CartLine.bundle_id, Bundle.current_version_id, CartLine.quantity)
        .join(Bundle, col(Bundle.id) == col(CartLine.bundle_id))
        .where(col(CartLine.customer_id) == customer_id, col(Bundle.state) == BundleState.PUBLISHED)
        .order_by(col(CartLine.id))
    )
    return [SoldLine(bundle_id, version_id or 0, quantity) for bundle_id, version_id, quantity in rows]


def with_quantities(cart: Sequence[SoldLine], wanted: Mapping[int, tuple[int, int]]) -> list[SoldLine]:
    """The cart as it would be with other quantities (bundle id -> version id, quantity); new bundles come last."""
    changed = [
        SoldLine(line.bundle_id, *wanted.get(line.bundle_id, (line.version_id, line.quantity)))
        for line in cart
    ]
    present = {line.bundle_id for line in cart}
    new = [SoldLine(bundle_id, *line) for bundle_id, line in wanted.items() if bundle_id not in present]
    return changed + new

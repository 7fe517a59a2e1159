"""Invariants of stock: what is there, what is promised of it, and what customers are told about it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from app.catalogue.rules.stock import Need, free_milli, sellable_count, smallest_order, stock_level
from app.insights.findings import Invariant, rows_of
from app.policy.queries import current_policy

LISTED = text(
    "SELECT l.bundle_id, l.slug, l.stock_level, l.minimum_quantity, l.order_step, i.block_id, i.quantity_milli,"
    " b.is_made_to_order, b.stock_milli, b.reserved_milli FROM listings l"
    " JOIN bundle_items i ON i.bundle_version_id = l.bundle_version_id JOIN blocks b ON b.id = i.block_id"
    " ORDER BY l.bundle_id"
)


def _wrong_levels(session: Session, _now: datetime) -> Iterator[tuple[object, str]]:
    """Each listing whose level is not what its blocks allow, by the rule itself."""
    few_left_count = current_policy(session).few_left_count
    needs: dict[int, list[Need]] = {}
    free: dict[int, int] = {}
    listed = {}
    for row in session.execute(LISTED):
        listed[row.bundle_id] = row
        needs.setdefault(row.bundle_id, []).append(Need(row.block_id, row.quantity_milli))
        if not row.is_made_to_order:
            free[row.block_id] = free_milli(row.stock_milli, row.reserved_milli)
    for bundle_id, row in listed.items():
        count = sellable_count(needs[bundle_id], free)
        smallest = smallest_order(row.minimum_quantity, row.order_step)
        level = stock_level(count, smallest=smallest, few_left_count=few_left_count)
        if level.value != row.stock_level:
            yield bundle_id, f"Bundle {row.slug} is listed as '{row.stock_level}'; its blocks say '{level}'."


STOCK = (
    Invariant(
        "reserved_is_what_orders_hold",
        "What is reserved of a block is the sum of what orders hold of it.",
        rows_of(
            "SELECT * FROM (SELECT b.id, b.sku, b.reserved_milli, (SELECT coalesce(sum(r.quantity_milli), 0)"
            " FROM stock_reservations r WHERE r.block_id = b.id AND r.state = 'held') AS held_milli"
            " FROM blocks b) AS s WHERE reserved_milli <> held_milli ORDER BY id",
            "Block {sku} has {reserved_milli} thousandths reserved; orders hold {held_milli}.",
        ),
    ),
    Invariant(
        "a_reservation_is_as_far_as_its_order",
        "Received and accepted orders hold their blocks, dispatched ones used them, cancelled ones gave them free.",
        rows_of(
            "SELECT r.id, r.block_id, r.state AS kept, o.number, o.state FROM stock_reservations r"
            " LEFT JOIN orders o ON o.id = r.order_id WHERE o.id IS NULL OR r.state <> CASE o.state"
            " WHEN 'dispatched' THEN 'used' WHEN 'cancelled' THEN 'released' ELSE 'held' END ORDER BY r.id",
            "Order {number} is {state}, and its reservation of block {block_id} is {kept}.",
        ),
    ),
    Invariant(
        "the_stock_is_the_sum_of_its_moves",
        "A block's stock is the sum of its moves, and each move says the stock after it.",
        rows_of(
            "SELECT id, sku, stock_milli, moved_milli FROM (SELECT b.id, b.sku, b.stock_milli,"
            " (SELECT coalesce(sum(m.delta_milli), 0) FROM stock_moves m WHERE m.block_id = b.id) AS moved_milli"
            " FROM blocks b) AS s WHERE stock_milli <> moved_milli UNION ALL"
            " SELECT b.id, b.sku, s.stock_after_milli, s.after_milli FROM (SELECT m.block_id, m.stock_after_milli,"
            " sum(m.delta_milli) OVER (PARTITION BY m.block_id ORDER BY m.id) AS after_milli FROM stock_moves m)"
            " AS s JOIN blocks b ON b.id = s.block_id WHERE s.stock_after_milli <> s.after_milli ORDER BY 1",
            "Block {sku} says {stock_milli} thousandths; its moves make {moved_milli}.",
        ),
    ),
    Invariant(
        "an_open_order_holds_its_counted_blocks",
        "An order that is not dispatched and not cancelled holds what it needs of each block that is counted.",
        rows_of(
            "SELECT * FROM (SELECT o.id, o.number, b.sku, sum(CAST(i.quantity_milli AS BIGINT) * l.quantity)"
            " AS need_milli, coalesce(max(r.quantity_milli), 0) AS held_milli FROM orders o"
            " JOIN order_lines l ON l.order_id = o.id JOIN bundle_items i ON i.bundle_version_id ="
            " l.bundle_version_id JOIN blocks b ON b.id = i.block_id LEFT JOIN stock_reservations r"
            " ON r.order_id = o.id AND r.block_id = b.id AND r.state = 'held'"
            " WHERE o.state IN ('received', 'accepted') AND NOT b.is_made_to_order"
            " GROUP BY o.id, o.number, b.id, b.sku) AS s WHERE need_milli <> held_milli ORDER BY id",
            "Order {number} needs {need_milli} thousandths of block {sku} and holds {held_milli}.",
        ),
    ),
    Invariant(
        "a_dispatch_moves_what_its_order_used",
        "What an order used of a block left the stock in one move, whatever the block is by now.",
        rows_of(
            "SELECT r.id, r.order_id, r.block_id, r.quantity_milli, coalesce(sum(m.delta_milli), 0) AS moved_milli"
            " FROM stock_reservations r LEFT JOIN stock_moves m"
            " ON m.order_id = r.order_id AND m.block_id = r.block_id AND m.cause = 'dispatched'"
            " WHERE r.state = 'used' GROUP BY r.id, r.order_id, r.block_id, r.quantity_milli"
            " HAVING coalesce(sum(m.delta_milli), 0) <> -r.quantity_milli ORDER BY r.id",
            "Order {order_id} used {quantity_milli} thousandths of block {block_id}; its moves say {moved_milli}.",
        ),
    ),
    Invariant(
        "a_level_is_what_the_blocks_allow",
        "Each listed bundle's level is what its scarcest block allows.",
        _wrong_levels,
    ),
    Invariant(
        "a_block_knows_its_largest_need",
        "No listed bundle's smallest order takes more of a block than the block is known for.",
        rows_of(
            "SELECT b.id, b.sku, b.largest_need_milli, max(CAST(i.quantity_milli AS BIGINT)"
            " * ((l.minimum_quantity + l.order_step - 1) / l.order_step) * l.order_step) AS need_milli"
            " FROM blocks b JOIN bundle_items i ON i.block_id = b.id"
            " JOIN listings l ON l.bundle_version_id = i.bundle_version_id"
            " GROUP BY b.id, b.sku, b.largest_need_milli HAVING max(CAST(i.quantity_milli AS BIGINT)"
            " * ((l.minimum_quantity + l.order_step - 1) / l.order_step) * l.order_step) > b.largest_need_milli"
            " ORDER BY b.id",
            "A bundle takes {need_milli} thousandths of block {sku}, which is known for {largest_need_milli}.",
        ),
    ),
)
"""All invariants of stock."""

"""Reading what a company ordered in a year, here and at the main brand, and what the coach says to it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stock import Need, Wanted, sellable_count, sellable_counts
from app.core.money import divide_half_up
from app.customers.models import Customer
from app.mainbrand.models import MainAccount, Purchase
from app.ordering.models import Order, OrderLine
from app.ordering.queries_checkout import Checkout
from app.ordering.queries_stock import SIZE_COLUMNS, free_of_blocks, rule_of, with_sizes
from app.ordering.rules.coach import YEAR_DAYS, Good, PastOrder, Quantities, Terms, regular_bundles
from app.ordering.rules.coach_advice import Advice, RationalOrder, advise, proposed_order
from app.ordering.rules.coach_terms import Closing, coach_terms
from app.ordering.rules.promise import Calendar
from app.ordering.rules.quantities import QuantityRule, least_quantity
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.states import BINDING, OrderKind
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy

CURRENCY = "EUR"
ANY_SIZE = QuantityRule()


@dataclass(frozen=True, slots=True)
class Regular:
    """A bundle that was bought before and is on sale, with what one of it takes of each block."""

    name_de: str
    name_en: str
    needs: tuple[Need, ...]

    def name(self, language: str) -> str:
        """The bundle's name in a language."""
        return self.name_de if language == "de" else self.name_en


@dataclass(frozen=True, slots=True)
class History:
    """A year of a company's orders, oldest first, at today's prices and rules.

    `regular` are the bundles that it buys regularly, by id; `free` what is free of each of their counted blocks.
    """

    orders: tuple[PastOrder, ...]
    goods: Mapping[int, Good]
    terms: Terms
    regular: Mapping[int, Regular]
    free: Mapping[int, int]
    today: date
    least_saving_cents: int

    def advice(self) -> Advice:
        """What the coach says of it."""
        return advise(
            self.orders, self.goods, self.terms, today=self.today, least_saving_cents=self.least_saving_cents
        )


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """A bundle of the rational order that the cart has less of, or not at all (`quantity_now` 0)."""

    bundle_id: int
    name: str
    quantity_now: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Coached:
    """What a cart says of itself: net cents of one piece now, and what its charges are in the rational order.

    `lines` is what that order changes, empty where there is nothing to change. What one piece bears of the charges is
    compared, not what it costs: that order may hold other bundles. `best_on` is the first day on which it carries no
    interim-order fee, None for today.
    """

    advice: Advice
    piece_cents: int
    charges_cents: int
    lines: tuple[ProposedLine, ...] = ()
    charges_cents_after: int = 0
    charge_of_piece_cents: int = 0
    charge_of_piece_cents_after: int = 0
    best_on: date | None = None


def read_coached_cart(
    session: Session,
    customer_id: int,
    checkout: Checkout,
    *,
    calendar: Calendar,
    now: datetime,
    language: str,
) -> Coached | None:
    """The coach's word on a cart that could be ordered as it is; None for any other."""
    if not checkout.is_orderable:
        return None
    cart = {line.bundle_id: line.priced.quantity for line in checkout.lines}
    known = {line.bundle_id: Good(line.priced.unit_price_cents, line.rule) for line in checkout.lines}
    needs = {line.bundle_id: line.needs for line in checkout.lines}
    history = read_history(session, customer_id, calendar=calendar, now=now, known=known, needs=needs)
    advice = history.advice()
    piece_cents = divide_half_up(checkout.totals.net_cents, sum(cart.values()))
    charges_cents = checkout.totals.charges_net_cents
    order = proposed_order(
        cart, history.orders, history.goods, history.terms, advice=advice, today=history.today
    )
    order = _within_stock(order, cart, history, needs)
    whole = {**cart, **order.quantities}
    charges = history.terms.charges_of(whole, RhythmChoice.NORMAL)
    after_cents = sum(one.net_cents for one in charges)
    names = {line.bundle_id: line.name(language) for line in checkout.lines}
    return Coached(
        advice,
        piece_cents,
        charges_cents,
        lines=tuple(
            ProposedLine(one, names.get(one) or history.regular[one].name(language), cart.get(one, 0), count)
            for one, count in order.quantities.items()
        ),
        charges_cents_after=after_cents,
        charge_of_piece_cents=divide_half_up(charges_cents, sum(cart.values())),
        charge_of_piece_cents_after=divide_half_up(after_cents, sum(whole.values())),
        best_on=order.best_on if order.best_on > history.today else None,
    )


def read_history(
    session: Session,
    customer_id: int,
    *,
    calendar: Calendar,
    now: datetime,
    known: Mapping[int, Good] | None = None,
    needs: Mapping[int, tuple[Need, ...]] | None = None,
    policy: Policy | None = None,
) -> History:
    """A company's accepted orders of goods of the last year; what it bought at the main brand too, where it is linked.

    `known` are bundles whose price and sizes were read already, `needs` their blocks: a purchase at the main
    brand counts as so many of a known or ordered bundle as its blocks make. Two statements, one more where something
    is bought regularly, one more where the company is linked; each by index.
    """
    since = now - timedelta(days=YEAR_DAYS)
    rows = _ordered_rows(session, customer_id, since=since, now=now)
    policy = policy or current_policy(session)
    goods = {row.bundle_id: Good(row.unit_price_cents) for row in rows if row.bundle_id is not None} | dict(
        known or {}
    )
    orders = _orders_of(rows, calendar)
    is_linked = rows[0].main_account_id is not None
    asked_for = _asked_for(rows, orders, known or {}, is_linked=is_linked)
    found, free = _facts_of(session, customer_id, asked_for, policy=policy, now=now)
    blocks = {**{one: facts.needs for one, (_, facts) in found.items()}, **(needs or {})}
    for one, (good, _) in found.items():
        goods[one] = (known or {}).get(one, good)
    if is_linked and blocks:
        bought = _bought_at_main_brand(session, rows[0].main_account_id, blocks, since=since, now=now)
        orders = sorted([*orders, *_packed(bought, blocks, calendar)], key=lambda order: order.on)
    regular = regular_bundles(orders, goods)
    return History(
        orders=tuple(orders),
        goods=goods,
        terms=coach_terms(
            policy,
            goods,
            effort_level=rows[0].effort_level,
            closes_on=Closing(policy, calendar),
        ),
        regular={one: found[one][1] for one in regular if one in found},
        free=free,
        today=now.astimezone(calendar.zone).date(),
        least_saving_cents=policy.coach_least_saving_cents,
    )


def _ordered_rows(session: Session, customer_id: int, *, since: datetime, now: datetime) -> list[Any]:
    """One row for each line of the company's accepted orders of goods, oldest first; one without a line for none."""
    query: Any = (
        select(  # type: ignore[call-overload]
            Customer.main_account_id,
            Customer.effort_level,
            Order.id.label("order_id"),  # type: ignore[union-attr]
            Order.placed_at,
            BundleVersion.bundle_id,
            OrderLine.quantity,
            OrderLine.unit_price_cents,
            Bundle.state,
        )
        .select_from(Customer)
        .outerjoin(
            Order,
            (col(Order.customer_id) == col(Customer.id))
            & col(Order.state).in_(BINDING)
            & (col(Order.kind) == OrderKind.GOODS)
            & (col(Order.placed_at) > since)
            & (col(Order.placed_at) <= now),
        )
        .outerjoin(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .outerjoin(BundleVersion, col(BundleVersion.id) == col(OrderLine.bundle_version_id))
        .outerjoin(Bundle, col(Bundle.id) == col(BundleVersion.bundle_id))
        .where(col(Customer.id) == customer_id)
        .order_by(col(Order.placed_at), col(Order.id), col(OrderLine.id))
    )
    return list(session.execute(query))


def _orders_of(rows: Sequence[Any], calendar: Calendar) -> list[PastOrder]:
    quantities: dict[int, Counter[int]] = {}
    days: dict[int, date] = {}
    for row in rows:
        if row.bundle_id is not None:
            quantities.setdefault(row.order_id, Counter())[row.bundle_id] += row.quantity
            days[row.order_id] = row.placed_at.astimezone(calendar.zone).date()
    return [PastOrder(days[order_id], found) for order_id, found in quantities.items()]


def _asked_for(
    rows: Sequence[Any], orders: Sequence[PastOrder], known: Mapping[int, Good], *, is_linked: bool
) -> set[int]:
    """The bundles that may be bought regularly: purchases at the main brand could make any of them so."""
    on_sale = {row.bundle_id for row in rows if row.state is BundleState.PUBLISHED}
    if is_linked:
        return on_sale | set(known)
    return set(regular_bundles(orders, dict.fromkeys(on_sale, Good(0, ANY_SIZE))))


def _facts_of(
    session: Session, customer_id: int, bundle_ids: Collection[int], *, policy: Policy, now: datetime
) -> tuple[dict[int, tuple[Good, Regular]], dict[int, int]]:
    """Price, sizes and blocks of bundles on sale as they are now, and what is free of their counted blocks."""
    query: Any = (
        select(  # type: ignore[call-overload]
            BundleVersion.bundle_id,
            BundleVersion.name_de,
            BundleVersion.name_en,
            BundleVersion.price_cents,
            *SIZE_COLUMNS,
            BundleItem.block_id,
            BundleItem.quantity_milli,
            Block.is_made_to_order,
            Block.stock_milli,
            Block.reserved_milli,
        )
        .join(Bundle, col(Bundle.current_version_id) == col(BundleVersion.id))
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(BundleVersion.id))
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(Bundle.id).in_(bundle_ids), col(Bundle.state) == BundleState.PUBLISHED)
        .order_by(col(BundleItem.id))
    )
    rows = session.execute(with_sizes(query, customer_id, now=now)).all() if bundle_ids else []
    free = free_of_blocks(rows)
    items: dict[int, list[Any]] = {}
    for row in rows:
        items.setdefault(row.bundle_id, []).append(row)
    found = {}
    for bundle_id, parts in items.items():
        needs = tuple(Need(part.block_id, part.quantity_milli) for part in parts)
        rule = rule_of(parts[0], available_count=sellable_count(needs, free), policy=policy)
        found[bundle_id] = (
            Good(parts[0].price_cents, rule),
            Regular(parts[0].name_de, parts[0].name_en, needs),
        )
    return found, free


def _bought_at_main_brand(
    session: Session,
    account_id: int,
    blocks: Mapping[int, tuple[Need, ...]],
    *,
    since: datetime,
    now: datetime,
) -> list[Any]:
    """What a main account bought of these bundles' blocks, line by line, oldest first."""
    wanted = {need.block_id for needs in blocks.values() for need in needs}
    query: Any = (
        select(Purchase.purchased_at, Block.id, Purchase.quantity_milli)
        .join(MainAccount, col(MainAccount.account_number) == col(Purchase.account_number))
        .join(Block, col(Block.sku) == col(Purchase.sku))
        .where(
            col(MainAccount.id) == account_id,
            col(Block.id).in_(wanted),
            col(Purchase.is_goods),
            col(Purchase.currency) == CURRENCY,
            col(Purchase.quantity_milli) > 0,
            col(Purchase.purchased_at) > since,
            col(Purchase.purchased_at) <= now,
        )
        .order_by(col(Purchase.purchased_at), col(Purchase.id))
    )
    return list(session.execute(query))


def _packed(
    bought: Sequence[Any], blocks: Mapping[int, tuple[Need, ...]], calendar: Calendar
) -> list[PastOrder]:
    """Purchases of blocks as orders of bundles: day by day as many of each as can be made, the first bundle first."""
    days: dict[date, Counter[int]] = {}
    for purchased_at, block_id, milli in bought:
        days.setdefault(purchased_at.astimezone(calendar.zone).date(), Counter())[block_id] += milli
    orders = []
    for on, left in days.items():
        made = Counter[int]()
        for bundle_id, needs in blocks.items():
            count = min(left[need.block_id] // need.quantity_milli for need in needs)
            if count:
                made[bundle_id] = count
                left.subtract({need.block_id: count * need.quantity_milli for need in needs})
        if made:
            orders.append(PastOrder(on, made))
    return orders


def _within_stock(
    order: RationalOrder,
    cart: Quantities,
    history: History,
    needs: Mapping[int, tuple[Need, ...]],
) -> RationalOrder:
    """The order with no more than the blocks allow for all its lines together; the cart's lines come first."""
    whole = {**cart, **order.quantities}
    wanted = [
        Wanted("", count, needs[one] if one in needs else history.regular[one].needs)
        for one, count in whole.items()
    ]
    counts = sellable_counts(wanted, history.free)
    fitting = {}
    for (one, count), most in zip(whole.items(), counts, strict=True):
        rule = history.goods[one].rule
        if one not in order.quantities or rule is None:
            continue
        size = count if most is None or most >= count else _whole_steps(most, rule)
        if size > cart.get(one, 0):
            fitting[one] = size
    return RationalOrder(fitting, order.best_on)


def _whole_steps(most: int, rule: QuantityRule) -> int:
    size = most // rule.order_step * rule.order_step
    return size if size >= least_quantity(rule) else 0

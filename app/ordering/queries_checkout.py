"""What a company would order right now: its cart at today's versions, prices, tax and promise."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.queries import lead_time_today
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stock import Need, Wanted, sellable_counts
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.ordering.models import CartLine, OrderLine, TermsVersion
from app.ordering.queries_stock import free_of_blocks, own_held, rule_of
from app.ordering.rules.charges import missing_value, order_charges
from app.ordering.rules.offer import Offer, OfferLine
from app.ordering.rules.pricing import PricedLine, RatePart, Totals, price_order
from app.ordering.rules.promise import Calendar, Promise, delivery_promise
from app.ordering.rules.quantities import QuantityProblem, QuantityRule, check_quantity
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A cart line that can be sold now; `problem` says why its quantity cannot.

    `rule` holds how many the lines before it leave of it; `needs` is what one of it takes of each block.
    """

    bundle_id: int
    bundle_version_id: int
    name_de: str
    name_en: str
    priced: PricedLine
    lead_time_days: int
    rule: QuantityRule
    problem: QuantityProblem | None
    needs: tuple[Need, ...]

    def name(self, language: str) -> str:
        """The bundle's name in a language."""
        return self.name_de if language == "de" else self.name_en


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms in force: the row's id and the name that people read."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """The whole of it. `has_retired` tells that a cart line is no longer sold and stands in no list here."""

    lines: tuple[CheckoutLine, ...]
    totals: Totals
    promise: Promise
    terms: Terms | None
    has_retired: bool

    @property
    def is_orderable(self) -> bool:
        """Whether each line of the cart can be sold as it is."""
        return bool(self.lines) and not self.has_retired and not any(line.problem for line in self.lines)

    @property
    def offer(self) -> Offer:
        """What the customer agrees to by pressing the button."""
        return Offer(
            lines=tuple(
                OfferLine(
                    line.bundle_version_id, line.bundle_id, line.priced.quantity, line.priced.unit_price_cents
                )
                for line in self.lines
            ),
            charges_net_cents=self.totals.charges_net_cents,
            gross_cents=self.totals.gross_cents,
            promised_on=self.promise.promised_on,
            terms_version_id=self.terms.id if self.terms else 0,
        )


def read_checkout(
    session: Session, customer_id: int, *, calendar: Calendar, now: datetime, is_locking: bool = False
) -> Checkout:
    """A company's cart as an order would be made of it; `is_locking` holds its rows until the transaction ends."""
    policy = current_policy(session)
    rows = _cart(session, customer_id, is_locking=is_locking)
    sold = [row for row in rows if row.state is BundleState.PUBLISHED and row.version_id is not None]
    blocks = _blocks(session, [row.version_id for row in sold])
    counts = _counts(session, customer_id, sold, blocks, is_exact=not is_locking)
    lines = tuple(
        _line(row, blocks=blocks[row.version_id], available_count=count)
        for row, count in zip(sold, counts, strict=True)
    )
    goods_net_cents = sum(line.priced.net_cents for line in lines)
    effort_level = rows[0].effort_level if rows else EffortLevel.NORMAL
    return Checkout(
        lines=lines,
        totals=price_order(
            [line.priced for line in lines],
            charges=order_charges(policy, goods_net_cents=goods_net_cents, effort_level=effort_level),
            missing_cents=missing_value(policy, goods_net_cents),
        ),
        promise=promise_of(
            [line.lead_time_days for line in lines], policy=policy, calendar=calendar, now=now
        ),
        terms=_terms(session),
        has_retired=len(sold) < len(rows),
    )


def promise_of(lead_times_days: list[int], *, policy: Policy, calendar: Calendar, now: datetime) -> Promise:
    """The promise for blocks with these lead times at the main brand: the slowest decides."""
    return delivery_promise(
        policy, calendar, ordered_at=now, main_brand_lead_time_days=max(lead_times_days, default=0)
    )


def lead_time_of_order(session: Session, order_id: int) -> int:
    """The longest of the lead times that the blocks of an order had or have at the main brand, in working days."""
    longest = session.exec(
        select(func.max(lead_time_today()))
        .select_from(BundleItem)
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleItem.bundle_version_id))
        .where(col(OrderLine.order_id) == order_id)
    ).one()
    return longest or 0


def has_kept_out_blocks(session: Session, order_id: int) -> bool:
    """Whether a block of an order is dangerous or restricted by now: the shop must not send it."""
    kept_out = (
        select(Block.id)
        .join(BundleItem, col(BundleItem.block_id) == col(Block.id))
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleItem.bundle_version_id))
        .where(col(OrderLine.order_id) == order_id, or_(col(Block.is_hazardous), col(Block.is_restricted)))
    )
    return session.exec(kept_out.limit(1)).first() is not None


def names_of_versions(session: Session, version_ids: list[int], *, language: str) -> dict[int, str]:
    """The bundles' names by version id."""
    name = BundleVersion.name_de if language == "de" else BundleVersion.name_en
    rows = session.exec(select(BundleVersion.id, name).where(col(BundleVersion.id).in_(version_ids)))
    return {version_id: text for version_id, text in rows if version_id is not None}


def home_address(session: Session, customer_id: int) -> dict[str, str]:
    """A company's own address by field name: where a delivery goes unless it says otherwise."""
    customer = session.get_one(Customer, customer_id)
    names = ("company_name", "street", "postal_code", "city", "country")
    return {name: getattr(customer, name) for name in names}


def _cart(session: Session, customer_id: int, *, is_locking: bool) -> list[Any]:
    """The cart's lines with what is sold now, as plain rows: a bundle's long texts are not asked for."""
    query: Any = (
        select(  # type: ignore[call-overload]
            CartLine.bundle_id,
            CartLine.quantity,
            Bundle.state,
            BundleVersion.id.label("version_id"),  # type: ignore[union-attr]
            BundleVersion.name_de,
            BundleVersion.name_en,
            BundleVersion.price_cents,
            BundleVersion.minimum_quantity,
            BundleVersion.order_step,
            BundleVersion.maximum_quantity,
            Customer.effort_level,
        )
        .join(Customer, col(Customer.id) == col(CartLine.customer_id))
        .join(Bundle, col(Bundle.id) == col(CartLine.bundle_id))
        .outerjoin(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .where(col(CartLine.customer_id) == customer_id)
        .order_by(col(CartLine.id))
    )
    if is_locking:
        query = query.with_for_update(of=CartLine)
    return list(session.execute(query))


def _counts(
    session: Session,
    customer_id: int,
    sold: list[Any],
    blocks: dict[int, list[Any]],
    *,
    is_exact: bool,
) -> list[int | None]:
    """How many of each line can be ordered. Only `is_exact` always counts what own unpaid orders hold; else it
    is asked only where there would be too little without.
    """
    wanted = [Wanted("", row.quantity, _needs(blocks[row.version_id])) for row in sold]
    rows = [row for of_version in blocks.values() for row in of_version]
    free = free_of_blocks(rows)
    counts = sellable_counts(wanted, free)
    is_short = any(
        count is not None and count < line.quantity for line, count in zip(wanted, counts, strict=True)
    )
    if free and (is_exact or is_short):
        counts = sellable_counts(wanted, free_of_blocks(rows, own=own_held(session, customer_id)))
    return counts


def _line(row: Any, *, blocks: list[Any], available_count: int | None) -> CheckoutLine:
    rule = rule_of(row, available_count=available_count)
    parts = tuple(
        RatePart(block.vat_rate_bp, block.quantity_milli * block.reference_price_cents) for block in blocks
    )
    return CheckoutLine(
        bundle_id=row.bundle_id,
        bundle_version_id=row.version_id,
        name_de=row.name_de,
        name_en=row.name_en,
        priced=PricedLine(row.quantity, row.price_cents, parts),
        lead_time_days=max(block.lead_time_days for block in blocks),
        rule=rule,
        problem=check_quantity(row.quantity, rule),
        needs=_needs(blocks),
    )


def _needs(blocks: list[Any]) -> tuple[Need, ...]:
    return tuple(Need(block.block_id, block.quantity_milli) for block in blocks)


def _blocks(session: Session, version_ids: list[int]) -> dict[int, list[Any]]:
    """For each version its blocks in their order: rates and weights, lead time, and their stock now."""
    rows = session.execute(
        select(  # type: ignore[call-overload]
            BundleItem.bundle_version_id,
            BundleItem.block_id,
            BundleItem.quantity_milli,
            BundleItem.vat_rate_bp,
            BundleItem.reference_price_cents,
            lead_time_today().label("lead_time_days"),
            Block.is_made_to_order,
            Block.stock_milli,
            Block.reserved_milli,
        )
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(BundleItem.bundle_version_id).in_(version_ids))
        .order_by(BundleItem.id)
    )
    found: dict[int, list[Any]] = {version_id: [] for version_id in version_ids}
    for row in rows:
        found[row.bundle_version_id].append(row)
    return found


def _terms(session: Session) -> Terms | None:
    query = select(TermsVersion.id, TermsVersion.name).order_by(col(TermsVersion.id).desc()).limit(1)
    row = session.exec(query).first()
    return Terms(row[0], row[1]) if row and row[0] is not None else None
